package seed

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/usage"
)

// perInsert is how many counts one statement writes.
const perInsert = 500

// calls creates the calls of the apps: the counts, the use of quotas, and when
// credentials were last used.
func (p *player) calls(ctx context.Context, name string) error {
	loc, err := zone.Load(name)
	if err != nil {
		return err
	}
	offers := map[uuid.UUID]offer{}
	for _, x := range p.products {
		offers[x.ID] = x
	}
	t := &tally{loc: loc, now: p.today, offers: offers, counts: map[usage.Interval]map[cell]int64{usage.Minute: {}, usage.Hour: {}, usage.Day: {}},
		quotas: map[period]*limits.Used{}, accounts: map[period]int64{}, used: map[uuid.UUID]time.Time{}}
	from := usage.Day.Start(p.today.AddDate(0, 0, 1-daysOfCalls), loc)
	for _, c := range p.callers {
		for _, s := range c.streams(offers, p.today) {
			for at := from; at.Before(p.today); at = at.Add(time.Hour) {
				s.hour(at, loc, p.today, func(call usage.Call, at time.Time, n int64) { t.count(call, s.registration, at, n) })
			}
		}
	}
	if err := t.write(ctx, p.Tx); err != nil {
		return err
	}
	for id, at := range t.used {
		if err := p.Credential.UpdateOneID(id).SetLastUsedAt(at).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
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
	loc    *time.Location
	now    time.Time
	offers map[uuid.UUID]offer
	counts map[usage.Interval]map[cell]int64
	// quotas is what subscriptions used in each period, accounts what all apps of
	// an account did, used when a call with each key was last good.
	quotas   map[period]*limits.Used
	accounts map[period]int64
	used     map[uuid.UUID]time.Time
}

// count counts n calls of a minute. Those beyond a quota count as refused.
func (t *tally) count(call usage.Call, s *db.Subscription, at time.Time, n int64) {
	if call.Code == valid {
		if over := n - t.take(s, at, n); over > 0 {
			refused := call
			refused.Code = quotaExceeded
			t.add(refused, at, over)
			n -= over
		}
	}
	t.add(call, at, n)
	if call.Code == valid && at.After(t.used[call.Credential]) {
		t.used[call.Credential] = at
	}
}

func (t *tally) add(call usage.Call, at time.Time, n int64) {
	if n == 0 {
		return
	}
	if t.now.Sub(at) <= fresh {
		t.counts[usage.Minute][cell{call, at}] += n
	}
	t.counts[usage.Hour][cell{call, usage.Hour.Start(at, t.loc)}] += n
	t.counts[usage.Day][cell{call, usage.Day.Start(at, t.loc)}] += n
}

// take takes up to n units of the quota of an app and a product, and returns how
// many were left to take.
func (t *tally) take(s *db.Subscription, at time.Time, n int64) int64 {
	plan := t.offers[s.ProductID].byID(s.PlanID)
	quota := limits.QuotaOf(plan.Quota)
	if quota.None() {
		return n
	}
	start, end := quota.Period(at, t.loc)
	of := period{limits.ByApp(s.AppID, s.ProductID), start}
	account := period{limits.ByAccount(s.AccountID, s.ProductID, quota.Per), start}
	u := t.quotas[of]
	if u == nil {
		u = &limits.Used{Organization: s.OrganizationID, Subscription: of.counter, Account: account.counter, PeriodStart: start, PeriodEnd: end}
		t.quotas[of] = u
	}
	counted := u.N
	if plan.QuotaPer == domain.QuotaPerAccount {
		counted = t.accounts[account]
	}
	n = min(n, quota.Limit-counted)
	u.N += n
	t.accounts[account] += n
	return n
}

// byID returns a plan of an offer.
func (o offer) byID(id uuid.UUID) *db.Plan {
	for _, one := range o.plans {
		if one.ID == id {
			return one
		}
	}
	return nil
}

// write stores all counts: hours and days include the minutes, and of quotas
// only the current periods are stored.
func (t *tally) write(ctx context.Context, tx *db.Tx) error {
	for chunk := range slices.Chunk(sorted(t.counts[usage.Minute]), perInsert) {
		err := tx.UsageMinute.MapCreateBulk(chunk, func(c *db.UsageMinuteCreate, i int) {
			fill(c, chunk[i]).SetRolled(chunk[i].n).SetDue(false)
		}).Exec(ctx)
		if err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(sorted(t.counts[usage.Hour]), perInsert) {
		if err := tx.UsageHour.MapCreateBulk(chunk, func(c *db.UsageHourCreate, i int) { fill(c, chunk[i]) }).Exec(ctx); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(sorted(t.counts[usage.Day]), perInsert) {
		if err := tx.UsageDay.MapCreateBulk(chunk, func(c *db.UsageDayCreate, i int) { fill(c, chunk[i]) }).Exec(ctx); err != nil {
			return err
		}
	}
	for _, u := range t.quotas {
		if !t.now.Before(u.PeriodEnd) {
			continue
		}
		err := tx.QuotaCount.Create().SetID(usage.QuotaID(*u)).SetOrganizationID(u.Organization).SetSubscriptionID(u.Subscription).
			SetAccountCounter(u.Account).SetPeriodStart(u.PeriodStart).SetPeriodEnd(u.PeriodEnd).SetUsed(u.N).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// filled is a cell with its count and its row's id.
type filled struct {
	cell
	id uuid.UUID
	n  int64
}

// sorted returns the counts in the order of their rows.
func sorted(counts map[cell]int64) []filled {
	out := make([]filled, 0, len(counts))
	for c, n := range counts {
		out = append(out, filled{c, c.ID(c.at), n})
	}
	slices.SortFunc(out, func(a, b filled) int { return bytes.Compare(a.id[:], b.id[:]) })
	return out
}

// counter is a builder of a row of minutes, hours or days.
type counter[C any] interface {
	SetID(uuid.UUID) C
	SetOrganizationID(uuid.UUID) C
	SetAt(time.Time) C
	SetAccountID(uuid.UUID) C
	SetAppID(uuid.UUID) C
	SetCredentialID(uuid.UUID) C
	SetProductID(uuid.UUID) C
	SetEndpointID(uuid.UUID) C
	SetCode(string) C
	SetCalls(int64) C
}

func fill[C counter[C]](c C, x filled) C {
	return c.SetID(x.id).SetOrganizationID(x.Organization).SetAt(x.at).SetAccountID(x.Account).SetAppID(x.App).
		SetCredentialID(x.Credential).SetProductID(x.Product).SetEndpointID(x.Endpoint).SetCode(x.Code).SetCalls(x.n)
}
