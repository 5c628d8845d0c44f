package redislimits_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/internal/redislimits/redistest"
)

func TestTwoNodesShareEachLimit(t *testing.T) {
	url, _ := redistest.Start(t)
	one, two := newNode(t, url, patient), newNode(t, url, patient)
	for name, set := range map[string]func(*limits.Ask){
		"key":          func(a *limits.Ask) { a.KeyRate = slow(5) },
		"subscription": func(a *limits.Ask) { a.AppRate = slow(5) },
		"quota":        func(a *limits.Ask) { a.Quota = limits.Quota{Limit: 5, Per: access.PerMonth} },
	} {
		t.Run(name, func(t *testing.T) {
			a := ask()
			set(a)
			a.Cost = 2
			want(t, "one", one.loaded(a, 0).Outcome, limits.Passed)
			got := two.loaded(a, 0)
			want(t, "two", got.Outcome, limits.Passed)
			want(t, "left", got.Rate.Remaining+got.Quota.Remaining, int64(1))
			got = one.take(a)
			if got.Outcome == limits.Passed || got.Local {
				t.Errorf("a third call of cost 2: %+v", got)
			}
			want(t, "nothing consumed", two.peek(a).Rate.Remaining+two.peek(a).Quota.Remaining, int64(1))
			a.Cost = 6
			want(t, "never", one.take(a).RetryAfter, time.Duration(0))
			a.Cost = 1
			want(t, "peek", two.peek(a).Outcome, limits.Passed)
			want(t, "the last", two.take(a).Outcome, limits.Passed)
			if got := two.take(a); got.Outcome == limits.Passed || got.RetryAfter <= 0 {
				t.Errorf("one more: %+v", got)
			}
		})
	}
	want(t, "failures", one.failed.Load()+two.failed.Load(), int64(0))
}

func TestARefusalConsumesNothingOfTheOtherLimits(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.KeyRate, a.AppRate = slow(10), slow(9)
	a.Quota = limits.Quota{Limit: 2, Per: access.PerDay}
	n.loaded(a, 0)
	n.take(a)
	got := n.take(a)
	want(t, "outcome", got.Outcome, limits.QuotaExceeded)
	want(t, "until midnight", got.RetryAfter, 12*time.Hour)
	want(t, "the tighter rate", got.Rate.Remaining, int64(7))
	a.AppRate = limits.Rate{}
	want(t, "the key's", n.peek(a).Rate.Remaining, int64(8))
}

// Redis decides as Memory does: the same calls, the same answers. (Rates that
// do not drain, as Redis has a clock of its own.)
func TestRedisAndMemoryAgree(t *testing.T) {
	url, _ := redistest.Start(t)
	n := newNode(t, url, patient)
	rapid.Check(t, func(t *rapid.T) {
		alone := limits.NewMemory(n.clock, func() time.Duration { return 0 }, 0)
		a := ask()
		rate := func(name string) limits.Rate {
			if burst := rapid.IntRange(0, 12).Draw(t, name); burst > 0 {
				return slow(burst)
			}
			return limits.Rate{}
		}
		a.KeyRate, a.AppRate = rate("key"), rate("subscription")
		a.Quota = limits.Quota{Limit: int64(rapid.IntRange(0, 12).Draw(t, "quota")), Per: access.PerDay}
		a.Continue = rapid.Bool().Draw(t, "continue")
		a.Further[limits.OfEndpoint] = limits.Counted{
			Counter: uuid.New(), Rate: rate("endpoint"), Quota: limits.Quota{Limit: int64(rapid.IntRange(0, 12).Draw(t, "endpoint's quota")), Per: access.PerMonth},
		}
		a.Further[limits.OfSpending] = limits.Counted{
			Counter: uuid.New(), Quota: limits.Quota{Limit: int64(rapid.IntRange(0, 12).Draw(t, "cap")), Per: access.PerMonth}, Single: true,
		}
		for range rapid.IntRange(1, 12).Draw(t, "calls") {
			a.Cost = int64(rapid.IntRange(1, 5).Draw(t, "cost"))
			var theirs, ours limits.Answer
			ask := (*limits.Memory).Take
			shared := n.Take
			if rapid.Bool().Draw(t, "peek") {
				ask, shared = (*limits.Memory).Peek, n.Peek
			}
			ask(alone, context.Background(), a, &ours)
			shared(context.Background(), a, &theirs)
			if ours.Outcome == limits.QuotaUnknown {
				loadAll(alone, n, a, 3)
				loadAll(n.memory, n, a, 3)
			}
			// A call is an hour here; the test takes less of one.
			if theirs.Outcome != ours.Outcome || theirs.Rate.Remaining != ours.Rate.Remaining ||
				theirs.Quota != ours.Quota || theirs.Used != ours.Used || theirs.RateOf != ours.RateOf || theirs.QuotaOf != ours.QuotaOf || theirs.Rate.Limit != ours.Rate.Limit ||
				(theirs.RetryAfter-ours.RetryAfter).Abs() > 10*time.Minute || theirs.Local {
				t.Fatalf("%+v\nRedis:  %+v\nMemory: %+v", a, theirs, ours)
			}
		}
	})
}

