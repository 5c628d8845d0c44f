package usage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
)

// batch is what one transaction stores. It is never changed, so that it can be
// sent again.
type batch struct {
	id string
	// n is how many rows were counted, used what was taken of quotas.
	n    int
	used []limits.Used
	// rows go into the tables; where there are many, pages hold them and used.
	rows  []counted
	pages []page
}

// fetch makes a batch of what was counted, and reports whether it is for the
// journal.
func (f *Flusher) fetch() (journal bool) {
	rows := f.o.Counter.drain(f.room.rows())
	var used []limits.Used
	if f.o.Quotas != nil {
		used = f.o.Quotas.Drain(f.room.quotas())
	}
	b := &batch{id: "flush/" + uuid.NewString(), n: len(rows), used: used}
	switch n := len(rows) + len(used); {
	case n == 0:
		return false
	case n > mostDirect:
		b.pages = pagesOf(rows, used, f.room.body)
		f.room.free(rows)
	default:
		nameRows(rows)
		b.rows = rows
	}
	f.waiting = append(f.waiting, b)
	return b.pages != nil
}

// nameRows returns rows their ids.
func nameRows(rows []counted) {
	for i := range rows {
		rows[i].id = rows[i].Call.id(rows[i].at)
	}
}

// store stores a batch unless it is stored already. The id of the one before
// is not needed any more: its end is known.
func (f *Flusher) store(ctx context.Context, b *batch) error {
	totals := make([]int64, len(b.used))
	var accounts []limits.Used
	err := f.inTx(ctx, func(tx *database.Tx) error {
		for i := range totals {
			totals[i] = -1
		}
		fresh, err := takeBatch(ctx, tx, b.id, f.o.Clock.Now())
		if err != nil || !fresh {
			return err
		}
		if f.stored != "" {
			if _, err := tx.ExecContext(ctx, `DELETE FROM usage_batches WHERE id = $1`, f.stored); err != nil {
				return err
			}
		}
		if b.pages != nil {
			return f.addPages(ctx, tx, b.pages)
		}
		if err := addMinutes(ctx, f.o.DB, tx, b.rows); err != nil {
			return err
		}
		if err := addQuotas(ctx, f.o.DB, tx, b.used, totals); err != nil {
			return err
		}
		accounts, err = f.accounts(ctx, tx, b.used)
		return err
	})
	if err != nil {
		return err
	}
	f.stored = b.id
	if f.open.Add(int64(len(b.pages))); b.pages == nil {
		f.notice(slices.Values(b.rows))
	}
	switch {
	case len(b.used) == 0:
	case b.pages != nil:
		f.o.Quotas.Journal(b.used)
	default:
		f.o.Quotas.Settle(b.used, totals)
		f.load(accounts)
	}
	f.room.stored(b)
	return nil
}

// addQuotas adds what was used of quotas and finds what all nodes used. A plan
// whose period is made longer where it begins goes on with the same row, which
// then ends later.
func addQuotas(ctx context.Context, db *database.DB, tx *database.Tx, used []limits.Used, totals []int64) error {
	if len(used) == 0 {
		return nil
	}
	sums := map[uuid.UUID]limits.Used{}
	for _, u := range used {
		id := quotaID(u)
		u.N = plus(u.N, sums[id].N)
		sums[id] = u
	}
	b := newBulk(db, len(sums), column{"id", uuids}, column{"organization_id", uuids}, column{"subscription_id", uuids},
		column{"account_counter", uuids}, column{"period_start", times}, column{"period_end", times}, column{"used", ints})
	for _, id := range inOrder(sums) {
		u := sums[id]
		b.id(id, u.Organization, u.Subscription, u.Account)
		b.time(u.PeriodStart)
		b.time(u.PeriodEnd)
		b.int(u.N)
	}
	const names = `id, organization_id, subscription_id, account_counter, period_start, period_end, used`
	values := strings.Replace(names, "account_counter", "NULLIF(account_counter, '"+uuid.Nil.String()+"')", 1)
	found, err := tx.QueryContext(ctx, `INSERT INTO quota_counts AS q (`+names+`) SELECT `+values+` FROM `+b.source(1)+
		` WHERE true ON CONFLICT (id) DO UPDATE SET `+sumIs("q", "used", "used")+`, period_end = excluded.period_end,
			account_counter = COALESCE(excluded.account_counter, q.account_counter) RETURNING id, used`, b.args()...)
	if err != nil {
		return err
	}
	known, err := numbers(found)
	for i, u := range used {
		totals[i] = known[quotaID(u)]
	}
	return err
}

// accounts finds what all apps used of the accounts of rows: of those that are
// kept here.
func (f *Flusher) accounts(ctx context.Context, tx *database.Tx, used []limits.Used) ([]limits.Used, error) {
	if f.o.Quotas == nil {
		return nil, nil
	}
	asked := map[uuid.UUID]bool{}
	var counters []uuid.UUID
	for _, u := range used {
		if u.Account != uuid.Nil && !asked[u.Account] && f.o.Quotas.Holds(u.Account) {
			asked[u.Account] = true
			counters = append(counters, u.Account)
		}
	}
	if len(counters) == 0 {
		return nil, nil
	}
	return accountsUsed(ctx, f.o.DB, tx, counters, f.o.Clock.Now())
}

// load tells the quotas what the database counts for accounts.
func (f *Flusher) load(accounts []limits.Used) {
	for _, u := range accounts {
		f.o.Quotas.Load(u.Subscription, u.PeriodStart, u.N)
	}
}

// quotaID names the row of a counter's period.
func quotaID(u limits.Used) uuid.UUID {
	hash := sha256.Sum256(u.Subscription[:])
	return idAt(hash[:], u.PeriodStart)
}

// inOrder returns a map's ids in their order.
func inOrder[T any](of map[uuid.UUID]T) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(of), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}
