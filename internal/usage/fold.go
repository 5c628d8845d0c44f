package usage

import (
	"context"
	"slices"
	"strconv"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
)

const (
	// foldEvery is how often a busy node folds its journal: the longer, the more
	// calls become one row.
	foldEvery = time.Minute
	// foldTick is how soon a node folds that is not busy any more.
	foldTick = time.Second
	// orphanAge is when a page is folded by others though its node is still seen.
	orphanAge = 5 * time.Minute
	// foldPages bounds the pages that one transaction folds.
	foldPages = 256
	// unreadable is the part of pages that could not be read.
	unreadable = -1
)

// keepFolding folds until ctx ends: this node's pages, and those of others that
// were left behind.
func (f *Flusher) keepFolding(ctx context.Context) {
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
		if f.open.Load() > 0 && err == nil && (!f.busy.Load() || time.Since(last) > foldEvery) {
			err = f.Fold(ctx)
			last = time.Now()
		}
		if err != nil && ctx.Err() == nil {
			f.o.Log.ErrorContext(ctx, "the journal of calls could not be folded", "error", err)
		}
	}
}

// foldOrphans folds what nodes left behind.
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

// orphanNodes finds the nodes that have pages and are not seen any more, or do
// not get to it.
func (f *Flusher) orphanNodes(ctx context.Context) (nodes []uuid.UUID, err error) {
	now := f.o.Clock.Now()
	rows, err := f.o.DB.QueryContext(ctx, `SELECT DISTINCT j.node_id FROM usage_journal j WHERE j.part >= 0 AND (j.taken_at < $1
		OR NOT EXISTS (SELECT 1 FROM gate_nodes n WHERE n.id = j.node_id AND n.seen_at >= $2))`, now.Add(-orphanAge), now.Add(-nodeSilence))
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

// Fold puts what this node has in the journal where it belongs.
func (f *Flusher) Fold(ctx context.Context) error {
	f.mu.Lock() // between flushes
	through, until, mark := f.through.Load(), f.o.Clock.Now(), int64(0)
	if f.o.Quotas != nil {
		mark = f.o.Quotas.Mark()
	}
	f.mu.Unlock()
	if err := f.foldWhere(ctx, "node_id = $2", f.o.Node); err != nil {
		return err
	}
	return f.look(ctx, through, until, mark)
}

// look finds what is left of this node's pages: those since, and those that
// another node is folding at this moment.
func (f *Flusher) look(ctx context.Context, through int64, until time.Time, mark int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var left, old int64
	err := f.o.DB.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(CASE WHEN taken_at <= $2 THEN 1 ELSE 0 END), 0)
		FROM usage_journal WHERE node_id = $1 AND part >= 0`, f.o.Node, until).Scan(&left, &old)
	if err != nil {
		return err
	}
	f.open.Store(left)
	if old > 0 {
		return nil
	}
	f.visible.Store(max(through, f.visible.Load()))
	if f.o.Quotas != nil {
		f.o.Quotas.Folded(mark)
	}
	return nil
}

// Recover folds all that is in the journal, whoever left it there, also what
// another program could not read. It is for the start, before quotas are asked
// about.
func (f *Flusher) Recover(ctx context.Context) error {
	const all = "taken_at <= $2"
	until := f.o.Clock.Now().Add(orphanAge)
	if err := f.foldWhere(ctx, all, until); err != nil {
		return err
	}
	_, err := f.foldSome(ctx, unreadable, all, until)
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

// foldSome folds up to foldPages pages in one transaction, which takes them out
// of the journal: however it ends, each is counted once.
func (f *Flusher) foldSome(ctx context.Context, part int, condition string, arg any) (n int, err error) {
	var rows []counted
	var used []limits.Used
	var totals []int64
	var accounts []limits.Used
	err = f.o.DB.InTx(ctx, func(tx *database.Tx) error {
		found, ids, bad, err := takePages(ctx, f.o.DB, tx, part, condition, arg)
		if err == nil {
			err = f.setAside(ctx, tx, bad)
		}
		// Those that are set aside count: there may be more behind them.
		if n = len(ids) + len(bad); err != nil || len(ids) == 0 {
			return err
		}
		rows, used = found.counted(), found.quotas()
		if err := addRolled(ctx, f.o.DB, tx, rows); err != nil {
			return err
		}
		totals = make([]int64, len(used))
		if err := addQuotas(ctx, f.o.DB, tx, used, totals); err != nil {
			return err
		}
		if accounts, err = f.accounts(ctx, tx, used); err != nil {
			return err
		}
		sel := &selection{db: f.o.DB}
		_, err = tx.ExecContext(ctx, `DELETE FROM usage_journal WHERE `+sel.anyOf("id", ids), sel.args...)
		return err
	})
	if err != nil {
		return n, err
	}
	f.notice(slices.Values(rows))
	if f.o.Quotas == nil {
		return n, nil
	}
	for i, u := range used {
		f.o.Quotas.Load(u.Subscription, u.PeriodStart, totals[i])
	}
	f.load(accounts)
	return n, nil
}

// setAside takes pages that cannot be read out of everybody's way. They are
// kept: a newer program may know them.
func (f *Flusher) setAside(ctx context.Context, tx *database.Tx, bad []uuid.UUID) error {
	if len(bad) == 0 {
		return nil
	}
	f.o.Log.ErrorContext(ctx, "pages of the journal of calls cannot be read and are set aside; what they hold is not counted", "pages", bad)
	sel := &selection{db: f.o.DB}
	_, err := tx.ExecContext(ctx, `UPDATE usage_journal SET part = `+strconv.Itoa(unreadable)+` WHERE `+sel.anyOf("id", bad), sel.args...)
	return err
}

// takePages reads the oldest pages and keeps others from folding them. bad are
// those that cannot be read.
func takePages(ctx context.Context, db *database.DB, tx *database.Tx, part int, condition string, arg any) (found *sums, ids, bad []uuid.UUID, err error) {
	lock := ""
	if db.Dialect() == dialect.Postgres {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	rows, err := tx.QueryContext(ctx, `SELECT id, body FROM usage_journal WHERE part = $1 AND `+condition+
		` ORDER BY taken_at LIMIT `+strconv.Itoa(foldPages)+lock, part, arg)
	if err != nil {
		return nil, nil, nil, err
	}
	defer rows.Close()
	found = newSums()
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
