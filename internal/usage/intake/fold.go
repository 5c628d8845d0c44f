package intake

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/counts"
	"portico/internal/usage/usagesql"
)

const (
	// foldEvery is the interval in which a busy node folds its journal; the longer it
	// is, the more calls are added to a row at once.
	foldEvery = time.Minute
	// foldTick is how soon a node folds when it is no longer busy.
	foldTick = time.Second
	// orphanAge is the age at which other nodes fold a page though its node is alive.
	orphanAge = 5 * time.Minute
	// foldPages is the maximum number of pages that one transaction folds.
	foldPages = 256
	// unreadable is the part of pages that cannot be decoded.
	unreadable = -1
)

// runFolding folds until ctx ends: the pages of this node, and those that other nodes
// have left.
func (f *Flusher) runFolding(ctx context.Context) {
	tick := time.NewTicker(foldTick)
	defer tick.Stop()
	began := time.Now()
	last, orphans := began, began
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var err error
		if time.Since(orphans) > foldEvery {
			orphans = time.Now()
			err = f.foldOrphans(ctx)
		}
		if f.unfolded.Load() > 0 && err == nil && (!f.busy.Load() || time.Since(last) > foldEvery) {
			err = f.Fold(ctx)
			last = time.Now()
		}
		if err != nil && ctx.Err() == nil {
			f.o.Log.ErrorContext(ctx, "the journal of calls could not be folded", "error", err)
		}
	}
}

// foldOrphans folds the pages that other nodes have left.
func (f *Flusher) foldOrphans(ctx context.Context) error {
	nodes, err := f.orphanNodes(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := f.foldWhere(ctx, "node_id = $2", node); err != nil {
			return err
		}
	}
	return nil
}

// orphanNodes returns the nodes that have pages and have ended, or have not folded
// them for orphanAge.
func (f *Flusher) orphanNodes(ctx context.Context) (nodes []uuid.UUID, err error) {
	now := f.o.Clock.Now()
	rows, err := f.o.DB.QueryContext(ctx, `SELECT DISTINCT j.node_id FROM usage_journal j WHERE j.part >= 0 AND (j.taken_at < $1
		OR NOT EXISTS (SELECT 1 FROM gate_nodes n WHERE n.id = j.node_id AND n.seen_at >= $2))`, now.Add(-orphanAge), now.Add(-usage.NodeTimeout))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var node uuid.UUID
		if err := rows.Scan(&node); err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, rows.Err()
}

// Fold adds the pages that this node has in the journal to the counts.
func (f *Flusher) Fold(ctx context.Context) error {
	f.mu.Lock() // not during a flush
	through, until, mark := f.through.Load(), f.o.Clock.Now(), int64(0)
	if f.o.Quotas != nil {
		mark = f.o.Quotas.Mark()
	}
	f.mu.Unlock()
	if err := f.foldWhere(ctx, "node_id = $2", f.o.Node); err != nil {
		return err
	}
	return f.checkFolded(ctx, through, until, mark)
}

