package limits_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// together runs f on 64 goroutines concurrently.
func together(f func(n int)) {
	var wait sync.WaitGroup
	for n := range 64 {
		wait.Go(func() { f(n) })
	}
	wait.Wait()
}

func TestLimitsHoldConcurrently(t *testing.T) {
	for name, set := range map[string]func(a *limits.Ask){
		"key":          func(a *limits.Ask) { a.KeyRate = limits.Rate{Limit: 1, Per: time.Hour, Burst: 1000} },
		"subscription": func(a *limits.Ask) { a.AppRate = limits.Rate{Limit: 1, Per: time.Hour, Burst: 1000} },
		"quota":        func(a *limits.Ask) { a.Quota = limits.Quota{Limit: 1000, Per: access.PerMonth} },
	} {
		t.Run(name, func(t *testing.T) {
			w, common := newFixture(0), ask()
			set(common)
			w.take(&limits.Ask{AppCounter: common.AppCounter, Quota: common.Quota, Cost: 1001})
			w.load(common, 0)
			var passed atomic.Int64
			together(func(n int) {
				a := *common
				a.Cost = int64(1 + n%3)
				for range 40 {
					if w.take(&a).Outcome == limits.Passed {
						passed.Add(a.Cost)
					}
				}
				a.Cost = 1
				for range 40 {
					if w.take(&a).Outcome == limits.Passed {
						passed.Add(1)
					}
				}
			})
			want(t, "passed", passed.Load(), int64(1000))
		})
	}
}

// database stores drained rows; when a write fails, its rows wait for the next.
type database struct {
	mu      sync.Mutex
	counts  map[uuid.UUID]map[time.Time]int64
	waiting []limits.Used
}

func (d *database) flush(m *limits.Memory, store bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = m.Drain(d.waiting)
	if !store {
		return
	}
	rows := d.waiting
	d.waiting = nil
	totals := make([]int64, len(rows))
	for i, r := range rows {
		if d.counts[r.AppCounter] == nil {
			d.counts[r.AppCounter] = map[time.Time]int64{}
		}
		d.counts[r.AppCounter][r.PeriodStart] += r.N
		totals[i] = d.counts[r.AppCounter][r.PeriodStart]
	}
	m.Settle(rows, totals)
}

func (d *database) read(subscription uuid.UUID, start time.Time) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts[subscription][start]
}

func (d *database) total(subscription uuid.UUID) (n int64) {
	for _, c := range d.counts[subscription] {
		n += c
	}
	return n
}

// While 64 goroutines take, one flushes and fails at times, days pass and states are
// evicted. In the end the database has counted each call that passed, and no day has
// more than the quota.
func TestEveryUnitIsStoredOnce(t *testing.T) {
	w := newFixture(64) // so few that states are evicted
	d := &database{counts: map[uuid.UUID]map[time.Time]int64{}}
	const subscriptions, limit = 300, 25
	asks := make([]*limits.Ask, subscriptions)
	passed := make([]atomic.Int64, subscriptions)
	for i := range asks {
		asks[i] = ask()
		asks[i].Quota = limits.Quota{Limit: limit, Per: access.PerDay}
	}
	stop := flushAndPass(w, d)
	together(func(n int) {
		random := rand.New(rand.NewPCG(1, uint64(n)))
		for range 2000 {
			i := random.IntN(subscriptions)
			a := *asks[i]
			a.Cost = int64(1 + random.IntN(3))
			got := w.take(&a)
			if got.Outcome == limits.QuotaUnknown {
				start, _ := a.Quota.Period(w.clock.Now(), nil)
				w.Load(a.AppCounter, start, d.read(a.AppCounter, start))
				got = w.take(&a)
			}
			if got.Outcome == limits.Passed {
				passed[i].Add(a.Cost)
			}
		}
	})
	stop()
	d.flush(w.Memory, true)
	var all int64
	for i, a := range asks {
		all += passed[i].Load()
		if got := d.total(a.AppCounter); got != passed[i].Load() {
			t.Errorf("%d units passed and %d are stored", passed[i].Load(), got)
		}
		for start, n := range d.counts[a.AppCounter] {
			if n > limit {
				t.Errorf("%d of %d passed on %v", n, limit, start)
			}
		}
	}
	if all == 0 {
		t.Error("nothing passed at all")
	}
}

// In any order of takes, flushes, failures, other nodes' calls, days and clocks set
// back, the stored units equal those taken.
func TestSumsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, a := newFixture(2), ask()
		a.Quota = limits.Quota{Limit: 20, Per: access.PerDay}
		d := &database{counts: map[uuid.UUID]map[time.Time]int64{}}
		var passed int64
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				a.Cost = int64(rapid.IntRange(1, 6).Draw(t, "cost"))
				switch w.take(a).Outcome {
				case limits.Passed:
					passed += a.Cost
				case limits.QuotaUnknown:
					start := w.Level(a).Start
					w.Load(a.AppCounter, start, d.counts[a.AppCounter][start])
				}
			},
			"flush": func(t *rapid.T) { d.flush(w.Memory, rapid.Bool().Draw(t, "stored")) },
			"wait":  func(t *rapid.T) { w.pass(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour) },
			"back": func(t *rapid.T) {
				w.clock.Advance(-time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour)
			},
			"others": func(*rapid.T) { // whose states evict ours, if they can
				for range 8 {
					other := ask()
					other.AppCounter[15] = a.AppCounter[15]
					other.AppRate = limits.Rate{Limit: 1, Per: time.Second, Burst: 1}
					w.peek(other)
				}
			},
			"": func(t *rapid.T) {
				for start, n := range d.counts[a.AppCounter] {
					if n > 20 {
						t.Fatalf("%d passed in the period from %v", n, start)
					}
				}
			},
		})
		d.flush(w.Memory, true)
		if got := d.total(a.AppCounter); got != passed {
			t.Fatalf("%d units passed, %d are stored", passed, got)
		}
		for start, n := range d.counts[a.AppCounter] {
			if n > 20 {
				t.Fatalf("%d passed in the period from %v", n, start)
			}
		}
	})
}

