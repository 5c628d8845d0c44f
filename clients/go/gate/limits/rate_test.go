package limits_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

func TestRateOf(t *testing.T) {
	want(t, "nil", limits.RateOf(nil), limits.Rate{})
	want(t, "nil is none", limits.RateOf(nil).None(), true)
	want(t, "minute", limits.RateOf(&access.RateLimit{Limit: 6, Per: access.PerMinute, Burst: 2}), limits.Rate{Limit: 6, Per: time.Minute, Burst: 2})
	want(t, "second", limits.RateOf(&access.RateLimit{Limit: 6, Per: access.PerSecond}), limits.Rate{Limit: 6, Per: time.Second, Burst: 6})
	want(t, "hour", limits.RateOf(&access.RateLimit{Limit: 6, Per: access.PerHour}), limits.Rate{Limit: 6, Per: time.Hour, Burst: 6})
}

func TestBurstThenRate(t *testing.T) {
	w, a := newFixture(0), ask()
	a.KeyRate = limits.Rate{Limit: 3, Per: time.Second, Burst: 5}
	for left := int64(4); left >= 0; left-- {
		got := w.take(a)
		want(t, "outcome", got.Outcome, limits.Passed)
		want(t, "limit", got.Rate.Limit, int64(3))
		want(t, "per", got.Rate.Per, time.Second)
		want(t, "remaining", got.Rate.Remaining, left)
		// A third of a second for each call taken, rounded up.
		taken := 5 - left
		want(t, "reset", got.Rate.ResetAt, noon().Add(time.Duration((taken*1_000_000+2)/3)*time.Microsecond))
	}
	got := w.take(a)
	want(t, "the sixth", got.Outcome, limits.RateExceeded)
	want(t, "retry after", got.RetryAfter, 333_334*time.Microsecond)
	want(t, "no quota", got.Quota, limits.Window{})
	w.pass(got.RetryAfter - time.Microsecond)
	want(t, "a microsecond too early", w.take(a).Outcome, limits.RateExceeded)
	w.pass(time.Microsecond)
	want(t, "in time", w.take(a).Outcome, limits.Passed)
	w.pass(time.Hour)
	want(t, "refilled, not more than the burst", w.peek(a).Rate.Remaining, int64(5))
}

func TestCostBeyondBurstIsAlwaysRefused(t *testing.T) {
	w, a := newFixture(0), ask()
	a.AppRate = limits.Rate{Limit: 10, Per: time.Second, Burst: 5}
	a.Cost = 6
	got := w.take(a)
	want(t, "outcome", got.Outcome, limits.RateExceeded)
	want(t, "never", got.RetryAfter, time.Duration(0))
	want(t, "nothing consumed", got.Rate.Remaining, int64(5))
	a.Cost = math.MaxInt64
	want(t, "a huge cost", w.take(a).Outcome, limits.RateExceeded)
	a.Cost = 5
	want(t, "the whole burst", w.take(a).Outcome, limits.Passed)
	a.Cost = math.MinInt64
	want(t, "a negative cost gives nothing back", w.take(a).Outcome, limits.RateExceeded)
	w.pass(100 * time.Millisecond)
	a.Cost = 0
	want(t, "a cost of zero is one", w.take(a).Outcome, limits.Passed)
	want(t, "nothing is left of it", w.take(a).Outcome, limits.RateExceeded)
}

func TestRefusalConsumesNothing(t *testing.T) {
	w, a := newFixture(0), ask()
	a.KeyRate = limits.Rate{Limit: 10, Per: time.Second, Burst: 10}
	a.AppRate = limits.Rate{Limit: 2, Per: time.Minute, Burst: 2}
	a.Quota = limits.Quota{Limit: 100, Per: access.PerDay}
	w.load(a, 0)
	want(t, "not there yet", w.take(a).Outcome, limits.QuotaUnknown)
	w.load(a, 0)
	for range 2 {
		want(t, "within", w.take(a).Outcome, limits.Passed)
	}
	got := w.take(a)
	want(t, "the subscription's rate", got.Outcome, limits.RateExceeded)
	want(t, "its window", got.Rate.Per, time.Minute)
	want(t, "its wait", got.RetryAfter, 30*time.Second)
	want(t, "quota", got.Quota.Remaining, int64(98))
	alone := *a
	alone.AppRate = limits.Rate{}
	want(t, "the key's rate", w.peek(&alone).Rate.Remaining, int64(8))
}

