package seed

import (
	"context"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/clients/go/gate/zone"
	"portico/internal/usage"
	"portico/internal/usage/intake"
)

const (
	// daysOfCalls is how many days back calls are counted.
	daysOfCalls = 35
	// fresh is how far back counts of single minutes are kept.
	fresh = 48 * time.Hour
	// burstsAnHour is the number of minutes of an hour that have calls.
	burstsAnHour = 4
	// often and seldom are the share of hours with calls, of accepted ones and
	// of attempts.
	often, seldom = 0.4, 0.04
)

// calls creates the calls of the organization's apps up to now: the counts, the
// use of quotas, and when credentials were last used.
func (a *author) calls(ctx context.Context) error {
	loc, err := zone.Load(a.org.TimeZone)
	if err != nil {
		return err
	}
	now := a.Clock.Now()
	t := &tally{loc: loc, now: now, counter: intake.NewCounter(), used: map[period]int64{}, present: map[uuid.UUID]limits.Used{}}
	from := usage.Day.Start(now.AddDate(0, 0, 1-daysOfCalls), loc)
	for _, s := range a.streams {
		for at := from; at.Before(now); at = at.Add(time.Hour) {
			t.hour(&s, at)
		}
	}
	return intake.AddHistory(ctx, a.Database, a.tx.Tx, intake.History{
		Calls: t.counter, MinutesSince: now.Add(-fresh), Quotas: slices.Collect(maps.Values(t.present))})
}

// tally counts calls as the gateway would have.
type tally struct {
	loc     *time.Location
	now     time.Time
	counter *intake.Counter
	// used is what was used of quotas in each period, present what each app used
	// of them in the present period.
	used    map[period]int64
	present map[uuid.UUID]limits.Used
}

// period is a period of a quota, by its counter and its start.
type period struct {
	counter uuid.UUID
	start   time.Time
}

// hour counts the calls of one hour. The same hour has the same calls each time
// the data is created. Calls after now are omitted; in hours before those with
// counts of minutes, all calls are in the first minute.
func (t *tally) hour(s *stream, start time.Time) {
	r := rand.New(rand.NewPCG(binary.BigEndian.Uint64(s.Credential[8:]), binary.BigEndian.Uint64(s.subscribed.ID[8:])^uint64(start.Unix())))
	chance := often
	if !s.Passed() {
		chance = seldom
	}
	if r.Float64() > chance {
		return // calls come in bursts
	}
	local := start.In(t.loc)
	expected := s.daily / chance * share(local) * (0.7 + 0.6*r.Float64())
	n := int64(expected)
	if r.Float64() < expected-float64(n) {
		n++
	}
	call := s.Call
	if len(s.endpoints) > 0 {
		call.Endpoint = s.endpoints[local.YearDay()%len(s.endpoints)]
	}
	bursts := int64(1)
	if t.now.Sub(start) <= fresh {
		bursts = burstsAnHour
	}
	for i := range bursts {
		at := start
		if bursts > 1 {
			at = start.Add(time.Duration(r.IntN(60)) * time.Minute)
		}
		part := n/bursts + min(max(n%bursts-i, 0), 1)
		if part == 0 || !at.Add(time.Minute).Before(t.now) {
			continue
		}
		t.count(call, s.subscribed, at, part)
		if call.Passed() && part > 100 && r.IntN(8) == 0 {
			limited := call
			limited.Code = verdict.RateLimited.String()
			t.counter.Add(&limited, at, 1+part/50)
		}
	}
}

// count counts n calls of a minute. Those beyond a quota count as refused.
func (t *tally) count(call usage.Call, s subscribed, at time.Time, n int64) {
	passed := n
	if call.Passed() {
		passed = t.take(s, at, n)
	}
	if passed > 0 {
		t.counter.Add(&call, at, passed)
	}
	if n > passed {
		call.Code = verdict.QuotaExceeded.String()
		t.counter.Add(&call, at, n-passed)
	}
}

// spend counts n calls that a plan's spending cap counts. No app comes near it.
func (t *tally) spend(s subscribed, at time.Time, n int64) {
	if s.plan.CallsWithinCap == nil {
		return
	}
	u := limits.Used{Organization: s.OrganizationID, AppCounter: limits.BySpending(limits.ByApp(s.AppID, s.ProductID))}
	u.PeriodStart, u.PeriodEnd = limits.Quota{Per: access.PerMonth}.Period(at, t.loc)
	of := period{u.AppCounter, u.PeriodStart}
	if t.used[of] += n; t.now.Before(u.PeriodEnd) {
		u.N = t.used[of]
		t.present[u.AppCounter] = u
	}
}

// take takes up to n units of the quota of an app and a product, and returns how
// many were left to take.
func (t *tally) take(s subscribed, at time.Time, n int64) int64 {
	quota := limits.QuotaOf(s.plan.Quota)
	if quota.None() {
		return n
	}
	u := limits.Used{Organization: s.OrganizationID, AppCounter: limits.ByApp(s.AppID, s.ProductID),
		AccountCounter: limits.ByAccount(s.AccountID, s.ProductID, quota.Per)}
	u.PeriodStart, u.PeriodEnd = quota.Period(at, t.loc)
	app, account := period{u.AppCounter, u.PeriodStart}, period{u.AccountCounter, u.PeriodStart}
	counted := app
	if s.plan.QuotaPer == access.QuotaPerAccount {
		counted = account
	}
	if s.plan.Overage != access.OverageContinue {
		n = min(n, quota.Limit-t.used[counted])
	}
	t.spend(s, at, n)
	t.used[app] += n
	t.used[account] += n
	if t.now.Before(u.PeriodEnd) {
		u.N = t.used[app]
		t.present[u.AppCounter] = u
	}
	return n
}

// share returns the share of a day's calls in an hour: most are in working
// hours.
func share(t time.Time) float64 {
	s := 0.01
	if h := t.Hour(); h >= 8 && h < 18 {
		s = 0.085
	}
	if day := t.Weekday(); day == time.Saturday || day == time.Sunday {
		s *= 0.4
	}
	return s
}
