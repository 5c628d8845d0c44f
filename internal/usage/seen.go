package usage

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/verdict"
)

// seen is when keys were last used, by the minute since 1970.
type seen struct {
	// fresh is not yet stored, told is of the latest minute that is.
	fresh, told map[uuid.UUID]int64
	// latest is the latest minute of told; it has none before kept.
	latest, kept int64
}

func newSeen() seen { return seen{fresh: map[uuid.UUID]int64{}, told: map[uuid.UUID]int64{}} }

// notice takes from rows that are stored when keys were used: only calls that
// passed used them.
func (f *Flusher) notice(rows iter.Seq[counted]) {
	f.seeing.Lock()
	defer f.seeing.Unlock()
	for r := range rows {
		minute := r.at.Unix() / 60
		if r.Code != verdict.Valid.String() || r.Credential == uuid.Nil || f.seen.told[r.Credential] >= minute {
			continue
		}
		f.seen.fresh[r.Credential] = max(f.seen.fresh[r.Credential], minute)
	}
}

// flushSeen stores when keys were last used. What fails waits: no more than a
// time for each key.
func (f *Flusher) flushSeen(ctx context.Context) error {
	f.seeing.Lock()
	defer f.seeing.Unlock()
	for chunk := range slices.Chunk(inOrder(f.seen.fresh), mostInBatch) {
		b := newBulk(f.o.DB, len(chunk), column{"id", uuids}, column{"at", times})
		for _, id := range chunk {
			b.id(id)
			b.time(time.Unix(f.seen.fresh[id]*60, 0))
		}
		if err := f.o.DB.InTx(ctx, func(tx *database.Tx) error { return touch(ctx, tx, b) }); err != nil {
			return err
		}
		f.seen.settle(chunk)
	}
	f.seen.forget()
	return nil
}

// settle moves keys from fresh to told.
func (s *seen) settle(keys []uuid.UUID) {
	for _, id := range keys {
		s.told[id] = s.fresh[id]
		s.latest = max(s.latest, s.fresh[id])
		delete(s.fresh, id)
	}
}

// forget drops what is told of minutes before the latest.
func (s *seen) forget() {
	if s.latest == s.kept {
		return
	}
	s.kept = s.latest
	for id, minute := range s.told {
		if minute < s.latest {
			delete(s.told, id)
		}
	}
}

// touchUsed moves the lastUsedAt of the keys that calls passed with.
func touchUsed(ctx context.Context, db *database.DB, tx *database.Tx, rows []counted) error {
	last := map[uuid.UUID]time.Time{}
	for _, r := range rows {
		if r.Code == verdict.Valid.String() && r.Credential != uuid.Nil && r.at.After(last[r.Credential]) {
			last[r.Credential] = r.at
		}
	}
	if len(last) == 0 {
		return nil
	}
	b := newBulk(db, len(last), column{"id", uuids}, column{"at", times})
	for _, id := range inOrder(last) {
		b.id(id)
		b.time(last[id])
	}
	return touch(ctx, tx, b)
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
