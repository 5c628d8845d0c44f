package limits_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// accountFixture is an account with apps whose plan has a quota per account.
type accountFixture struct {
	*fixture
	*fakeStore
	apps []*limits.Ask
}

func newAccountFixture(max, apps int, quota limits.Quota) *accountFixture {
	f := &accountFixture{newFixture(max), newFakeStore(), nil}
	account, product := uuid.New(), uuid.New()
	for range apps {
		a := ask()
		a.AppCounter, a.Quota = limits.ByApp(uuid.New(), product), quota
		a.AccountCounter, a.PerAccount = limits.ByAccount(account, product, quota.Per), true
		f.apps = append(f.apps, a)
	}
	return f
}

// take calls Take as the gateway does: it loads counts that are unknown.
func (f *accountFixture) take(a *limits.Ask) limits.Answer {
	out := f.fixture.take(a)
	for range 3 { // a period may end in between
		if out.Outcome != limits.QuotaUnknown {
			break
		}
		if a.PerAccount {
			f.store(f.Memory)
		}
		start, _ := a.Quota.Period(f.clock.Now(), nil)
		f.Load(a.QuotaCounter(), start, f.used(a.QuotaCounter(), start))
		out = f.fixture.take(a)
	}
	return out
}

// per sets whether the plan counts its quota per account or per app.
func (f *accountFixture) per(account bool) {
	for _, a := range f.apps {
		a.PerAccount = account
	}
}

func monthly(n int64) limits.Quota { return limits.Quota{Limit: n, Per: access.PerMonth} }

func TestAppsShareTheirAccountsQuota(t *testing.T) {
	f := newAccountFixture(0, 3, monthly(10))
	for n := range int64(10) {
		got := f.take(f.apps[n%2])
		want(t, "outcome", got.Outcome, limits.Passed)
		want(t, "left", got.Quota.Remaining, 9-n)
	}
	for i, a := range f.apps {
		got := f.take(a)
		want(t, "the eleventh", got.Outcome, limits.QuotaExceeded)
		if got.RetryAfter <= 0 {
			t.Errorf("app %d: never again", i)
		}
	}
	f.store(f.Memory)
	start, _ := monthly(1).Period(noon(), nil)
	want(t, "the first app's", f.used(f.apps[0].AppCounter, start), int64(5))
	want(t, "the account's", f.used(f.apps[0].AccountCounter, start), int64(10))
	again := &accountFixture{newFixture(0), f.fakeStore, f.apps} // another process
	for _, a := range f.apps {
		want(t, "after a restart", again.take(a).Outcome, limits.QuotaExceeded)
	}
}

func TestAccountsHaveSeparateQuotas(t *testing.T) {
	f, other := newAccountFixture(0, 1, monthly(1)), newAccountFixture(0, 1, monthly(1))
	other.fixture = f.fixture
	want(t, "one", f.take(f.apps[0]).Outcome, limits.Passed)
	want(t, "one more", f.take(f.apps[0]).Outcome, limits.QuotaExceeded)
	want(t, "the other", other.take(other.apps[0]).Outcome, limits.Passed)
}

// The apps of an account share the quota, but each has its own rate limit.
func TestRateLimitsArePerApp(t *testing.T) {
	f := newAccountFixture(0, 2, monthly(10))
	for _, a := range f.apps {
		a.AppRate = limits.Rate{Limit: 1, Per: time.Hour, Burst: 3}
		for range 3 {
			want(t, "within the rate", f.take(a).Outcome, limits.Passed)
		}
		want(t, "too fast", f.take(a).Outcome, limits.RateExceeded)
	}
	f.apps[0].AppRate = limits.Rate{}
	want(t, "the refused took nothing", f.peek(f.apps[0]).Quota.Remaining, int64(4))
}

// Changing whether a plan counts per account or per app, however often, does not
// reset what was used of the period.
func TestChangingPerAccountResetsNothing(t *testing.T) {
	f := newAccountFixture(0, 3, monthly(10))
	one, two, three := f.apps[0], f.apps[1], f.apps[2]
	f.per(false)
	one.Cost, two.Cost = 6, 3
	want(t, "an app alone", f.take(one).Quota.Remaining, int64(4))
	want(t, "another", f.take(two).Quota.Remaining, int64(7))
	f.per(true)
	one.Cost, two.Cost = 1, 1
	want(t, "nine are used", f.take(three).Quota.Remaining, int64(0))
	want(t, "by all", f.take(one).Outcome, limits.QuotaExceeded)
	f.per(false)
	want(t, "an app's own count goes on", f.take(one).Quota.Remaining, int64(3))
	want(t, "and has what it took of the account's", f.take(three).Quota.Remaining, int64(8))
	f.per(true)
	one.Quota.Limit = 14
	want(t, "a larger plan, after twelve", f.take(one).Quota.Remaining, int64(1))
	want(t, "a smaller one", f.take(two).Outcome, limits.QuotaExceeded)
}

