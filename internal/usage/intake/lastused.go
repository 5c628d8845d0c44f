package intake

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage/counts"
	"portico/internal/usage/usagesql"
)

// lastUsedTick is the interval in which the last uses of credentials are stored.
const lastUsedTick = time.Second

// lastUsed is when credentials, or apps, were last used, in minutes since 1970.
type lastUsed struct {
	mu sync.Mutex
	// pending are the uses that are not stored yet; stored are those of the latest
	// minute that are, so that they are not stored again.
	pending, stored map[uuid.UUID]int64
	// latest is the latest minute in stored; stored was pruned to prunedTo.
	latest, prunedTo int64
}

func newLastUsed() *lastUsed {
	return &lastUsed{pending: map[uuid.UUID]int64{}, stored: map[uuid.UUID]int64{}}
}

// noteLastUsed notes the use of credentials, and by which apps, by rows that are stored.
// Only calls that were let through used them.
func (f *Flusher) noteLastUsed(rows []counts.Row) {
	f.lastUsed.noteAll(rows, credentialOf)
	f.lastUsedApps.noteAll(rows, appOf)
}

func credentialOf(r *counts.Row) uuid.UUID { return r.Credential }

// appOf returns the app that a call counts for, which may have been made with a credential
// of the whole account.
func appOf(r *counts.Row) uuid.UUID { return r.App }

func (l *lastUsed) noteAll(rows []counts.Row, of func(*counts.Row) uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range rows {
		if r := &rows[i]; r.Passed() && of(r) != uuid.Nil {
			l.note(of(r), minuteOf(r.At))
		}
	}
}

// runLastUsed stores the last uses of credentials until ctx ends. It is not part of
// a flush: it may wait for seconds for locked rows, and a flush has less than one.
func (f *Flusher) runLastUsed(ctx context.Context) {
	tick := time.NewTicker(lastUsedTick)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := f.FlushLastUsed(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			f.o.Log.ErrorContext(ctx, "when keys were last used waits for the database", "error", err)
		}
		failing = err != nil
	}
}

// FlushLastUsed stores when credentials and apps were last used, by the calls that are
// stored; Run calls it every second. After an error the times are stored later, the latest
// one for each.
func (f *Flusher) FlushLastUsed(ctx context.Context) error {
	return errors.Join(f.flushLastUsed(ctx, "apps", f.lastUsedApps), f.flushLastUsed(ctx, "credentials", f.lastUsed))
}

func (f *Flusher) flushLastUsed(ctx context.Context, table string, l *lastUsed) error {
	pending := l.take()
	for chunk := range slices.Chunk(sortedIDs(pending), counts.ChunkRows) {
		b := newLastUsedBulk(f.o.DB, len(chunk))
		for _, id := range chunk {
			b.ID(id)
			b.Time(time.Unix(pending[id]*60, 0))
		}
		if err := f.inTx(ctx, func(tx *database.Tx) error { return updateLastUsed(ctx, f.o.DB, tx, table, b) }); err != nil {
			l.putBack(pending)
			return err
		}
		l.setStored(chunk, pending)
	}
	l.prune()
	return nil
}

// note notes that one was used in a minute, unless a use in that or a later
// minute is stored. The caller locks mu.
func (l *lastUsed) note(id uuid.UUID, minute int64) {
	if l.stored[id] < minute {
		l.pending[id] = max(l.pending[id], minute)
	}
}

// take returns the pending uses and resets them, so that they can be stored without
// mu locked.
func (l *lastUsed) take() map[uuid.UUID]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.pending
	l.pending = map[uuid.UUID]int64{}
	return out
}

// putBack makes taken uses that are not stored pending again.
func (l *lastUsed) putBack(taken map[uuid.UUID]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, minute := range taken {
		l.note(id, minute)
	}
}

// setStored notes that the taken uses of some are stored. Pending uses that
// are not later are dropped.
func (l *lastUsed) setStored(some []uuid.UUID, taken map[uuid.UUID]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range some {
		l.stored[id] = max(l.stored[id], taken[id])
		l.latest = max(l.latest, taken[id])
		if l.pending[id] <= l.stored[id] {
			delete(l.pending, id)
		}
	}
}

// prune deletes the stored uses of minutes before the latest.
func (l *lastUsed) prune() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.latest == l.prunedTo {
		return
	}
	l.prunedTo = l.latest
	for id, minute := range l.stored {
		if minute < l.latest {
			delete(l.stored, id)
		}
	}
}

// updateLastUsedOf updates last_used_at of the apps that made calls which were let through,
// and of their credentials: the apps first, as where these are deleted.
func updateLastUsedOf(ctx context.Context, db *database.DB, tx counts.Execer, rows []counts.Row) error {
	if err := updateLastUsedBy(ctx, db, tx, "apps", rows, appOf); err != nil {
		return err
	}
	return updateLastUsedBy(ctx, db, tx, "credentials", rows, credentialOf)
}

func updateLastUsedBy(ctx context.Context, db *database.DB, tx counts.Execer, table string, rows []counts.Row, of func(*counts.Row) uuid.UUID) error {
	last := map[uuid.UUID]time.Time{}
	for i := range rows {
		if r := &rows[i]; r.Passed() && of(r) != uuid.Nil && r.At.After(last[of(r)]) {
			last[of(r)] = r.At
		}
	}
	if len(last) == 0 {
		return nil
	}
	b := newLastUsedBulk(db, len(last))
	for _, id := range sortedIDs(last) {
		b.ID(id)
		b.Time(last[id])
	}
	return updateLastUsed(ctx, db, tx, table, b)
}

// newLastUsedBulk returns a bulk of ids and times for updateLastUsed.
func newLastUsedBulk(db *database.DB, rows int) *usagesql.Bulk {
	return usagesql.NewBulk(db, rows, usagesql.Column{Name: "id", Type: usagesql.UUID}, usagesql.Column{Name: "at", Type: usagesql.Timestamp})
}

// updateLastUsed moves last_used_at of credentials or apps forward, and never to before their
// creation: calls are counted by the minute, which may have begun earlier. It is not a
// change of these: there is no event, and the version remains. The rows are locked in the
// order of their ids.
func updateLastUsed(ctx context.Context, db *database.DB, tx counts.Execer, table string, b *usagesql.Bulk) error {
	text := `UPDATE ` + table + ` SET last_used_at = MAX(v.at, created_at) FROM ` + b.Source(1) +
		` WHERE ` + table + `.id = v.id AND (last_used_at IS NULL OR last_used_at < v.at)`
	if usagesql.Postgres(db) {
		text = `WITH locked AS (SELECT x.id, v.at FROM ` + b.Source(1) + ` JOIN ` + table + ` x ON x.id = v.id
			WHERE x.last_used_at IS NULL OR x.last_used_at < v.at ORDER BY x.id FOR NO KEY UPDATE OF x)
			UPDATE ` + table + ` x SET last_used_at = GREATEST(locked.at, x.created_at) FROM locked WHERE x.id = locked.id`
	}
	_, err := tx.ExecContext(ctx, text, b.Args()...)
	return err
}
