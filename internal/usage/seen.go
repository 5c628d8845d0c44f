package usage

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/verdict"
	"portico/internal/database"
)

// seenTick is the interval in which the last uses of credentials are stored.
const seenTick = time.Second

// seen is when credentials were last used, in minutes since 1970.
type seen struct {
	mu sync.Mutex
	// fresh is not yet stored, told is of the latest minute that is.
	fresh, told map[uuid.UUID]int64
	// latest is the latest minute of told; it has none before kept.
	latest, kept int64
}

func newSeen() *seen { return &seen{fresh: map[uuid.UUID]int64{}, told: map[uuid.UUID]int64{}} }

// notice takes from rows that are stored when keys were used: only calls that
// passed used them.
func (f *Flusher) notice(rows iter.Seq[counted]) {
	f.seen.mu.Lock()
	defer f.seen.mu.Unlock()
	for r := range rows {
		if r.Code == verdict.Valid.String() && r.Credential != uuid.Nil {
			f.seen.note(r.Credential, minuteOf(r.at))
		}
	}
}

// keepSeen stores when keys were last used until ctx ends. It is no part of a
// flush: that may take seconds, and a flush has less than one.
func (f *Flusher) keepSeen(ctx context.Context) {
	tick := time.NewTicker(seenTick)
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

// FlushLastUsed stores when keys were last used, as far as their calls are
// stored; Run does so every second. What fails waits: no more than a time for
// each key.
func (f *Flusher) FlushLastUsed(ctx context.Context) error {
	fresh := f.seen.take()
	for chunk := range slices.Chunk(inOrder(fresh), mostInBatch) {
		b := newBulk(f.o.DB, len(chunk), column{"id", uuids}, column{"at", times})
		for _, id := range chunk {
			b.id(id)
			b.time(time.Unix(fresh[id]*60, 0))
		}
		if err := f.inTx(ctx, func(tx *database.Tx) error { return touch(ctx, tx, b) }); err != nil {
			f.seen.putBack(fresh)
			return err
		}
		f.seen.settle(chunk, fresh)
	}
	f.seen.forget()
	return nil
}

// note adds that a key was used in a minute, unless that or a later one is
// known. The caller holds mu.
func (s *seen) note(key uuid.UUID, minute int64) {
	if s.told[key] < minute {
		s.fresh[key] = max(s.fresh[key], minute)
	}
}

// take returns what is not yet stored, so that it can be stored without locking mu.
func (s *seen) take() map[uuid.UUID]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.fresh
	s.fresh = map[uuid.UUID]int64{}
	return out
}

// putBack takes back what was taken and is not stored.
func (s *seen) putBack(taken map[uuid.UUID]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, minute := range taken {
		s.note(id, minute)
	}
}

// settle notes what was taken of keys as told, and that no use by then is fresh.
func (s *seen) settle(keys []uuid.UUID, taken map[uuid.UUID]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range keys {
		s.told[id] = max(s.told[id], taken[id])
		s.latest = max(s.latest, taken[id])
		if s.fresh[id] <= s.told[id] {
			delete(s.fresh, id)
		}
	}
}

// forget drops what is told of minutes before the latest.
func (s *seen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
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

// touch moves keys' lastUsedAt forward, and to no time before the key was made:
// calls are counted by the minute, which may have begun before. It is no change of the key: there is no
// event, and the version stays. The rows are locked in the order of their ids.
func touch(ctx context.Context, tx *database.Tx, b *bulk) error {
	text := `UPDATE credentials SET last_used_at = MAX(v.at, created_at) FROM ` + b.source(1) +
		` WHERE credentials.id = v.id AND (last_used_at IS NULL OR last_used_at < v.at)`
	if b.postgres {
		text = `WITH held AS (SELECT c.id, v.at FROM ` + b.source(1) + ` JOIN credentials c ON c.id = v.id
			WHERE c.last_used_at IS NULL OR c.last_used_at < v.at ORDER BY c.id FOR NO KEY UPDATE OF c)
			UPDATE credentials c SET last_used_at = GREATEST(held.at, c.created_at) FROM held WHERE c.id = held.id`
	}
	_, err := tx.ExecContext(ctx, text, b.args()...)
	return err
}
