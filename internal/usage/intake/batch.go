package intake

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
	"portico/internal/usage/counts"
)

// batch is what one transaction stores. It is not changed after it was created, so
// that it can be stored again after an error.
type batch struct {
	id string
	// n is the number of rows counted, used is what was used of quotas.
	n    int
	used []limits.Used
	// rows are added to the counts. If there are many, pages contain them and used.
	rows  []counts.Row
	pages []page
}

// newBatch appends what was counted to the waiting batches, and reports whether it
// is for the journal.
func (f *Flusher) newBatch() (journal bool) {
	rows := f.o.Counter.drain(f.buffers.takeRows())
	var used []limits.Used
	if f.o.Quotas != nil {
		used = f.o.Quotas.Drain(f.buffers.takeUsed())
	}
	b := &batch{id: "flush/" + uuid.NewString(), n: len(rows), used: used}
	switch n := len(rows) + len(used); {
	case n == 0:
		return false
	case n > maxDirect:
		b.pages = pagesOf(rows, used, f.buffers.takeBody)
		f.buffers.putRows(rows)
	default:
		setIDs(rows)
		b.rows = rows
	}
	f.waiting = append(f.waiting, b)
	return b.pages != nil
}

// store stores a batch unless it is stored already. It deletes the id of the batch
// before, which is known to be stored.
func (f *Flusher) store(ctx context.Context, b *batch) error {
	totals := make([]int64, len(b.used))
	var accounts []limits.Used
	err := f.inTx(ctx, func(tx *database.Tx) error {
		for i := range totals {
			totals[i] = -1
		}
		fresh, err := insertBatch(ctx, tx, b.id, f.o.Clock.Now())
		if err != nil || !fresh {
			return err
		}
		if f.lastBatch != "" {
			if _, err := tx.ExecContext(ctx, `DELETE FROM usage_batches WHERE id = $1`, f.lastBatch); err != nil {
				return err
			}
		}
		if b.pages != nil {
			return f.insertPages(ctx, tx, b.pages)
		}
		if err := counts.AddMinutes(ctx, f.o.DB, tx, b.rows); err != nil {
			return err
		}
		if err := addUsed(ctx, f.o.DB, tx, b.used, totals); err != nil {
			return err
		}
		accounts, err = f.usedByAccounts(ctx, tx, b.used)
		return err
	})
	if err != nil {
		return err
	}
	f.lastBatch = b.id
	if f.unfolded.Add(int64(len(b.pages))); b.pages == nil {
		f.noteLastUsed(b.rows)
	}
	switch {
	case len(b.used) == 0:
	case b.pages != nil:
		f.o.Quotas.Journal(b.used)
	default:
		f.o.Quotas.Settle(b.used, totals)
		f.loadQuotas(accounts)
	}
	f.buffers.putBatch(b)
	return nil
}

// usedByAccounts returns what all apps of the accounts in used have used, for the
// accounts that Quotas counts.
func (f *Flusher) usedByAccounts(ctx context.Context, tx *database.Tx, used []limits.Used) ([]limits.Used, error) {
	if f.o.Quotas == nil {
		return nil, nil
	}
	asked := map[uuid.UUID]bool{}
	var counters []uuid.UUID
	for _, u := range used {
		if u.AccountCounter != uuid.Nil && !asked[u.AccountCounter] && f.o.Quotas.Holds(u.AccountCounter) {
			asked[u.AccountCounter] = true
			counters = append(counters, u.AccountCounter)
		}
	}
	if len(counters) == 0 {
		return nil, nil
	}
	return readAccounts(ctx, f.o.DB, tx, counters, f.o.Clock.Now())
}

// loadQuotas passes what the database counts for accounts to Quotas.
func (f *Flusher) loadQuotas(accounts []limits.Used) {
	for _, u := range accounts {
		f.o.Quotas.Load(u.AppCounter, u.PeriodStart, u.N)
	}
}

// sortedIDs returns the keys of a map in their order.
func sortedIDs[T any](of map[uuid.UUID]T) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(of), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}