// checkFolded counts the pages of this node that are left: those stored since, and
// those that another node is folding at the moment. If none of them was stored until
// then, all calls up to through are part of reports.
func (f *Flusher) checkFolded(ctx context.Context, through int64, until time.Time, mark int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var left, old int64
	err := f.o.DB.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(CASE WHEN taken_at <= $2 THEN 1 ELSE 0 END), 0)
		FROM usage_journal WHERE node_id = $1 AND part >= 0`, f.o.Node, until).Scan(&left, &old)
	if err != nil {
		return err
	}
	f.unfolded.Store(left)
	if old > 0 {
		return nil
	}
	f.visible.Store(max(through, f.visible.Load()))
	if f.o.Quotas != nil {
		f.o.Quotas.Folded(mark)
	}
	return nil
}

// Recover folds the whole journal: the pages of all nodes, and pages that another
// version could not decode. It is called at the start, before quotas are read.
func (f *Flusher) Recover(ctx context.Context) error {
	const stored = "taken_at <= $2"
	until := f.o.Clock.Now().Add(orphanAge)
	if err := f.foldWhere(ctx, stored, until); err != nil {
		return err
	}
	_, err := f.foldSome(ctx, unreadable, stored, until)
	return err
}

// foldWhere folds the pages that meet a condition on $2, part by part.
func (f *Flusher) foldWhere(ctx context.Context, condition string, arg any) error {
	for part := range parts {
		for {
			n, err := f.foldSome(ctx, part, condition, arg)
			if err != nil {
				return err
			}
			if n < foldPages {
				break
			}
		}
	}
	return nil
}

// foldSome folds up to foldPages pages in one transaction, which also deletes them
// from the journal: whether it succeeds or not, each is counted once. n is the number
// of pages read, including those that cannot be decoded.
func (f *Flusher) foldSome(ctx context.Context, part int, condition string, arg any) (n int, err error) {
	var rows []counts.Row
	var used []limits.Used
	var totals []int64
	var accounts []limits.Used
	err = f.o.DB.InTx(ctx, func(tx *database.Tx) error {
		found, ids, bad, err := lockPages(ctx, f.o.DB, tx, part, condition, arg)
		if err == nil {
			err = f.setAside(ctx, tx, bad)
		}
		if n = len(ids) + len(bad); err != nil || len(ids) == 0 {
			return err
		}
		rows, used = found.counts(), found.quotas()
		if err := counts.AddRolledUp(ctx, f.o.DB, tx, rows); err != nil {
			return err
		}
		totals = make([]int64, len(used))
		if err := addUsed(ctx, f.o.DB, tx, used, totals); err != nil {
			return err
		}
		if accounts, err = f.usedByAccounts(ctx, tx, used); err != nil {
			return err
		}
		args := &usagesql.Args{DB: f.o.DB}
		_, err = tx.ExecContext(ctx, `DELETE FROM usage_journal WHERE `+args.AnyOf("id", ids), args.Values...)
		return err
	})
	if err != nil {
		return n, err
	}
	f.noteLastUsed(rows)
	if f.o.Quotas == nil {
		return n, nil
	}
	for i, u := range used {
		f.o.Quotas.Load(u.AppCounter, u.PeriodStart, totals[i])
	}
	f.loadQuotas(accounts)
	return n, nil
}

// setAside moves pages that cannot be decoded to the part unreadable, where they do
// not block other pages. They are not deleted: a newer version may decode them.
func (f *Flusher) setAside(ctx context.Context, tx *database.Tx, bad []uuid.UUID) error {
	if len(bad) == 0 {
		return nil
	}
	f.o.Log.ErrorContext(ctx, "pages of the journal of calls cannot be read and are set aside; what they hold is not counted", "pages", bad)
	args := &usagesql.Args{DB: f.o.DB}
	_, err := tx.ExecContext(ctx, `UPDATE usage_journal SET part = `+strconv.Itoa(unreadable)+` WHERE `+args.AnyOf("id", bad), args.Values...)
	return err
}

// lockPages reads the oldest pages and locks them, so that no other node folds them.
// bad are the ids of those that cannot be decoded.
func lockPages(ctx context.Context, db *database.DB, tx *database.Tx, part int, condition string, arg any) (found *pageSums, ids, bad []uuid.UUID, err error) {
	lock := ""
	if usagesql.Postgres(db) {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	rows, err := tx.QueryContext(ctx, `SELECT id, body FROM usage_journal WHERE part = $1 AND `+condition+
		` ORDER BY taken_at LIMIT `+strconv.Itoa(foldPages)+lock, part, arg)
	if err != nil {
		return nil, nil, nil, err
	}
	defer rows.Close()
	found = newPageSums()
	for rows.Next() {
		var id uuid.UUID
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return nil, nil, nil, err
		}
		if found.add(body) != nil {
			bad = append(bad, id)
			continue
		}
		ids = append(ids, id)
	}
	return found, ids, bad, rows.Err()
}
