package redislimits_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/internal/redislimits/redistest"
)

// apps are questions of apps of one account that share a quota.
func apps(n int, quota limits.Quota) (all []*limits.Ask) {
	common := ask()
	common.Quota, common.PerAccount = quota, true
	common.AccountCounter = limits.ByAccount(uuid.New(), uuid.New(), quota.Per)
	for range n {
		a := *common
		a.Key, a.AppCounter = uuid.New(), uuid.New()
		all = append(all, &a)
	}
	return all
}

// loadedFor is loaded, by what binds the quota.
func (n *node) loadedFor(a *limits.Ask, used int64) limits.Answer {
	out := n.take(a)
	if out.Outcome == limits.QuotaUnknown {
		start, _ := a.Quota.Period(n.clock.Now(), a.Location)
		n.memory.Load(a.QuotaCounter(), start, used)
		out = n.take(a)
	}
	return out
}

func TestTwoNodesShareAnAccountsQuota(t *testing.T) {
	url, _ := redistest.Start(t)
	one, two := newNode(t, url, patient), newNode(t, url, patient)
	a := apps(3, limits.Quota{Limit: 6, Per: access.PerMonth})
	a[0].AppRate, a[1].AppRate = slow(2), slow(3)
	for range 2 {
		want(t, "an app at one", one.loadedFor(a[0], 0).Outcome, limits.Passed)
		want(t, "another at two", two.loadedFor(a[1], 0).Outcome, limits.Passed)
	}
	want(t, "too fast", one.take(a[0]).Outcome, limits.RateExceeded)
	want(t, "the other app's rate is its own", two.take(a[1]).Quota.Remaining, int64(1))
	want(t, "a third app, the last call", one.take(a[2]).Outcome, limits.Passed)
	for _, n := range []*node{one, two} {
		got := n.take(a[2])
		want(t, "used up", got.Outcome, limits.QuotaExceeded)
		want(t, "not local", got.Local, false)
	}
	stored := map[uuid.UUID]int64{}
	for _, n := range []*node{one, two} {
		for _, u := range n.memory.Drain(nil) {
			want(t, "whose", u.AccountCounter, a[0].AccountCounter)
			stored[u.AppCounter] += u.N
		}
	}
	for i, n := range []int64{2, 3, 1} {
		want(t, "to be stored", stored[a[i].AppCounter], n)
	}
	tag := "{" + a[0].Organization.String() + "}"
	for _, key := range one.client.Keys(t.Context(), "*").Val() {
		if !strings.HasPrefix(key, "portico:"+tag) {
			t.Errorf("%s may be on another node of a cluster", key)
		}
	}
}

// Without Redis each node goes on with what the account has used, whichever app
// asks; the shared count has it when Redis is back.
func TestAnAccountsQuotaInAnOutage(t *testing.T) {
	server := redistest.New(t)
	one, two := newNode(t, server.URL(), time.Second), newNode(t, server.URL(), time.Second)
	a := apps(2, limits.Quota{Limit: 8, Per: access.PerDay})
	for _, n := range []*node{one, two} {
		for _, app := range a {
			want(t, "shared", n.loadedFor(app, 0).Outcome, limits.Passed)
		}
	}
	want(t, "shared", one.take(a[0]).Quota.Remaining, int64(3))
	server.Freeze()
	got := one.take(a[1])
	want(t, "local", got.Local, true)
	want(t, "left", got.Quota.Remaining, int64(2))
	server.Thaw()
	until(t, one, a[0], false)
	want(t, "one pays", one.take(a[0]).Quota.Remaining, int64(1))
	until(t, two, a[0], false)
	want(t, "so does two", two.take(a[1]).Quota.Remaining, int64(0))
	want(t, "one", one.take(a[1]).Outcome, limits.QuotaExceeded)
}

// An app that registers again, by another plan, goes on at every node.
func TestRegisteringAgainAtAnotherNode(t *testing.T) {
	url, _ := redistest.Start(t)
	one, two := newNode(t, url, patient), newNode(t, url, patient)
	app, product := uuid.New(), uuid.New()
	a := ask()
	a.AppCounter = limits.ByApp(app, product)
	a.AppRate, a.Quota = slow(5), limits.Quota{Limit: 4, Per: access.PerMonth}
	for range 4 {
		want(t, "within", one.loaded(a, 0).Outcome, limits.Passed)
	}
	again := ask()
	again.Organization, again.AppCounter = a.Organization, limits.ByApp(app, product)
	again.AppRate, again.Quota = slow(5), limits.Quota{Limit: 5, Per: access.PerMonth}
	want(t, "the larger plan's last", two.loaded(again, 0).Quota.Remaining, int64(0))
	again.Quota.Limit = 100
	want(t, "the rate goes on, too", two.take(again).Outcome, limits.RateExceeded)
}
