package limits_test

import (
	"testing"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// daily returns an Ask with a quota of 10 calls a day, loaded.
func daily(w *fixture) *limits.Ask {
	a := ask()
	a.Quota = limits.Quota{Limit: 10, Per: access.PerDay}
	w.take(a)
	w.load(a, 0)
	return a
}

func TestQuotaIsUnknownUntilLoaded(t *testing.T) {
	w, a := newFixture(0), ask()
	a.Quota = limits.Quota{Limit: 10, Per: access.PerDay}
	got := w.take(a)
	want(t, "at first", got, limits.Answer{Outcome: limits.QuotaUnknown})
	w.Load(a.AppCounter, noon(), 3) // no period begins at noon
	want(t, "another period", w.peek(a).Outcome, limits.QuotaUnknown)
	w.load(a, 7)
	got = w.take(a)
	want(t, "loaded", got.Outcome, limits.Passed)
	want(t, "quota", got.Quota, limits.Window{Limit: 10, Remaining: 2, ResetAt: time.Date(2026, 6, 18, 0, 0, 0, 0, time.UTC), Per: 24 * time.Hour})
	w.load(a, 5)
	want(t, "not lowered", w.peek(a).Quota.Remaining, int64(2))
	w.load(a, 9)
	want(t, "raised", w.peek(a).Quota.Remaining, int64(0))
}

func TestQuotaIsExact(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	a.Cost = 4
	w.take(a)
	w.take(a)
	got := w.take(a)
	want(t, "4 do not fit in 2", got.Outcome, limits.QuotaExceeded)
	want(t, "left", got.Quota.Remaining, int64(2))
	want(t, "until midnight", got.RetryAfter, 12*time.Hour)
	a.Cost = 2
	want(t, "2 do", w.take(a).Outcome, limits.Passed)
	a.Cost = 11
	got = w.take(a)
	want(t, "more than the quota", got.Outcome, limits.QuotaExceeded)
	want(t, "never", got.RetryAfter, time.Duration(0))
	want(t, "drained", sum(w.Drain(nil)), int64(10))
	want(t, "not drained again", len(w.Drain(nil)), 0)
}

func TestPeriodEndsAtItsExactEnd(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	a.Cost = 10
	today, _ := a.Quota.Period(w.clock.Now(), nil)
	w.take(a)
	w.pass(12*time.Hour - time.Microsecond)
	a.Cost = 1
	got := w.take(a)
	want(t, "the last moment", got.Outcome, limits.QuotaExceeded)
	want(t, "retry", got.RetryAfter, time.Microsecond)
	w.pass(time.Microsecond)
	want(t, "a new period has to be loaded", w.take(a).Outcome, limits.QuotaUnknown)
	w.load(a, 0)
	want(t, "and is empty", w.take(a).Quota.Remaining, int64(9))

	rows := w.Drain(nil)
	want(t, "rows", len(rows), 2)
	tomorrow := today.Add(24 * time.Hour)
	want(t, "the old period's", rows[0], limits.Used{Organization: a.Organization, AppCounter: a.AppCounter, PeriodStart: today, PeriodEnd: tomorrow, N: 10})
	want(t, "the new period's", rows[1], limits.Used{Organization: a.Organization, AppCounter: a.AppCounter, PeriodStart: tomorrow, PeriodEnd: tomorrow.Add(24 * time.Hour), N: 1})
	w.Settle(rows, []int64{10, 1})
	want(t, "still one taken", w.peek(a).Quota.Remaining, int64(9))
	want(t, "nothing is left", len(w.Drain(nil)), 0)
}

func TestClockSetBackDoesNotReopenPeriod(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	a.Cost = 10
	want(t, "today", w.take(a).Outcome, limits.Passed)
	w.pass(13 * time.Hour)
	w.take(a)
	w.load(a, 0)
	a.Cost = 6
	want(t, "tomorrow", w.take(a).Outcome, limits.Passed)
	w.clock.Advance(-2 * time.Hour)
	got := w.take(a)
	want(t, "back in today", got.Outcome, limits.QuotaExceeded)
	want(t, "counted for tomorrow", got.Quota.Remaining, int64(4))
	w.load(a, 0)
	want(t, "today cannot be loaded", w.peek(a).Quota.Remaining, int64(4))
	w.clock.Advance(2 * time.Hour)
	want(t, "tomorrow again", w.peek(a).Quota.Remaining, int64(4))
	want(t, "all counted", sum(w.Drain(nil)), int64(16))
}

// A clock that was days ahead does not leave the quota in a false period, and what
// was taken before counts again.
func TestClockFarAheadIsFollowedBack(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	today, _ := a.Quota.Period(w.clock.Now(), nil)
	w.takes(a, 4)
	const ahead = 10 * 24 * time.Hour
	w.clock.Advance(ahead)
	want(t, "a false day", w.take(a).Outcome, limits.QuotaUnknown)
	w.load(a, 0)
	w.takes(a, 10)
	want(t, "is used up", w.take(a).Outcome, limits.QuotaExceeded)
	rows := w.Drain(nil)
	w.clock.Advance(-ahead)
	want(t, "not while units are under way", w.take(a).Outcome, limits.QuotaExceeded)
	w.Settle(rows, nil)
	want(t, "today has to be loaded", w.take(a).Outcome, limits.QuotaUnknown)
	w.load(a, 4)
	got := w.peek(a)
	want(t, "today's count", got.Quota.Remaining, int64(6))
	want(t, "and end", got.Quota.ResetAt, today.Add(24*time.Hour))
	w.takes(a, 6)
	want(t, "to its limit", w.take(a).Outcome, limits.QuotaExceeded)
}

func TestChangedQuotaPeriodStartsAnotherCount(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	w.take(a)
	monthly := *a
	monthly.Quota = limits.Quota{Limit: 100, Per: access.PerMonth}
	want(t, "a month", w.take(&monthly).Outcome, limits.QuotaUnknown)
	w.load(&monthly, 40)
	want(t, "the month's", w.take(&monthly).Quota.Remaining, int64(59))
	want(t, "back to days", w.take(a).Outcome, limits.QuotaUnknown)
	w.load(a, 0)
	want(t, "what was not stored is still counted", w.peek(a).Quota.Remaining, int64(9))
	want(t, "all counted", sum(w.Drain(nil)), int64(2))
	// In another zone with the same midnight the count continues; with another midnight it does not.
	a.Location = time.FixedZone("the same", 0)
	want(t, "the same start", w.peek(a).Quota.Remaining, int64(9))
	a.Location = zone(t, "Asia/Kolkata")
	want(t, "another start", w.peek(a).Outcome, limits.QuotaUnknown)
}

func TestPlanGainsQuota(t *testing.T) {
	w, a := newFixture(0), ask()
	a.AppRate = limits.Rate{Limit: 1, Per: time.Second, Burst: 3}
	want(t, "a rate alone", w.take(a).Outcome, limits.Passed)
	a.Quota = limits.Quota{Limit: 2, Per: access.PerDay}
	want(t, "a quota as well", w.take(a).Outcome, limits.QuotaUnknown)
	w.load(a, 1)
	want(t, "loaded", w.take(a).Outcome, limits.Passed)
	got := w.take(a)
	want(t, "used up", got.Outcome, limits.QuotaExceeded)
	want(t, "and the rate went on", got.Rate.Remaining, int64(1))
	want(t, "counted", sum(w.Drain(nil)), int64(1))
}

// A batch that waits for the database is part of no count that can be loaded: it must
// not be dropped when the day is over, as the clock may be set back.
func TestUnsettledCountsAreNotEvicted(t *testing.T) {
	nothing := func(*fixture) {}
	for name, c := range map[string]struct {
		today    func(w *fixture, a *limits.Ask)
		tomorrow func(w *fixture)
	}{
		"in flight":                      {func(w *fixture, a *limits.Ask) { w.takes(a, 10); w.Drain(nil) }, nothing},
		"journaled":                      {func(w *fixture, a *limits.Ask) { w.takes(a, 10); w.Journal(w.Drain(nil)) }, nothing},
		"in flight from a day that ends": {func(w *fixture, a *limits.Ask) { w.takes(a, 10) }, func(w *fixture) { w.Drain(nil) }},
		"one of two batches is stored": {func(w *fixture, a *limits.Ask) {
			w.takes(a, 4)
			first := w.Drain(nil)
			w.takes(a, 6)
			w.Drain(nil)
			w.Settle(first, nil)
		}, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFixture(1)
			a := daily(w)
			c.today(w, a)
			want(t, "all of today", w.take(a).Outcome, limits.QuotaExceeded)
			w.pass(12 * time.Hour)
			want(t, "tomorrow", w.peek(a).Outcome, limits.QuotaUnknown)
			c.tomorrow(w)
			w.clock.Advance(-time.Hour)
			for range 100 * 64 { // until every shard has tried to evict
				w.peek(daily(w))
			}
			w.peek(a)
			w.load(a, 0)
			if got := w.take(a).Outcome; got == limits.Passed {
				t.Error("today's quota was given twice")
			}
		})
	}
}

