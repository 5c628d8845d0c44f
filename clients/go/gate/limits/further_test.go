package limits_test

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// endpoint returns a call of an endpoint with limits of its own.
func endpoint(rate limits.Rate, quota limits.Quota) *limits.Ask {
	a := ask()
	a.Further[limits.OfEndpoint] = limits.Counted{Counter: limits.ByEndpoint(a.AppCounter, uuid.New()), Rate: rate, Quota: quota}
	return a
}

// spending returns a call of an app with a spending cap.
func spending(calls int64) *limits.Ask {
	a := ask()
	a.Further[limits.OfSpending] = limits.Counted{Counter: limits.BySpending(a.AppCounter), Quota: monthly(calls), Single: true}
	return a
}

func slowly(burst int) limits.Rate { return limits.Rate{Limit: 1, Per: time.Hour, Burst: burst} }

// loadFurther sets the counts of all further quotas.
func (w *fixture) loadFurther(a *limits.Ask, used int64) {
	for _, c := range a.Further {
		if !c.Quota.None() {
			start, _ := c.Quota.Period(w.clock.Now(), a.Location)
			w.Load(c.Counter, start, used)
		}
	}
}

func TestAnEndpointsRateIsItsOwn(t *testing.T) {
	w, a := newFixture(0), endpoint(slowly(2), limits.Quota{})
	a.AppRate = slowly(10)
	other := *a
	other.Further[limits.OfEndpoint] = limits.Counted{}
	for n := range int64(2) {
		got := w.take(a)
		want(t, "outcome", got.Outcome, limits.Passed)
		want(t, "the tightest", got.Rate.Remaining, 1-n)
		want(t, "whose", got.RateOf, limits.OfPlansEndpoint)
	}
	got := w.take(a)
	want(t, "the third", got.Outcome, limits.RateExceeded)
	want(t, "refused by", got.RateOf, limits.OfPlansEndpoint)
	want(t, "until", got.RetryAfter, time.Hour)
	got = w.take(&other)
	want(t, "another endpoint", got.Outcome, limits.Passed)
	want(t, "the refused took nothing of the plan's", got.Rate.Remaining, int64(7))
	want(t, "whose", got.RateOf, limits.OfPlan)
	w.Return(a)
	want(t, "returned", w.take(a).Outcome, limits.Passed)
}

func TestAnEndpointsQuota(t *testing.T) {
	w, a := newFixture(0), endpoint(limits.Rate{}, limits.Quota{Limit: 2, Per: access.PerDay})
	a.Quota = monthly(3)
	want(t, "not known", w.take(a).Outcome, limits.QuotaUnknown)
	w.load(a, 0)
	want(t, "the endpoint's not known", w.take(a).Outcome, limits.QuotaUnknown)
	w.loadFurther(a, 1)
	got := w.take(a)
	want(t, "outcome", got.Outcome, limits.Passed)
	want(t, "counts", got.Used, [3]int64{1, 2, 0})
	got = w.take(a)
	want(t, "outcome", got.Outcome, limits.QuotaExceeded)
	want(t, "refused by", got.QuotaOf, limits.OfPlansEndpoint)
	want(t, "until midnight", got.RetryAfter, 12*time.Hour)
	want(t, "the refused took nothing", got.Used, [3]int64{1, 2, 0})
	w.pass(12 * time.Hour)
	want(t, "the next day", w.take(a).Outcome, limits.QuotaUnknown)
	w.loadFurther(a, 0)
	want(t, "loaded", w.take(a).Outcome, limits.Passed)
	got = w.take(a)
	want(t, "the tightest", got.QuotaOf, limits.OfPlan)
	got = w.take(a)
	want(t, "both refuse, the plan's for longer", got.QuotaOf, limits.OfPlan)
	rows := map[uuid.UUID]int64{}
	for _, u := range w.Drain(nil) {
		rows[u.AppCounter] += u.N
		want(t, "account", u.AccountCounter, uuid.Nil)
	}
	want(t, "the plan's to be stored", rows[a.AppCounter], int64(3))
	want(t, "the endpoint's to be stored", rows[a.Further[limits.OfEndpoint].Counter], int64(3))
}

