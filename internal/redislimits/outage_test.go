package redislimits_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/internal/redislimits"
	"portico/internal/redislimits/redistest"
)

// slack is what a busy machine may add to a timeout.
const slack = 5 * time.Second

// Redis ends while 64 clients ask three nodes: all are answered, in time, and
// no node passes more than the limit.
func TestRedisStopsInTheMiddle(t *testing.T) {
	server := redistest.New(t)
	nodes := []*node{newNode(t, server.URL(), time.Second), newNode(t, server.URL(), time.Second), newNode(t, server.URL(), time.Second)}
	common := ask()
	const limit = 300
	common.AppRate = slow(limit)
	common.Quota = limits.Quota{Limit: limit, Per: access.PerMonth}
	passed := make([]atomic.Int64, len(nodes))
	var calls, local atomic.Int64
	var once sync.Once
	stopped := make(chan struct{})
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			a := *common
			for range 60 {
				if calls.Add(1) == 200 {
					once.Do(func() {
						server.Stop()
						close(stopped)
					})
				}
				began := time.Now()
				got := nodes[i%3].loaded(&a, 0)
				if took := time.Since(began); took > 2*time.Second+slack {
					t.Errorf("answered after %v", took)
				}
				if got.Outcome == limits.Passed {
					passed[i%3].Add(1)
				}
				if got.Local {
					local.Add(1)
				}
			}
		})
	}
	wait.Wait()
	<-stopped
	for i := range passed {
		if n := passed[i].Load(); n > limit || n == 0 {
			t.Errorf("node %d let %d of %d pass", i, n, limit)
		}
		got := nodes[i].take(common)
		want(t, "local", got.Local, true)
		if got.Outcome == limits.Passed {
			t.Errorf("node %d has something left: %+v", i, got)
		}
	}
	if local.Load() == 0 {
		t.Error("no answer was marked local")
	}
}

// A Redis that says nothing costs one timeout, then a pause without any.
func TestASilentRedisIsLeftAlone(t *testing.T) {
	server := redistest.New(t)
	n, a := newNode(t, server.URL(), 100*time.Millisecond), ask()
	a.KeyRate = slow(10)
	warm(t, n, a)
	server.Freeze()
	began := time.Now()
	got := n.take(a)
	if took := time.Since(began); took < 100*time.Millisecond || took > 100*time.Millisecond+slack {
		t.Errorf("answered after %v", took)
	}
	want(t, "local", got.Local, true)
	count := &counter{}
	n.client.AddHook(count)
	for range 5 {
		want(t, "local", n.take(a).Local, true)
	}
	want(t, "asked", count.scripts.Load(), int64(0))
	want(t, "told of, once", n.failed.Load(), int64(1))
	want(t, "alone", n.Alone(), true)
	n.pass(redislimits.Pause)
	began = time.Now()
	n.take(a)
	if took := time.Since(began); took > 100*time.Millisecond+slack {
		t.Errorf("a new connection took %v", took)
	}
	n.take(a)
	want(t, "one tries after the pause", count.scripts.Load(), int64(1))
	server.Thaw()
	until(t, n, a, false)
	want(t, "told of, once", n.failed.Load(), int64(1))
	want(t, "and of its return", n.back.Load(), int64(1))
	want(t, "alone", n.Alone(), false)
}

// warm makes one call that Redis answers, whatever the timeout.
func warm(t *testing.T, n *node, a *limits.Ask) {
	t.Helper()
	until(t, n, a, false)
}

// until peeks, a pause apart, until answers are local or no more.
func until(t *testing.T, n *node, a *limits.Ask, local bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); n.peek(a).Local != local; n.pass(redislimits.Pause) {
		if time.Now().After(deadline) {
			t.Fatalf("answers did not become local=%v", local)
		}
	}
}

