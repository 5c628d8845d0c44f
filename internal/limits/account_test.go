package limits_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/limits"
)

// family is an account with apps, whose plan has a quota per account.
type family struct {
	*world
	*books
	apps []*limits.Ask
}

func newFamily(max, apps int, quota limits.Quota) *family {
	f := &family{newWorld(max), newBooks(), nil}
	account, product := uuid.New(), uuid.New()
	for range apps {
		a := ask()
		a.Subscription, a.Quota = limits.ByApp(uuid.New(), product), quota
		a.Account, a.PerAccount = limits.ByAccount(account, product, quota.Per), true
		f.apps = append(f.apps, a)
	}
	return f
}

// take takes as the gate does: what is not known is loaded.
func (f *family) take(a *limits.Ask) limits.Answer {
	out := f.world.take(a)
	for range 3 { // a period may end in between
		if out.Outcome != limits.QuotaUnknown {
			break
		}
		if a.PerAccount {
			f.store(f.Memory)
		}
		start, _ := a.Quota.Period(f.clock.Now(), nil)
		f.Load(a.QuotaCounter(), start, f.used(a.QuotaCounter(), start))
		out = f.world.take(a)
	}
	return out
}

// per changes whose calls the plan's quota counts together.
func (f *family) per(account bool) {
	for _, a := range f.apps {
		a.PerAccount = account
	}
}

func monthly(n int64) limits.Quota { return limits.Quota{Limit: n, Per: domain.PerMonth} }

func TestTheAppsOfAnAccountShareItsQuota(t *testing.T) {
	f := newFamily(0, 3, monthly(10))
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
	want(t, "the first app's", f.used(f.apps[0].Subscription, start), int64(5))
	want(t, "the account's", f.used(f.apps[0].Account, start), int64(10))
	again := &family{newWorld(0), f.books, f.apps} // another process
	for _, a := range f.apps {
		want(t, "after a restart", again.take(a).Outcome, limits.QuotaExceeded)
	}
}

func TestAnotherAccountHasAQuotaOfItsOwn(t *testing.T) {
	f, other := newFamily(0, 1, monthly(1)), newFamily(0, 1, monthly(1))
	other.world = f.world
	want(t, "one", f.take(f.apps[0]).Outcome, limits.Passed)
	want(t, "one more", f.take(f.apps[0]).Outcome, limits.QuotaExceeded)
	want(t, "the other", other.take(other.apps[0]).Outcome, limits.Passed)
}

// What an account shares is the quota; how fast its apps may call is their own.
func TestRatesStayTheApps(t *testing.T) {
	f := newFamily(0, 2, monthly(10))
	for _, a := range f.apps {
		a.SubscriptionRate = limits.Rate{Limit: 1, Per: time.Hour, Burst: 3}
		for range 3 {
			want(t, "within the rate", f.take(a).Outcome, limits.Passed)
		}
		want(t, "too fast", f.take(a).Outcome, limits.RateExceeded)
	}
	f.apps[0].SubscriptionRate = limits.Rate{}
	want(t, "the refused took nothing", f.peek(f.apps[0]).Quota.Remaining, int64(4))
}

// Whichever way a plan counts, and however often that is changed: what was used
// of the period is used, at once.
func TestAnotherWayToCountGivesNothingAnew(t *testing.T) {
	f := newFamily(0, 3, monthly(10))
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

// Apps of one account may have plans that count by the app and by the account
// at a time: what the former take is the account's, once it is drained.
func TestAppsOfBothKindsAreTheAccounts(t *testing.T) {
	for name, how := range map[string]func(*family){
		"stored":    func(f *family) { f.store(f.Memory) },
		"in flight": func(f *family) { f.waiting = f.Drain(f.waiting) },
		"journaled": func(f *family) { f.journal(f.Memory) },
		"folded":    func(f *family) { f.journal(f.Memory); f.fold(f.Memory) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFamily(0, 2, monthly(10))
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

// Plans of days and of months count apart, and neither pushes the other out.
func TestQuotasOverDifferentPeriodsAreApart(t *testing.T) {
	f := newFamily(0, 2, monthly(10))
	daily := f.apps[1]
	account, product := uuid.New(), uuid.New()
	daily.Quota = limits.Quota{Limit: 3, Per: domain.PerDay}
	for _, a := range f.apps {
		a.Account = limits.InPeriod(limits.OfAccount(account, product), a.Quota.Per)
		want(t, "the counter", a.Account, limits.ByAccount(account, product, a.Quota.Per))
		want(t, "loaded", f.take(a).Outcome, limits.Passed)
	}
	for n := range int64(2) {
		got := f.world.take(f.apps[0])
		want(t, "of the month", got.Quota.Remaining, 8-n)
		got = f.world.take(daily)
		want(t, "of the day", got.Quota.Remaining, 1-n)
	}
	want(t, "the day's end", f.world.take(daily).Outcome, limits.QuotaExceeded)
	f.pass(24 * time.Hour)
	want(t, "the next day", f.take(daily).Quota.Remaining, int64(2))
	want(t, "the same month", f.take(f.apps[0]).Quota.Remaining, int64(6))
}

// Another period is another count of the account's, also where both begin; what
// the app used is stored once, and is the new count's with its next call.
func TestAnotherPeriodWhereBothBegin(t *testing.T) {
	f := newFamily(0, 1, limits.Quota{Limit: 5, Per: domain.PerDay})
	f.clock.Advance(time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC).Sub(noon()))
	a := f.apps[0]
	a.Cost = 3
	want(t, "the day", f.take(a).Quota.Remaining, int64(2))
	a.Quota = monthly(5)
	a.Account[0] ^= 2
	want(t, "the month", f.take(a).Quota.Remaining, int64(2))
	f.store(f.Memory)
	a.Cost = 1
	want(t, "with the day's", f.take(a).Outcome, limits.QuotaExceeded)
	a.PerAccount = false
	want(t, "the app's", f.take(a).Outcome, limits.QuotaExceeded)
	start, _ := a.Quota.Period(f.clock.Now(), nil)
	want(t, "stored", f.used(a.Subscription, start), int64(6))
}

func TestAnAccountsAppsTogether(t *testing.T) {
	f := newFamily(0, 16, monthly(1000))
	f.take(f.apps[0])
	var passed atomic.Int64
	passed.Store(1)
	together(func(n int) {
		for i := range 60 {
			a := *f.apps[(n+i)%len(f.apps)]
			a.Cost = int64(1 + n%3)
			if f.world.take(&a).Outcome == limits.Passed {
				passed.Add(a.Cost)
			}
		}
		a := *f.apps[n%len(f.apps)]
		for f.world.take(&a).Outcome == limits.Passed {
			passed.Add(1)
		}
	})
	want(t, "passed", passed.Load(), int64(1000))
}

func TestTakeOfAnAccountDoesNotAllocate(t *testing.T) {
	f := newFamily(0, 1, monthly(1<<50))
	a := f.apps[0]
	f.take(a)
	var out limits.Answer
	want(t, "allocations", testing.AllocsPerRun(1000, func() { f.Take(context.Background(), a, &out) }), 0.0)
	want(t, "outcome", out.Outcome, limits.Passed)
}
