package usage

import (
	"context"
	"database/sql"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/database"
	"portico/internal/testdb"
)

// patience is how long a test waits for what has to happen.
const patience = 10 * time.Second

// key makes a key of the organization.
func (w *world) key() uuid.UUID {
	w.t.Helper()
	account, key, now := uuid.New(), uuid.New(), w.clock.Now().Add(-48*time.Hour)
	w.exec(`INSERT INTO accounts (id, created_at, updated_at, name, name_folded, profile, organization_id) VALUES ($1, $2, $2, 'a', 'a', '{}', $3)`, account, now, w.org)
	w.exec(`INSERT INTO credentials (id, created_at, updated_at, username, secret_hash, account_id, organization_id) VALUES ($1, $2, $2, $1, 'x', $3, $4)`, key, now, account, w.org)
	return key
}

// used counts a call that passed with a key.
func (w *world) used(key uuid.UUID, at time.Time) {
	w.counter.Add(&Call{Organization: w.org, Credential: key, Code: "VALID"}, at, 1)
}

// lastUsed returns the minute in which a key was last used; zero for none.
func (w *world) lastUsed(key uuid.UUID) time.Time {
	w.t.Helper()
	var m sql.Null[moment]
	require.NoError(w.t, w.db.QueryRowContext(context.Background(), `SELECT last_used_at FROM credentials WHERE id = $1 AND version = 1`, key).Scan(&m))
	return m.V.Time
}

// A key is never used before it was made, though its calls count from the
// beginning of the minute.
func TestAKeyIsNotUsedBeforeItWasMade(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		flushed, reported := w.key(), w.key()
		w.exec(`UPDATE credentials SET created_at = $1`, noon)
		w.used(flushed, noon.Add(time.Second))
		w.flush()
		require.Equal(t, noon, w.lastUsed(flushed))
		_, err := w.store.Accept(t.Context(), Reporter{Organization: w.org}, "b", []Reported{{Call: Call{Credential: reported, Code: "VALID"}, At: noon.Add(-time.Hour), Calls: 1}})
		require.NoError(t, err)
		require.Equal(t, noon, w.lastUsed(reported))
		w.used(flushed, noon.Add(time.Minute))
		w.flush()
		require.Equal(t, noon.Add(time.Minute).Truncate(time.Minute), w.lastUsed(flushed))
	})
}

// Flushes go on while the writing of last-used times is stuck, and what they
// learn meanwhile is written next.
func TestAFlushDoesNotWaitForLastUsedTimes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		key := w.key()
		w.used(key, noon)
		w.flush()
		w.used(key, noon.Add(time.Minute))
		require.NoError(t, w.flusher.Flush(ctx))
		require.Equal(t, noon.Truncate(time.Minute), w.lastUsed(key), "a flush leaves it to others")

		var later atomic.Bool
		stuck, release := make(chan struct{}), make(chan struct{})
		w.flusher.inTx = func(ctx context.Context, work func(*database.Tx) error) error {
			if !later.Swap(true) {
				close(stuck)
				<-release
			}
			return w.db.InTx(ctx, work)
		}
		written := make(chan error, 1)
		go func() { written <- w.flusher.FlushLastUsed(ctx) }()
		<-stuck
		w.used(key, noon.Add(2*time.Minute))
		flushed := make(chan error, 1)
		go func() { flushed <- w.flusher.Flush(ctx) }()
		select {
		case err := <-flushed:
			require.NoError(t, err)
		case <-time.After(patience):
			t.Error("the flush waits")
		}
		close(release)
		require.NoError(t, <-written)
		require.Equal(t, noon.Add(time.Minute).Truncate(time.Minute), w.lastUsed(key))
		require.NoError(t, w.flusher.FlushLastUsed(ctx))
		require.Equal(t, noon.Add(2*time.Minute).Truncate(time.Minute), w.lastUsed(key))
	})
}

// Run stores counts also of calls with a key that somebody else has locked.
func TestCountsDoNotWaitForALockedKey(t *testing.T) {
	url, has := testdb.Postgres(t)
	if !has {
		t.Skip("SQLite locks no single rows")
	}
	w := newWorld(t, url, "UTC", noon)
	key := w.key()
	tx, err := w.db.Begin(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback() // the commit below has told
	_, err = tx.ExecContext(t.Context(), `SELECT 1 FROM credentials WHERE id = $1 FOR UPDATE`, key)
	require.NoError(t, err)

	patient := testdb.OpenWith(t, url, database.Options{StatementTimeout: -1, IOTimeout: time.Minute})
	f := NewFlusher(FlusherOptions{DB: patient, Clock: w.clock, Counter: w.counter, Every: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { f.Run(ctx); close(ended) }()
	w.used(key, noon)
	require.Eventually(t, func() bool {
		return w.number(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
	}, patience, time.Millisecond, "the key is not waited for")
	w.used(key, noon.Add(time.Minute))
	require.Eventually(t, func() bool { return w.number(`SELECT COUNT(*) FROM usage_minutes`) == 2 }, patience, time.Millisecond, "counts wait")
	require.Zero(t, w.lastUsed(key))
	require.NoError(t, tx.Commit())
	cancel()
	<-ended
	require.Equal(t, noon.Add(time.Minute).Truncate(time.Minute), w.lastUsed(key), "the end writes what is left")
}

// What could not be written is written later, unless a later use is known by
// then; and what is written is not written again.
func TestLastUsedTimesWaitForTheDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		f, one, two := w.flusher, w.key(), w.key()
		transactions := 0
		working := func(ctx context.Context, work func(*database.Tx) error) error {
			transactions++
			return w.db.InTx(ctx, work)
		}
		use := func(key uuid.UUID, at time.Time) {
			w.used(key, at)
			f.inTx = w.db.InTx
			require.NoError(t, f.Flush(ctx))
		}
		for _, c := range randomCalls(w.org, mostInBatch) { // with one and two, more than a transaction holds
			w.used(c.Credential, noon)
		}
		use(one, noon.Add(time.Hour))
		require.NoError(t, f.Fold(ctx))
		use(two, noon)
		f.inTx = func(ctx context.Context, work func(*database.Tx) error) error {
			if transactions++; transactions == 1 {
				require.NoError(t, w.db.InTx(ctx, work))
				return nil
			}
			use(two, noon.Add(time.Minute)) // meanwhile
			return io.ErrUnexpectedEOF
		}
		require.ErrorIs(t, f.FlushLastUsed(ctx), io.ErrUnexpectedEOF)
		f.inTx = working
		require.NoError(t, f.FlushLastUsed(ctx))
		require.Equal(t, 3, transactions, "the first part is not written again")
		require.Equal(t, noon.Add(time.Hour).Truncate(time.Minute), w.lastUsed(one))
		require.Equal(t, noon.Add(time.Minute).Truncate(time.Minute), w.lastUsed(two))
		require.Len(t, f.seen.told, 1, "of the latest minute")

		use(one, noon.Add(time.Hour))
		f.inTx = working
		require.NoError(t, f.FlushLastUsed(ctx))
		require.Equal(t, 3, transactions, "that minute is known")
	})
}
