package seed

import (
	"bytes"
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
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
	if err := t.write(ctx, p.Tx, p.dialect); err != nil {
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
		u = &limits.Used{Organization: s.OrganizationID, AppCounter: of.counter, AccountCounter: account.counter, PeriodStart: start, PeriodEnd: end}
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
func (t *tally) write(ctx context.Context, tx *db.Tx, dialect string) error {
	for by, table := range map[usage.Interval]string{usage.Minute: "usage_minutes", usage.Hour: "usage_hours", usage.Day: "usage_days"} {
		for chunk := range slices.Chunk(sorted(t.counts[by]), perInsert) {
			if err := insertCounts(ctx, tx, dialect, table, by == usage.Minute, chunk); err != nil {
				return err
			}
		}
	}
	for _, u := range t.quotas {
		if !t.now.Before(u.PeriodEnd) {
			continue
		}
		b := sql.Dialect(dialect).Insert("quota_counts").Columns(
			"id", "organization_id", "subscription_id", "account_counter", "period_start", "period_end", "used").
			Values(usage.QuotaID(*u), u.Organization, u.AppCounter, u.AccountCounter, u.PeriodStart, u.PeriodEnd, u.N)
		if err := insert(ctx, tx, b); err != nil {
			return err
		}
	}
	return nil
}

// insertCounts adds counts to a table of them. Those of minutes are part of hours
// and days already.
func insertCounts(ctx context.Context, tx *db.Tx, dialect, table string, minutes bool, counts []filled) error {
	columns := []string{"id", "organization_id", "at", "account_id", "app_id", "credential_id", "product_id", "endpoint_id", "code", "calls"}
	if minutes {
		columns = append(columns, "rolled", "due")
	}
	b := sql.Dialect(dialect).Insert(table).Columns(columns...)
	for _, x := range counts {
		row := []any{x.id, x.Organization, x.at, x.Account, x.App, x.Credential, x.Product, x.Endpoint, x.Code, x.n}
		if minutes {
			row = append(row, x.n, false)
		}
		b.Values(row...)
	}
	return insert(ctx, tx, b)
}

func insert(ctx context.Context, tx *db.Tx, b *sql.InsertBuilder) error {
	query, args := b.Query()
	_, err := tx.ExecContext(ctx, query, args...)
	return err
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