// Apps of one account may have plans that count per app and per account at the same
// time: units of the former count for the account once they are drained.
func TestAccountCountsAppsOfBothKinds(t *testing.T) {
	for name, how := range map[string]func(*accountFixture){
		"stored":    func(f *accountFixture) { f.store(f.Memory) },
		"in flight": func(f *accountFixture) { f.waiting = f.Drain(f.waiting) },
		"journaled": func(f *accountFixture) { f.journal(f.Memory) },
		"folded":    func(f *accountFixture) { f.journal(f.Memory); f.fold(f.Memory) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newAccountFixture(0, 2, monthly(10))
			alone, shared := f.apps[0], f.apps[1]
			alone.PerAccount = false
			want(t, "shared", f.take(shared).Quota.Remaining, int64(9))
			alone.Cost = 4
			want(t, "alone", f.take(alone).Quota.Remaining, int64(6))
			want(t, "between", f.take(shared).Outcome, limits.Passed)
			how(f)
			want(t, "both", f.peek(shared).Quota.Remaining, int64(4))
			want(t, "alone still", f.peek(alone).Quota.Remaining, int64(6))
		})
	}
}

// Quotas per day and per month are counted separately, and neither evicts the other.
func TestQuotasOfDifferentPeriodsAreSeparate(t *testing.T) {
	f := newAccountFixture(0, 2, monthly(10))
	daily := f.apps[1]
	account, product := uuid.New(), uuid.New()
	daily.Quota = limits.Quota{Limit: 3, Per: access.PerDay}
	for _, a := range f.apps {
		a.AccountCounter = limits.InPeriod(limits.OfAccount(account, product), a.Quota.Per)
		want(t, "the counter", a.AccountCounter, limits.ByAccount(account, product, a.Quota.Per))
		want(t, "loaded", f.take(a).Outcome, limits.Passed)
	}
	for n := range int64(2) {
		got := f.fixture.take(f.apps[0])
		want(t, "of the month", got.Quota.Remaining, 8-n)
		got = f.fixture.take(daily)
		want(t, "of the day", got.Quota.Remaining, 1-n)
	}
	want(t, "the day's end", f.fixture.take(daily).Outcome, limits.QuotaExceeded)
	f.pass(24 * time.Hour)
	want(t, "the next day", f.take(daily).Quota.Remaining, int64(2))
	want(t, "the same month", f.take(f.apps[0]).Quota.Remaining, int64(6))
}

// Another quota period has another count of the account, also when both periods begin
// at the same time; the app's units are stored once, and join the new count with its
// next call.
func TestChangedPeriodWithEqualStart(t *testing.T) {
	f := newAccountFixture(0, 1, limits.Quota{Limit: 5, Per: access.PerDay})
	f.clock.Advance(time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC).Sub(noon()))
	a := f.apps[0]
	a.Cost = 3
	want(t, "the day", f.take(a).Quota.Remaining, int64(2))
	a.Quota = monthly(5)
	a.AccountCounter[0] ^= 2
	want(t, "the month", f.take(a).Quota.Remaining, int64(2))
	f.store(f.Memory)
	a.Cost = 1
	want(t, "with the day's", f.take(a).Outcome, limits.QuotaExceeded)
	a.PerAccount = false
	want(t, "the app's", f.take(a).Outcome, limits.QuotaExceeded)
	start, _ := a.Quota.Period(f.clock.Now(), nil)
	want(t, "stored", f.used(a.AppCounter, start), int64(6))
}

func TestAppsOfAnAccountConcurrently(t *testing.T) {
	f := newAccountFixture(0, 16, monthly(1000))
	f.take(f.apps[0])
	var passed atomic.Int64
	passed.Store(1)
	together(func(n int) {
		for i := range 60 {
			a := *f.apps[(n+i)%len(f.apps)]
			a.Cost = int64(1 + n%3)
			if f.fixture.take(&a).Outcome == limits.Passed {
				passed.Add(a.Cost)
			}
		}
		a := *f.apps[n%len(f.apps)]
		for f.fixture.take(&a).Outcome == limits.Passed {
			passed.Add(1)
		}
	})
	want(t, "passed", passed.Load(), int64(1000))
}

func TestTakeOfAnAccountDoesNotAllocate(t *testing.T) {
	f := newAccountFixture(0, 1, monthly(1<<50))
	a := f.apps[0]
	f.take(a)
	var out limits.Answer
	want(t, "allocations", testing.AllocsPerRun(1000, func() { f.Take(context.Background(), a, &out) }), 0.0)
	want(t, "outcome", out.Outcome, limits.Passed)
}
