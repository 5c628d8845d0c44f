package seed

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/zone"
	"portico/internal/usage"
	"portico/internal/usage/counts"
	"portico/internal/usage/intake"
)

// calls creates the calls of the organization's apps up to now: the counts, the
// use of quotas, and when credentials were last used.
func (a *author) calls(ctx context.Context, zoneName string) error {
	loc, err := zone.Load(zoneName)
	if err != nil {
		return err
	}
	now := a.Clock.Now()
	t := &tally{loc: loc, now: now, minutes: map[cell]int64{}, hours: map[cell]int64{}, days: map[cell]int64{},
		quotas: map[period]*limits.Used{}, accounts: map[period]int64{}}
	from := usage.Day.Start(now.AddDate(0, 0, 1-daysOfCalls), loc)
	for _, c := range a.callers {
		for _, s := range c.streams(now) {
			for at := from; at.Before(now); at = at.Add(time.Hour) {
				s.hour(at, loc, now, func(call usage.Call, at time.Time, n int64) { t.count(call, s.subscribed, at, n) })
			}
		}
	}
	return intake.AddHistory(ctx, a.Database, a.tx.Tx, t.history())
}

// cell identifies a count: what is counted, in the bucket that begins at a time.
type cell struct {
	usage.Call
	at time.Time
}

// period is a period of a quota, by its counter and its start.
type period struct {
	counter uuid.UUID
	start   time.Time
}

// tally counts calls as the gateway would have.
type tally struct {
	loc                  *time.Location
	now                  time.Time
	minutes, hours, days map[cell]int64
	// quotas is what apps used in each period, accounts what all apps of an
	// account did.
	quotas   map[period]*limits.Used
	accounts map[period]int64
}

// count counts n calls of a minute. Those beyond a quota count as refused.
func (t *tally) count(call usage.Call, s subscribed, at time.Time, n int64) {
	if call.Passed() {
		if over := n - t.take(s, at, n); over > 0 {
			refused := call
			refused.Code = quotaExceeded
			t.add(refused, at, over)
			n -= over
		}
	}
	t.add(call, at, n)
}

func (t *tally) add(call usage.Call, at time.Time, n int64) {
	if n == 0 {
		return
	}
	if t.now.Sub(at) <= fresh {
		t.minutes[cell{call, at}] += n
	}
	t.hours[cell{call, usage.Hour.Start(at, t.loc)}] += n
	t.days[cell{call, usage.Day.Start(at, t.loc)}] += n
}

// take takes up to n units of the quota of an app and a product, and returns how
// many were left to take.
func (t *tally) take(s subscribed, at time.Time, n int64) int64 {
	quota := limits.QuotaOf(s.plan.Quota)
	if quota.None() {
		return n
	}
	start, end := quota.Period(at, t.loc)
	app := period{limits.ByApp(s.AppID, s.ProductID), start}
	account := period{limits.ByAccount(s.AccountID, s.ProductID, quota.Per), start}
	u := t.quotas[app]
	if u == nil {
		u = &limits.Used{Organization: s.OrganizationID, AppCounter: app.counter, AccountCounter: account.counter, PeriodStart: start, PeriodEnd: end}
		t.quotas[app] = u
	}
	counted := u.N
	if s.plan.QuotaPer == access.QuotaPerAccount {
		counted = t.accounts[account]
	}
	n = min(n, quota.Limit-counted)
	u.N += n
	t.accounts[account] += n
	return n
}

// history returns what is stored: of quotas, only the present periods.
func (t *tally) history() intake.History {
	h := intake.History{Minutes: rows(t.minutes), Hours: rows(t.hours), Days: rows(t.days)}
	for _, u := range t.quotas {
		if t.now.Before(u.PeriodEnd) {
			h.Quotas = append(h.Quotas, *u)
		}
	}
	return h
}

func rows(of map[cell]int64) []counts.Row {
	out := make([]counts.Row, 0, len(of))
	for c, n := range of {
		out = append(out, counts.Row{ID: c.ID(c.at), At: c.at, Call: c.Call, Calls: n})
	}
	return out
}
