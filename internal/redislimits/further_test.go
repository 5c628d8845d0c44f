package redislimits_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/internal/redislimits/redistest"
)

// limited returns a call with a limit of its endpoint and a spending cap.
func limited(quota, calls int64) *limits.Ask {
	a := ask()
	a.Further[limits.OfEndpoint] = limits.Counted{Counter: limits.ByEndpoint(a.AppCounter, uuid.New()), Rate: slow(1000), Quota: limits.Quota{Limit: quota, Per: access.PerDay}}
	a.Further[limits.OfSpending] = limits.Counted{Counter: limits.BySpending(a.AppCounter), Quota: limits.Quota{Limit: calls, Per: access.PerMonth}, Single: true}
	return a
}

// loadedAll takes like the gateway: unknown quotas are loaded, then asked again.
func (n *node) loadedAll(a *limits.Ask) limits.Answer {
	out := n.take(a)
	if out.Outcome == limits.QuotaUnknown {
		loadAll(n.memory, n, a, 0)
		out = n.take(a)
	}
	return out
}

// 64 clients on two nodes pass exactly as many calls as the tightest limit allows.
func TestFurtherLimitsOfTwoNodes(t *testing.T) {
	url, _ := redistest.Start(t)
	nodes := []*node{newNode(t, url, patient), newNode(t, url, patient)}
	common := limited(10, 12)
	race := func(set func(*limits.Ask)) int64 {
		var passed atomic.Int64
		var wait sync.WaitGroup
		for i := range 64 {
			wait.Go(func() {
				a := *common
				set(&a)
				if nodes[i%2].loadedAll(&a).Outcome == limits.Passed {
					passed.Add(1)
				}
			})
		}
		wait.Wait()
		return passed.Load()
	}
	want(t, "calls of the endpoint", race(func(*limits.Ask) {}), int64(10))
	want(t, "calls of others", race(func(a *limits.Ask) { a.Further[limits.OfEndpoint] = limits.Counted{} }), int64(2))
	stored := map[uuid.UUID]int64{}
	for _, n := range nodes {
		for _, u := range n.memory.Drain(nil) {
			stored[u.AppCounter] += u.N
		}
	}
	want(t, "the endpoint's to be stored", stored[common.Further[limits.OfEndpoint].Counter], int64(10))
	want(t, "the month's to be stored", stored[common.Further[limits.OfSpending].Counter], int64(12))
}

// Without Redis, and after it has lost everything, no further limit begins anew.
func TestFurtherLimitsAfterAFlush(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), limited(3, 10)
	for range 2 {
		want(t, "outcome", n.loadedAll(a).Outcome, limits.Passed)
	}
	if err := n.client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	n.pass(time.Minute) // what was loaded is old: it is loaded again
	want(t, "lost", n.take(a).Outcome, limits.QuotaUnknown)
	want(t, "the third", n.loadedAll(a).Outcome, limits.Passed)
	want(t, "the fourth", n.take(a).Outcome, limits.QuotaExceeded)
	tag := "portico:{" + a.Organization.String() + "}"
	keys := n.client.Keys(t.Context(), "*").Val()
	want(t, "values", len(keys), 3)
	for _, key := range keys {
		if !strings.HasPrefix(key, tag) {
			t.Errorf("%s may be on another node of a cluster", key)
		}
		if n.client.PTTL(t.Context(), key).Val() <= 0 {
			t.Errorf("%s does not expire", key)
		}
	}
}
