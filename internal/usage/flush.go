package usage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/limits"
)

// batch is what one transaction stores. It is never changed, so that it can be
// sent again.
type batch struct {
	id   string
	rows []counted
	used []limits.Used
	// pages hold the rows and the used in place of the tables where there are
	// many.
	pages []page
}

// fetch makes batches of what was counted.
func (f *Flusher) fetch() {
	rows := f.o.Counter.drain()
	var used []limits.Used
	if f.o.Quotas != nil {
		used = f.o.Quotas.Drain(nil)
	}
	if len(rows)+len(used) > mostDirect {
		f.waiting = append(f.waiting, &batch{id: "flush/" + uuid.NewString(), rows: rows, used: used, pages: pagesOf(rows, used)})
		return
	}
	if len(rows)+len(used) > 0 {
		f.waiting = append(f.waiting, &batch{id: "flush/" + uuid.NewString(), rows: rows, used: used})
	}
}

// store stores a batch unless it is stored already. The id of the one before
// is not needed any more: its end is known.
func (f *Flusher) store(ctx context.Context, b *batch) error {
	totals := make([]int64, len(b.used))
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
		return addQuotas(ctx, f.o.DB, tx, b.used, totals)
	})
	if err != nil {
		return err
	}
	f.stored = b.id
	f.open.Add(int64(len(b.pages)))
	if len(b.used) > 0 {
		f.o.Quotas.Settle(b.used, totals)
	}
	return nil
}

// addQuotas adds what was used of quotas and finds what all nodes used.
func addQuotas(ctx context.Context, db *database.DB, tx *database.Tx, used []limits.Used, totals []int64) error {
	if len(used) == 0 {
		return nil
	}
	sums := map[uuid.UUID]limits.Used{}
	for _, u := range used {
		id := quotaID(u)
		u.N += sums[id].N
		sums[id] = u
	}
	b := newBulk(db, len(sums), column{"id", uuids}, column{"organization_id", uuids}, column{"subscription_id", uuids},
		column{"period_start", times}, column{"period_end", times}, column{"used", ints})
	for _, id := range inOrder(sums) {
		u := sums[id]
		b.id(id, u.Organization, u.Subscription)
		b.time(u.PeriodStart)
		b.time(u.PeriodEnd)
		b.int(u.N)
	}
	const names = `id, organization_id, subscription_id, period_start, period_end, used`
	found, err := tx.QueryContext(ctx, `INSERT INTO quota_counts AS q (`+names+`) SELECT `+names+` FROM `+b.source(1)+
		` WHERE true ON CONFLICT (id) DO UPDATE SET used = q.used + excluded.used RETURNING id, used`, b.args()...)
	if err != nil {
		return err
	}
	known, err := numbers(found)
	for i, u := range used {
		totals[i] = known[quotaID(u)]
	}
	return err
}

// quotaID names the row of a registration's period.
func quotaID(u limits.Used) uuid.UUID {
	hash := sha256.Sum256(u.Subscription[:])
	return idAt(hash[:], u.PeriodStart)
}

// flushSeen stores when keys were last used. What fails waits: no more than a
// time for each key.
func (f *Flusher) flushSeen(ctx context.Context) error {
	f.seeing.Lock()
	defer f.seeing.Unlock()
	for id, minute := range f.o.Counter.drainSeen() {
		f.seen[id] = max(f.seen[id], minute)
	}
	for chunk := range slices.Chunk(inOrder(f.seen), mostInBatch) {
		b := newBulk(f.o.DB, len(chunk), column{"id", uuids}, column{"at", times})
		for _, id := range chunk {
			b.id(id)
			b.time(time.Unix(f.seen[id]*60, 0))
		}
		if err := f.o.DB.InTx(ctx, func(tx *database.Tx) error { return touch(ctx, tx, b) }); err != nil {
			return err
		}
		for _, id := range chunk {
			delete(f.seen, id)
		}
	}
	return nil
}

// touch moves keys' lastUsedAt forward. It is no change of the key: there is no
// event, and the version stays. The rows are locked in the order of their ids.
func touch(ctx context.Context, tx *database.Tx, b *bulk) error {
	text := `UPDATE credentials SET last_used_at = v.at FROM ` + b.source(1) +
		` WHERE credentials.id = v.id AND (last_used_at IS NULL OR last_used_at < v.at)`
	if b.postgres {
		text = `WITH held AS (SELECT c.id, v.at FROM ` + b.source(1) + ` JOIN credentials c ON c.id = v.id
			WHERE c.last_used_at IS NULL OR c.last_used_at < v.at ORDER BY c.id FOR NO KEY UPDATE OF c)
			UPDATE credentials c SET last_used_at = held.at FROM held WHERE c.id = held.id`
	}
	_, err := tx.ExecContext(ctx, text, b.args()...)
	return err
}

// inOrder gives a map's ids in their order.
func inOrder[T any](of map[uuid.UUID]T) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(of), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}
