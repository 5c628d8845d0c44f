package limits_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// As long as there is room, nothing is evicted, not even what is idle.
func TestStatesAreKeptWhileThereIsRoom(t *testing.T) {
	for _, max := range []int{0, 1 << 16} {
		w := newFixture(max)
		for n := 1; n <= 1000; n++ {
			a := ask()
			a.KeyRate = limits.Rate{Limit: 1000, Per: time.Second, Burst: 1000}
			w.take(a)
			w.pass(time.Second)
			if got := w.Size(); got != n {
				t.Fatalf("with room for %d, %d states of %d are kept", max, got, n)
			}
		}
	}
}

// Without a clock of its own a Memory uses the process's: buckets drain.
func TestRatesFollowTheProcessClock(t *testing.T) {
	m := limits.NewMemory(systemClock{}, nil, 0)
	w := &fixture{Memory: m, clock: newFakeClock(noon())}
	a := ask()
	a.KeyRate = limits.Rate{Limit: 1, Per: 50 * time.Millisecond, Burst: 1}
	want(t, "the first", w.take(a).Outcome, limits.Passed)
	want(t, "the second", w.take(a).Outcome, limits.RateExceeded)
	for deadline := time.Now().Add(10 * time.Second); w.peek(a).Outcome != limits.Passed; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the bucket does not drain")
		}
	}
}

// A zone is its name: reading it again changes no period.
func TestZonesAreComparedByName(t *testing.T) {
	w, a := newFixture(0), ask()
	a.Quota, a.Location = limits.Quota{Limit: 10, Per: access.PerDay}, zone(t, "Asia/Kolkata")
	w.take(a)
	w.load(a, 4)
	a.Location = zone(t, "Asia/Kolkata")
	want(t, "read again", w.peek(a).Quota.Remaining, int64(6))
	a.Location = zone(t, "Asia/Kathmandu")
	want(t, "another zone", w.peek(a).Outcome, limits.QuotaUnknown)
}

// A month and a day that begin at once end at different times.
func TestPeriodOfOneStartEndsByItsOwnLength(t *testing.T) {
	w, a := newFixture(0), ask()
	w.pass(13*24*time.Hour + 12*time.Hour) // the first of July
	a.Quota = monthly(10)
	w.take(a)
	w.load(a, 0)
	a.Quota.Per = access.PerDay
	want(t, "the first day", w.take(a).Outcome, limits.Passed)
	w.pass(24 * time.Hour)
	want(t, "the second day", w.take(a).Outcome, limits.QuotaUnknown)
}

// Units that were taken for another account's counter, or for none, stay the app's.
func TestUnitsOfAnAppSurviveAnotherAccount(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	one, two := uuid.New(), uuid.New()
	for i, account := range []uuid.UUID{{}, one, two, one, two, one} {
		a.AccountCounter = account
		got := w.take(a)
		want(t, "taken", got.Outcome, limits.Passed)
		want(t, "left", got.Quota.Remaining, int64(9-i))
	}
	units := map[uuid.UUID]int64{}
	rows := w.Drain(nil)
	for _, r := range rows {
		units[r.AccountCounter] += r.N
	}
	want(t, "a row for each counter, and one for what the present one has taken since", len(rows), 4)
	want(t, "of none", units[uuid.Nil], int64(1))
	want(t, "of one", units[one], int64(3))
	want(t, "of two", units[two], int64(2))
}

// What an app has taken from its own quota and not stored counts for the account as
// soon as the plan is one per account.
func TestAccountTakesOverUnitsThatAreNotStored(t *testing.T) {
	w := newFixture(0)
	a := daily(w)
	a.AccountCounter = uuid.New()
	w.takes(a, 2)
	a.PerAccount = true
	want(t, "to be loaded again", w.take(a).Outcome, limits.QuotaUnknown)
	start, _ := a.Quota.Period(w.clock.Now(), nil)
	w.Load(a.AccountCounter, start, 3)
	want(t, "3 stored and 2 pending", w.peek(a).Quota.Remaining, int64(5))
	rows := w.Drain(nil)
	want(t, "drained", sum(rows), int64(2))
	want(t, "in flight", w.peek(a).Quota.Remaining, int64(5))
	w.Settle(rows, []int64{2})
	want(t, "stored", w.peek(a).Quota.Remaining, int64(5))
}

// A rate of which only the unit or only the limit changes keeps the calls taken.
func TestChangeOfUnitOrLimitAloneKeepsTheCallsTaken(t *testing.T) {
	for name, then := range map[string]limits.Rate{
		"unit":  {Limit: 10, Per: time.Hour, Burst: 10},
		"limit": {Limit: 20, Per: time.Minute, Burst: 10},
	} {
		w, a := newFixture(0), ask()
		a.KeyRate = limits.Rate{Limit: 10, Per: time.Minute, Burst: 10}
		w.takes(a, 4)
		a.KeyRate = then
		want(t, name, w.peek(a).Rate.Remaining, int64(6))
		w.pass(then.Per / time.Duration(then.Limit))
		want(t, name+": drains by the new rate", w.peek(a).Rate.Remaining, int64(7))
	}
}

// A cost is returned in the unit of the rate, which may have changed since.
func TestReturnAfterTheRateChanged(t *testing.T) {
	w, a := newFixture(0), ask()
	a.KeyRate = limits.Rate{Limit: 10, Per: time.Minute, Burst: 10}
	w.takes(a, 4)
	a.KeyRate = limits.Rate{Limit: 10, Per: time.Hour, Burst: 10}
	w.Return(a)
	want(t, "left", w.peek(a).Rate.Remaining, int64(7))
}

func TestLoadOfCounterWithoutQuota(t *testing.T) {
	w, a := newFixture(0), ask()
	a.AppRate = limits.Rate{Limit: 10, Per: time.Minute, Burst: 10}
	w.take(a)
	w.Load(a.AppCounter, noon(), 5)
	want(t, "the rate", w.peek(a).Rate.Remaining, int64(9))
}