// A quota that goes on is counted and refuses nothing.
func TestAQuotaThatContinues(t *testing.T) {
	w, a := newFixture(0), ask()
	a.Quota, a.Continue = monthly(2), true
	want(t, "not known", w.take(a).Outcome, limits.QuotaUnknown)
	w.load(a, 0)
	for n := range int64(5) {
		got := w.take(a)
		want(t, "outcome", got.Outcome, limits.Passed)
		want(t, "left", got.Quota.Remaining, max(0, 1-n))
		want(t, "counted", got.Used[0], n+1)
	}
	a.Continue = false
	want(t, "refuses again", w.take(a).Outcome, limits.QuotaExceeded)
}

// A cap counts calls, not their cost, since a call costs what the price says.
func TestASpendingCapCountsCalls(t *testing.T) {
	w, a := newFixture(0), spending(3)
	a.Quota, a.Continue, a.Cost = monthly(4), true, 5
	w.take(a)
	w.load(a, 0)
	w.loadFurther(a, 0)
	for range 3 {
		want(t, "outcome", w.take(a).Outcome, limits.Passed)
	}
	got := w.take(a)
	want(t, "the fourth", got.Outcome, limits.QuotaExceeded)
	want(t, "refused by", got.QuotaOf, limits.OfPlansSpending)
	want(t, "counts", got.Used, [3]int64{15, 0, 3})
	want(t, "until the next month", got.RetryAfter, 13*24*time.Hour+12*time.Hour)
}

// Each call passes if a simple model of all limits has room in each, and only then
// something is taken.
func TestFurtherLimitsAreAllOrNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		w, a := newFixture(0), endpoint(slowly(1+random.IntN(12)), monthly(1+random.Int64N(12)))
		a.Further[limits.OfSpending] = spending(1 + random.Int64N(12)).Further[limits.OfSpending]
		a.KeyRate, a.AppRate, a.Quota = slowly(1+random.IntN(12)), slowly(1+random.IntN(12)), monthly(1+random.Int64N(12))
		a.Continue = random.IntN(3) == 0
		w.take(a)
		w.load(a, 0)
		w.loadFurther(a, 0)
		var taken, calls int64
		for range 8 {
			a.Cost = 1 + random.Int64N(4)
			f := a.Further
			rates := taken+a.Cost <= min(a.KeyRate.Capacity(), a.AppRate.Capacity(), f[0].Rate.Capacity())
			quotas := taken+a.Cost <= f[0].Quota.Limit && calls < f[1].Quota.Limit && (a.Continue || taken+a.Cost <= a.Quota.Limit)
			expected := limits.Passed
			if !rates {
				expected = limits.RateExceeded
			} else if !quotas {
				expected = limits.QuotaExceeded
			}
			got := w.take(a)
			want(t, "outcome", got.Outcome, expected)
			if got.Outcome == limits.Passed {
				taken, calls = taken+a.Cost, calls+1
			}
			want(t, "counts", got.Used, [3]int64{taken, taken, calls})
		}
	}
}

func TestFurtherLimitsConcurrently(t *testing.T) {
	w, a := newFixture(0), endpoint(limits.Rate{}, monthly(100))
	a.Further[limits.OfSpending] = spending(150).Further[limits.OfSpending]
	w.take(a)
	w.loadFurther(a, 0)
	var passed, others atomic.Int64
	together(func(n int) {
		for range 50 {
			mine := *a
			if n%2 == 0 {
				mine.Further[limits.OfEndpoint] = limits.Counted{}
			}
			if w.take(&mine).Outcome != limits.Passed {
				continue
			}
			if n%2 == 0 {
				others.Add(1)
			} else {
				passed.Add(1)
			}
		}
	})
	if passed.Load() > 100 {
		t.Errorf("%d calls of the endpoint", passed.Load())
	}
	want(t, "all calls", passed.Load()+others.Load(), int64(150))
}

func TestTakeOfFurtherLimitsDoesNotAllocate(t *testing.T) {
	w, a := newFixture(0), endpoint(limits.Rate{Limit: 1, Per: time.Second, Burst: 1 << 30}, monthly(1<<50))
	a.Further[limits.OfSpending] = spending(1 << 50).Further[limits.OfSpending]
	w.take(a)
	w.loadFurther(a, 0)
	var out limits.Answer
	want(t, "allocations", testing.AllocsPerRun(1000, func() { w.Take(context.Background(), a, &out) }), 0.0)
	want(t, "outcome", out.Outcome, limits.Passed)
}