func TestStatesAreBounded(t *testing.T) {
	w := newFixture(2048)
	for range 50_000 {
		a := ask()
		a.KeyRate = limits.Rate{Limit: 1000, Per: time.Second, Burst: 1}
		a.AppRate = a.KeyRate
		w.take(a)
		w.pass(time.Millisecond)
	}
	// Rounded up for each shard.
	if got := w.Size(); got > 2*2048 {
		t.Errorf("%d states are kept, of 2048 allowed", got)
	}
}

// Load keeps no count of a subscription that has made no call.
func TestLoadCreatesNoState(t *testing.T) {
	w, a := newFixture(0), ask()
	a.Quota = limits.Quota{Limit: 1, Per: access.PerDay}
	w.load(a, 1)
	w.Settle([]limits.Used{{Organization: a.Organization, AppCounter: a.AppCounter, PeriodStart: noon(), N: 1}}, []int64{1})
	want(t, "states", w.Size(), 0)
}

func TestStatesInUseAreNotEvicted(t *testing.T) {
	w := newFixture(1)
	asks := make([]*limits.Ask, 2000)
	for i := range asks {
		asks[i] = ask()
		asks[i].KeyRate = limits.Rate{Limit: 1, Per: time.Minute, Burst: 1}
		asks[i].Quota = limits.Quota{Limit: 1, Per: access.PerDay}
		w.take(asks[i])
		w.load(asks[i], 0)
		want(t, "outcome", w.take(asks[i]).Outcome, limits.Passed)
	}
	for _, a := range asks {
		if got := w.take(a).Outcome; got != limits.RateExceeded {
			t.Fatalf("a second call: %v", got)
		}
	}
	want(t, "pending", sum(w.Drain(nil)), int64(len(asks)))
	w.pass(time.Minute)
	a := *asks[0]
	want(t, "what is in flight stays too", w.take(&a).Outcome, limits.QuotaExceeded)
}

// Journaled units are not yet part of the database's counts: they must not be dropped
// before they are.
func TestJournaledCountsAreNotEvicted(t *testing.T) {
	w := newFixture(1)
	a := daily(w)
	a.Cost = 6
	want(t, "first", w.take(a).Outcome, limits.Passed)
	w.Journal(w.Drain(nil))
	crowd := func() {
		w.pass(time.Minute)
		for range 100 * 64 { // until every shard has tried to evict
			daily(w)
			w.Settle(w.Drain(nil), nil)
		}
	}
	crowd()
	want(t, "it is remembered", w.take(a).Outcome, limits.QuotaExceeded)
	mark := w.Mark()
	w.pass(time.Second)
	w.Folded(mark)
	crowd()
	want(t, "it is read again", w.peek(a).Outcome, limits.QuotaUnknown)
	w.load(a, 6) // which the database knows now
	want(t, "left", w.peek(a).Quota.Remaining, int64(4))

	w.take(a) // refused: nothing is taken
	a.Cost = 1
	w.take(a)
	w.Journal(w.Drain(nil))
	w.Folded(mark) // which was before
	crowd()
	want(t, "and what came later is too", w.peek(a).Quota.Remaining, int64(3))
}

// Return refunds the cost to both rate limits, and no more than that.
func TestReturnRefundsTheRates(t *testing.T) {
	w, a := newFixture(0), ask()
	a.KeyRate, a.AppRate = limits.Rate{Limit: 1, Per: time.Hour, Burst: 3}, limits.Rate{Limit: 1, Per: time.Minute, Burst: 4}
	for range 3 {
		w.take(a)
	}
	want(t, "outcome", w.take(a).Outcome, limits.RateExceeded)
	w.Return(a)
	want(t, "outcome", w.take(a).Outcome, limits.Passed)
	want(t, "outcome", w.take(a).Outcome, limits.RateExceeded)
	other := *a
	other.Key = uuid.New()
	want(t, "the subscription", w.take(&other).Outcome, limits.Passed)
	want(t, "the subscription", w.take(&other).Outcome, limits.RateExceeded)
	w.pass(24 * time.Hour)
	w.Return(a) // time has drained the bucket already
	a.Cost = 4
	want(t, "more than fits", w.take(a).Outcome, limits.RateExceeded)
	a.Cost = 3
	want(t, "all that fits", w.take(a).Outcome, limits.Passed)
	idle := ask()
	idle.KeyRate = a.KeyRate
	w.Return(idle)
	want(t, "of a caller who took nothing", w.peek(idle).Rate.Remaining, int64(3))
}