func TestTighterRateIsReturned(t *testing.T) {
	w, a := newFixture(0), ask()
	a.KeyRate = limits.Rate{Limit: 4, Per: time.Second, Burst: 4}
	a.AppRate = limits.Rate{Limit: 9, Per: time.Hour, Burst: 9}
	want(t, "the key's", w.take(a).Rate.Remaining, int64(3))
	other := *a
	other.Key = ask().Key
	for range 7 {
		w.take(&other)
		w.pass(250 * time.Millisecond)
	}
	got := w.take(a)
	want(t, "the subscription's", got.Rate.Remaining, int64(0))
	want(t, "its limit", got.Rate.Limit, int64(9))
	// Both refuse: the longer wait counts.
	a.Cost = 4
	got = w.take(a)
	want(t, "refused", got.Outcome, limits.RateExceeded)
	want(t, "the longer", got.Rate.Limit, int64(9))
}

func TestChangedRateKeepsTheCallsTaken(t *testing.T) {
	w, a := newFixture(0), ask()
	a.AppRate = limits.Rate{Limit: 60, Per: time.Hour, Burst: 60}
	for range 40 {
		w.take(a)
	}
	w.pass(time.Minute) // drains one, by the old rate
	a.AppRate = limits.Rate{Limit: 100, Per: time.Second, Burst: 100}
	want(t, "39 are taken", w.peek(a).Rate.Remaining, int64(61))
	w.pass(390 * time.Millisecond)
	want(t, "and drain by the new rate", w.peek(a).Rate.Remaining, int64(100))
}

// exactGCRA is GCRA in exact fractions: a call conforms if the theoretical arrival time
// is not further ahead than the tolerance.
type exactGCRA struct {
	interval, arrival *big.Rat
	burst             int64
}

func (g *exactGCRA) take(now, cost int64) (passed bool, remaining, wait int64) {
	t := new(big.Rat).SetInt64(now)
	if g.arrival.Cmp(t) < 0 {
		g.arrival.Set(t)
	}
	next := new(big.Rat).Add(g.arrival, new(big.Rat).Mul(g.interval, new(big.Rat).SetInt64(cost)))
	latest := new(big.Rat).Add(t, new(big.Rat).Mul(g.interval, new(big.Rat).SetInt64(g.burst)))
	if next.Cmp(latest) <= 0 {
		g.arrival = next
		passed = true
	} else if cost <= g.burst {
		over := new(big.Rat).Sub(next, latest)
		wait = new(big.Int).Div(new(big.Int).Sub(new(big.Int).Add(over.Num(), over.Denom()), big.NewInt(1)), over.Denom()).Int64()
	}
	free := new(big.Rat).Quo(new(big.Rat).Sub(latest, g.arrival), g.interval)
	return passed, new(big.Int).Div(free.Num(), free.Denom()).Int64(), wait
}

func TestRatesMatchGCRA(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, a := newFixture(0), ask()
		a.KeyRate = limits.Rate{
			Limit: rapid.IntRange(1, 1_000_000).Draw(t, "limit"),
			Per:   rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(t, "per"),
			Burst: rapid.IntRange(1, 1_000_000).Draw(t, "burst"),
		}
		g := &exactGCRA{interval: big.NewRat(a.KeyRate.Per.Microseconds(), int64(a.KeyRate.Limit)), arrival: new(big.Rat), burst: int64(a.KeyRate.Burst)}
		each := int(a.KeyRate.Per.Microseconds() / int64(a.KeyRate.Limit))
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			w.pass(time.Duration(rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 2*each), rapid.IntRange(0, 4_000_000)).Draw(t, "pause")) * time.Microsecond)
			a.Cost = int64(rapid.OneOf(rapid.IntRange(1, 2), rapid.IntRange(1, a.KeyRate.Burst+1)).Draw(t, "cost"))
			passed, remaining, wait := g.take(w.mono.Load()/1000, a.Cost)
			got := w.take(a)
			if (got.Outcome == limits.Passed) != passed || got.Rate.Remaining != remaining || got.RetryAfter.Microseconds() != wait {
				t.Fatalf("%+v; the theory says passed %v, remaining %d, wait %d µs", got, passed, remaining, wait)
			}
		}
	})
}