// A bucket in Redis drains at its rate, by Redis' clock.
func TestABucketDrains(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.KeyRate = limits.Rate{Limit: 50, Per: time.Second, Burst: 1}
	began := time.Now()
	passed := 0
	for deadline := began.Add(30 * time.Second); passed < 20 && time.Now().Before(deadline); {
		if n.take(a).Outcome == limits.Passed {
			passed++
		}
	}
	want(t, "passed", passed, 20)
	// 19 intervals of 20 ms at the least.
	if took := time.Since(began); took < 380*time.Millisecond {
		t.Errorf("20 calls at 50 a second took %v", took)
	}
}

func TestANewRateKeepsTheCallsTaken(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.KeyRate = limits.Rate{Limit: 1, Per: time.Hour, Burst: 10}
	a.Cost = 4
	n.take(a)
	a.KeyRate = limits.Rate{Limit: 1, Per: time.Minute, Burst: 10}
	a.Cost = 7
	want(t, "7 do not fit", n.take(a).Outcome, limits.RateExceeded)
	a.Cost = 6
	want(t, "6 do", n.take(a).Outcome, limits.Passed)
}

// What another node flushed while Redis was away comes through the database.
func TestTheDatabaseMayKnowMoreThanRedis(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.Quota = limits.Quota{Limit: 10, Per: access.PerDay}
	n.loaded(a, 0)
	n.memory.Settle(n.memory.Drain(nil), []int64{7})
	want(t, "the eighth", n.take(a).Quota.Remaining, int64(2))
	two := newNode(t, url, patient)
	want(t, "and Redis knows", two.loaded(a, 0).Quota.Remaining, int64(1))
}

// A server's clock that is set back neither fills nor drains a bucket.
func TestAServersClockSetBack(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.KeyRate = slow(3)
	n.take(a)
	ctx := context.Background()
	for _, key := range n.client.Keys(ctx, "*").Val() {
		ahead := time.Now().Add(2 * time.Hour).UnixMicro()
		if err := n.client.Set(ctx, key, fmt.Sprintf("%d %d %d", time.Hour.Microseconds(), ahead, time.Hour.Microseconds()), 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for left := int64(1); left >= 0; left-- {
		want(t, "left", n.take(a).Rate.Remaining, left)
	}
	want(t, "a fourth", n.take(a).Outcome, limits.RateExceeded)
}

func TestACallIsOneRoundTrip(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.KeyRate, a.AppRate = slow(1000), slow(1000)
	a.Quota = limits.Quota{Limit: 1000, Per: access.PerDay}
	n.loaded(a, 0) // loads the script
	count := &counter{}
	n.client.AddHook(count)
	for range 100 {
		n.take(a)
	}
	want(t, "commands", count.commands.Load(), int64(100))
	want(t, "scripts", count.scripts.Load(), int64(100))
	want(t, "pipelines", count.pipelines.Load(), int64(0))
	want(t, "left", n.peek(a).Quota.Remaining, int64(899))
}

func TestEveryValueExpires(t *testing.T) {
	url, _ := redistest.Start(t)
	n, a := newNode(t, url, patient), ask()
	a.KeyRate = limits.Rate{Limit: 1, Per: time.Second, Burst: 100}
	a.AppRate = limits.Rate{Limit: 1, Per: time.Minute, Burst: 100}
	a.Quota = limits.Quota{Limit: 1000, Per: access.PerDay}
	a.Cost = 60
	n.loaded(a, 0)
	ctx := context.Background()
	keys, err := n.client.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "keys", len(keys), 3)
	for _, key := range keys {
		// A minute, an hour, the rest of the day and an hour; a bit more each.
		longest := 61 * time.Second
		if strings.Contains(key, ":rate:") {
			longest = time.Hour + time.Second
		} else if strings.Contains(key, ":quota:") {
			longest = 13 * time.Hour
		}
		if left := n.client.PTTL(ctx, key).Val(); left <= longest-time.Minute || left > longest {
			t.Errorf("%s is kept for %v, want almost %v", key, left, longest)
		}
		if !strings.Contains(key, "{"+a.Organization.String()+"}") {
			t.Errorf("%s may be on another node of a cluster", key)
		}
	}
}

// 64 clients on three nodes never pass more than the limit.
func TestManyClientsOnThreeNodes(t *testing.T) {
	url, _ := redistest.Start(t)
	nodes := []*node{newNode(t, url, patient), newNode(t, url, patient), newNode(t, url, patient)}
	for name, set := range map[string]func(*limits.Ask){
		"rate":  func(a *limits.Ask) { a.AppRate = slow(500) },
		"quota": func(a *limits.Ask) { a.Quota = limits.Quota{Limit: 500, Per: access.PerMonth} },
	} {
		t.Run(name, func(t *testing.T) {
			common := ask()
			set(common)
			var passed, local atomic.Int64
			var wait sync.WaitGroup
			for i := range 64 {
				wait.Go(func() {
					a, n := *common, nodes[i%3]
					for range 20 {
						got := n.loaded(&a, 0)
						if got.Local {
							local.Add(1)
						}
						if got.Outcome == limits.Passed {
							passed.Add(1)
						}
					}
				})
			}
			wait.Wait()
			want(t, "passed", passed.Load(), int64(500))
			want(t, "local answers", local.Load(), int64(0))
			var drained int64
			for _, n := range nodes {
				for _, row := range n.memory.Drain(nil) {
					drained += row.N
				}
			}
			if name == "quota" {
				want(t, "to be stored", drained, int64(500))
			}
		})
	}
}
