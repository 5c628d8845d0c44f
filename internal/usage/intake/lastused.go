package intake

import (
	"context"
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

// lastUsed is when credentials were last used, in minutes since 1970.
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

// noteLastUsed notes the use of credentials by rows that are stored. Only calls that
// were let through used their credential.
func (f *Flusher) noteLastUsed(rows []counts.Row) {
	f.lastUsed.mu.Lock()
	defer f.lastUsed.mu.Unlock()
	for i := range rows {
		if r := &rows[i]; r.Passed() && r.Credential != uuid.Nil {
			f.lastUsed.note(r.Credential, minuteOf(r.At))
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

// FlushLastUsed stores when credentials were last used, by the calls that are stored;
// Run calls it every second. After an error the times are stored later, the latest
// one for each credential.
func (f *Flusher) FlushLastUsed(ctx context.Context) error {
	pending := f.lastUsed.take()
	for chunk := range slices.Chunk(sortedIDs(pending), counts.ChunkRows) {
		b := newLastUsedBulk(f.o.DB, len(chunk))
		for _, id := range chunk {
			b.ID(id)
			b.Time(time.Unix(pending[id]*60, 0))
		}
		if err := f.inTx(ctx, func(tx *database.Tx) error { return updateLastUsed(ctx, f.o.DB, tx, b) }); err != nil {
			f.lastUsed.putBack(pending)
			return err
		}
		f.lastUsed.setStored(chunk, pending)
	}
	f.lastUsed.prune()
	return nil
}

// note notes that a credential was used in a minute, unless a use in that or a later
// minute is stored. The caller locks mu.
func (l *lastUsed) note(credential uuid.UUID, minute int64) {
	if l.stored[credential] < minute {
		l.pending[credential] = max(l.pending[credential], minute)
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

// setStored notes that the taken uses of credentials are stored. Pending uses that
// are not later are dropped.
func (l *lastUsed) setStored(credentials []uuid.UUID, taken map[uuid.UUID]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range credentials {
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

// updateLastUsedOf updates last_used_at of the credentials with which calls were let
// through.
func updateLastUsedOf(ctx context.Context, db *database.DB, tx counts.Execer, rows []counts.Row) error {
	last := map[uuid.UUID]time.Time{}
	for _, r := range rows {
		if r.Passed() && r.Credential != uuid.Nil && r.At.After(last[r.Credential]) {
			last[r.Credential] = r.At
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
	return updateLastUsed(ctx, db, tx, b)
}

// newLastUsedBulk returns a bulk of credentials and times for updateLastUsed.
func newLastUsedBulk(db *database.DB, rows int) *usagesql.Bulk {
	return usagesql.NewBulk(db, rows, usagesql.Column{Name: "id", Type: usagesql.UUID}, usagesql.Column{Name: "at", Type: usagesql.Timestamp})
}

// updateLastUsed moves last_used_at of credentials and of their apps forward, and never to
// before their creation: calls are counted by the minute, which may have begun earlier. It
// is not a change of these: there is no event, and the version remains. The apps come
// first, as where these are deleted; the rows of each are locked in the order of their ids.
func updateLastUsed(ctx context.Context, db *database.DB, tx counts.Execer, b *usagesql.Bulk) error {
	ofApps := `(SELECT c.app_id AS id, MAX(v.at) AS at FROM ` + b.Source(1) + ` JOIN credentials c ON c.id = v.id WHERE c.app_id IS NOT NULL GROUP BY c.app_id) AS v`
	for _, text := range []string{moveLastUsed(db, "apps", ofApps), moveLastUsed(db, "credentials", b.Source(1))} {
		if _, err := tx.ExecContext(ctx, text, b.Args()...); err != nil {
			return err
		}
	}
	return nil
}

// moveLastUsed returns the statement that moves last_used_at of a table's rows to what
// source, called v, has for their ids.
func moveLastUsed(db *database.DB, table, source string) string {
	if usagesql.Postgres(db) {
		return `WITH locked AS (SELECT x.id, v.at FROM ` + source + ` JOIN ` + table + ` x ON x.id = v.id
			WHERE x.last_used_at IS NULL OR x.last_used_at < v.at ORDER BY x.id FOR NO KEY UPDATE OF x)
			UPDATE ` + table + ` x SET last_used_at = GREATEST(locked.at, x.created_at) FROM locked WHERE x.id = locked.id`
	}
	return `UPDATE ` + table + ` SET last_used_at = MAX(v.at, created_at) FROM ` + source +
		` WHERE ` + table + `.id = v.id AND (last_used_at IS NULL OR last_used_at < v.at)`
}
