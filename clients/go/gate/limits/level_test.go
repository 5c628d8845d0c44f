package limits_test

import (
	"testing"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// A level says how long its period still lasts, and is fresh only if it is known.
func TestLevelOfAPeriod(t *testing.T) {
	w := newFixture(0)
	want(t, "the rest of the day", w.Level(daily(w)).Left, 12*time.Hour)
	a := ask()
	a.Quota = limits.Quota{Limit: 5, Per: access.PerDay}
	l := w.Level(a)
	want(t, "known, fresh", [2]bool{l.Known, l.Fresh}, [2]bool{})
}

// A node follows what a shared store has decided about a subscription's rate, and
// about a quota that the store does not know.
func TestFollowTheRateOfASubscription(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	a.AppRate = limits.Rate{Limit: 10, Per: time.Second, Burst: 10}
	l := w.Level(a)
	l.App, l.Used = 7_000_000, 1
	var out limits.Answer
	w.Follow(a, &l, limits.Passed, true, &out)
	want(t, "debt", w.Level(a).App, limits.Debt(7_000_000))
	want(t, "the rate of the answer", out.Rate.Remaining, int64(3))
	w.Follow(a, &l, limits.RateExceeded, false, &out)
	want(t, "used", w.Level(a).Used, int64(1))

	unknown := ask()
	unknown.Quota = a.Quota
	l = w.Level(unknown)
	w.Follow(unknown, &l, limits.QuotaUnknown, false, &out)
	want(t, "known", w.Level(unknown).Known, false)
}