func TestANodeGoesOnFromWhereRedisWas(t *testing.T) {
	server := redistest.New(t)
	one, two := newNode(t, server.URL(), time.Second), newNode(t, server.URL(), time.Second)
	a := ask()
	a.KeyRate = slow(20)
	a.Quota = limits.Quota{Limit: 10, Per: access.PerDay}
	for range 3 {
		want(t, "two", two.loaded(a, 0).Outcome, limits.Passed)
		want(t, "one", one.loaded(a, 0).Outcome, limits.Passed)
	}
	server.Stop()
	got := one.take(a)
	want(t, "local", got.Local, true)
	want(t, "6 and 1 are taken", got.Quota.Remaining, int64(3))
	want(t, "of the rate too", got.Rate.Remaining, int64(13))
	want(t, "told of", one.failed.Load(), int64(1))

	// Redis is back, empty: the quota does not start again, and it is shared again.
	server.Restart()
	until(t, one, a, false)
	got = one.take(a)
	want(t, "one goes on", got.Quota.Remaining, int64(2))
	want(t, "its rate too", got.Rate.Remaining, int64(12))
	until(t, two, a, false)
	got = two.take(a)
	want(t, "two knows", got.Quota.Remaining, int64(1))
	want(t, "not local", got.Local, false)
	want(t, "the last", one.take(a).Outcome, limits.Passed)
	want(t, "two", two.take(a).Outcome, limits.QuotaExceeded)
	want(t, "one", one.take(a).Outcome, limits.QuotaExceeded)
}

// A node that has not read the database for a while does so before it writes its
// count into a flushed Redis.
func TestAFlushedRedisGivesNoQuotaAnew(t *testing.T) {
	server := redistest.New(t)
	busy, idle := newNode(t, server.URL(), patient), newNode(t, server.URL(), patient)
	a := ask()
	a.Quota = limits.Quota{Limit: 10, Per: access.PerDay}
	idle.loaded(a, 0)
	for range 9 {
		want(t, "busy", busy.loaded(a, 0).Outcome, limits.Passed)
	}
	idle.pass(time.Minute)
	if err := idle.client.FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	want(t, "idle asks first", idle.take(a).Outcome, limits.QuotaUnknown)
	want(t, "and is told by the database", idle.loaded(a, 10).Outcome, limits.QuotaExceeded)
	want(t, "busy knows", busy.take(a).Outcome, limits.QuotaExceeded)
}

func TestANewPeriodBeginsAnew(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.Quota = limits.Quota{Limit: 2, Per: access.PerDay}
	a.Cost = 2
	n.loaded(a, 0)
	want(t, "today", n.take(a).Outcome, limits.QuotaExceeded)
	n.pass(12 * time.Hour)
	want(t, "tomorrow is unknown", n.take(a).Outcome, limits.QuotaUnknown)
	want(t, "and empty", n.loaded(a, 0).Outcome, limits.Passed)
	n.clock.Advance(-time.Hour)
	want(t, "the clock set back reopens nothing", n.take(a).Outcome, limits.QuotaExceeded)
	var stored int64
	rows := n.memory.Drain(nil)
	for _, row := range rows {
		stored += row.N
	}
	want(t, "rows", len(rows), 2)
	want(t, "to be stored", stored, int64(4))
}

// The caller may have gone: what Redis took is known here all the same.
func TestACallerThatGivesUpIsNotAFailureOfRedis(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.KeyRate = slow(5)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out limits.Answer
	n.Take(ctx, a, &out)
	want(t, "outcome", out.Outcome, limits.Passed)
	want(t, "local", out.Local, false)
	want(t, "taken", n.peek(a).Rate.Remaining, int64(4))
}

// Another's value under our name is a failure like any other.
func TestNonsenseInRedisFallsBack(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.KeyRate = slow(5)
	n.take(a)
	ctx := context.Background()
	for _, key := range n.client.Keys(ctx, "*").Val() {
		if err := n.client.Set(ctx, key, "nonsense", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	got := n.take(a)
	want(t, "local", got.Local, true)
	want(t, "goes on", got.Rate.Remaining, int64(3))
}

func TestNoLimitsNeedNoRedis(t *testing.T) {
	n := newNode(t, "redis://127.0.0.1:1/0", time.Second)
	want(t, "answer", n.take(ask()), limits.Answer{Outcome: limits.Passed})
}

func TestOpenNeverShowsTheURL(t *testing.T) {
	for _, url := range []string{"redis://user:hunter2@host:port/0", "http://:hunter2@host", "hunter2", "redis://:hunter2@host/x", ""} {
		_, err := redislimits.Open(url, 0)
		if err == nil {
			t.Errorf("%q was taken", url)
			continue
		}
		for ; err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
		}
	}
}

func BenchmarkTake(b *testing.B) {
	url, _ := redistest.Start(b)
	n, a := newNode(b, url, patient), ask()
	a.KeyRate = limits.Rate{Limit: 1_000_000, Per: time.Second, Burst: 1_000_000}
	a.AppRate = a.KeyRate
	a.Quota = limits.Quota{Limit: 1 << 50, Per: access.PerMonth}
	n.loaded(a, 0)
	b.ReportAllocs()
	for b.Loop() {
		n.take(a)
	}
}