// takes makes calls that all pass.
func (w *fixture) takes(a *limits.Ask, n int) {
	for range n {
		w.take(a)
	}
}

func TestSettleAddsOtherNodesCalls(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	w.take(a)
	rows := w.Drain(nil)
	w.take(a)
	want(t, "in flight is counted", w.peek(a).Quota.Remaining, int64(8))
	w.Settle(rows, []int64{5})
	want(t, "4 of others", w.peek(a).Quota.Remaining, int64(4))
	rows = w.Drain(nil)
	w.Settle(rows, []int64{-1})
	want(t, "an unknown total", w.peek(a).Quota.Remaining, int64(4))
	w.take(a)
	w.Settle(w.Drain(nil), nil)
	want(t, "no totals", w.peek(a).Quota.Remaining, int64(3))
}

// A count read between a batch's commit and its Settle already contains the batch.
func TestLoadDuringFlushCountsNothingTwice(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	a.Cost = 5
	w.take(a)
	rows := w.Drain(nil)
	w.load(a, 5)
	want(t, "before Settle", w.peek(a).Quota.Remaining, int64(5))
	w.Settle(rows, []int64{5})
	want(t, "after Settle", w.peek(a).Quota.Remaining, int64(5))
}

func TestFollowSharedStore(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	a.KeyRate = limits.Rate{Limit: 10, Per: time.Second, Burst: 10}
	first, second := w.Level(a), w.Level(a)
	want(t, "known", first.Known && first.Fresh, true)
	// The answers arrive out of order; two other nodes took 3.
	first.Key, first.Used = 4_000_000, 4
	second.Key, second.Used = 5_000_000, 5
	var out limits.Answer
	w.Follow(a, &second, limits.Passed, true, &out)
	want(t, "the answer", out.Quota.Remaining, int64(5))
	w.Follow(a, &first, limits.Passed, true, &out)
	want(t, "what was true then", out.Quota.Remaining, int64(6))
	l := w.Level(a)
	want(t, "used", l.Used, int64(5))
	want(t, "debt", l.Key, limits.Debt(5_000_000))
	// On its own, the node continues from there.
	got := w.take(a)
	want(t, "the quota goes on", got.Quota.Remaining, int64(4))
	want(t, "the rate goes on", got.Rate.Remaining, int64(4))
	rows := w.Drain(nil)
	want(t, "only its own are drained", sum(rows), int64(3))
	w.Settle(rows, []int64{3}) // the others have not flushed yet
	want(t, "not lowered by the database", w.peek(a).Quota.Remaining, int64(4))

	// The answer arrives after the end of the period.
	late := w.Level(a)
	w.pass(12 * time.Hour)
	w.take(a)
	w.Follow(a, &late, limits.Passed, true, &out)
	rows = w.Drain(nil)
	want(t, "rows", len(rows), 1)
	want(t, "the period it was taken in", rows[0].PeriodStart, late.Start)
}

func TestLoadStaysFreshForAWhile(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	w.pass(2 * time.Second)
	want(t, "two seconds", w.Level(a).Fresh, true)
	w.pass(time.Millisecond)
	want(t, "later", w.Level(a).Fresh, false)
	w.load(a, 0)
	want(t, "loaded again", w.Level(a).Fresh, true)
}
