package intake

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
	"portico/internal/usage"
	"portico/internal/usage/counts"
	"portico/internal/usage/usagesql"
	"portico/internal/usage/usagetest"
)

// timeout is how long a test waits for what must happen.
const timeout = 10 * time.Second

// use counts a call that was let through with a credential.
func (w *world) use(credential uuid.UUID, at time.Time) {
	w.counter.Add(&usage.Call{Organization: w.Organization, Credential: credential, Code: "VALID"}, at, 1)
}

// lastUsed returns the minute in which a credential was last used; zero for none.
func (w *world) lastUsed(credential uuid.UUID) time.Time {
	w.T.Helper()
	var m sql.Null[usagesql.Time]
	require.NoError(w.T, w.DB.QueryRowContext(context.Background(), `SELECT last_used_at FROM credentials WHERE id = $1 AND version = 1`, credential).Scan(&m))
	return m.V.Time
}

// A credential is never last used before it was created, though its calls count from the
// beginning of the minute.
func TestLastUseIsNotBeforeCreation(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		flushed, reported := w.AddCredential(), w.AddCredential()
		w.Exec(`UPDATE credentials SET created_at = $1`, noon)
		w.use(flushed, noon.Add(time.Second))
		w.flush()
		require.Equal(t, noon, w.lastUsed(flushed))
		_, err := w.store.Accept(t.Context(), usage.Reporter{Organization: w.Organization}, "b", []usage.Reported{{Call: usage.Call{Credential: reported, Code: "VALID"}, At: noon.Add(-time.Hour), Calls: 1}})
		require.NoError(t, err)
		require.Equal(t, noon, w.lastUsed(reported))
		w.use(flushed, noon.Add(time.Minute))
		w.flush()
		require.Equal(t, noon.Add(time.Minute).Truncate(time.Minute), w.lastUsed(flushed))
	})
}

// Flushes continue while the storing of last uses is blocked, and the uses that they note
// meanwhile are stored next.
func TestFlushDoesNotWaitForLastUses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		credential := w.AddCredential()
		w.use(credential, noon)
		w.flush()
		w.use(credential, noon.Add(time.Minute))
		require.NoError(t, w.flusher.Flush(ctx))
		require.Equal(t, noon.Truncate(time.Minute), w.lastUsed(credential), "a flush does not store it")

		var later atomic.Bool
		stuck, release := make(chan struct{}), make(chan struct{})
		w.flusher.inTx = func(ctx context.Context, work func(*database.Tx) error) error {
			if !later.Swap(true) {
				close(stuck)
				<-release
			}
			return w.DB.InTx(ctx, work)
		}
		written := make(chan error, 1)
		go func() { written <- w.flusher.FlushLastUsed(ctx) }()
		<-stuck
		w.use(credential, noon.Add(2*time.Minute))
		flushed := make(chan error, 1)
		go func() { flushed <- w.flusher.Flush(ctx) }()
		select {
		case err := <-flushed:
			require.NoError(t, err)
		case <-time.After(timeout):
			t.Error("the flush waits")
		}
		close(release)
		require.NoError(t, <-written)
		require.Equal(t, noon.Add(time.Minute).Truncate(time.Minute), w.lastUsed(credential))
		require.NoError(t, w.flusher.FlushLastUsed(ctx))
		require.Equal(t, noon.Add(2*time.Minute).Truncate(time.Minute), w.lastUsed(credential))
	})
}

// Run stores counts of calls with a credential whose row is locked.
func TestCountsDoNotWaitForALockedCredential(t *testing.T) {
	url, has := testdb.Postgres(t)
	if !has {
		t.Skip("SQLite locks no single rows")
	}
	w := newWorld(t, url, "UTC", noon)
	credential := w.AddCredential()
	tx, err := w.DB.Begin(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback() // does nothing after the commit below
	_, err = tx.ExecContext(t.Context(), `SELECT 1 FROM credentials WHERE id = $1 FOR UPDATE`, credential)
	require.NoError(t, err)

	patient := testdb.OpenWith(t, url, database.Options{StatementTimeout: -1, IOTimeout: time.Minute})
	f := NewFlusher(FlusherOptions{DB: patient, Clock: w.Clock, Counter: w.counter, Every: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { f.Run(ctx); close(ended) }()
	w.use(credential, noon)
	require.Eventually(t, func() bool {
		return w.Number(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
	}, timeout, time.Millisecond, "the credential is not waited for")
	w.use(credential, noon.Add(time.Minute))
	require.Eventually(t, func() bool { return w.Number(`SELECT COUNT(*) FROM usage_minutes`) == 2 }, timeout, time.Millisecond, "counts wait")
	require.Zero(t, w.lastUsed(credential))
	require.NoError(t, tx.Commit())
	cancel()
	<-ended
	require.Equal(t, noon.Add(time.Minute).Truncate(time.Minute), w.lastUsed(credential), "the last flush stores what is left")
}

// Last uses that could not be stored are stored later, unless a later use is known by
// then, and stored ones are not stored again.
func TestLastUsesWaitForTheDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		f, one, two := w.flusher, w.AddCredential(), w.AddCredential()
		transactions := 0
		working := func(ctx context.Context, work func(*database.Tx) error) error {
			transactions++
			return w.DB.InTx(ctx, work)
		}
		use := func(credential uuid.UUID, at time.Time) {
			w.use(credential, at)
			f.inTx = w.DB.InTx
			require.NoError(t, f.Flush(ctx))
		}
		for _, c := range usagetest.RandomCalls(w.Organization, counts.ChunkRows) { // with one and two, more than a transaction stores
			w.use(c.Credential, noon)
		}
		use(one, noon.Add(time.Hour))
		require.NoError(t, f.Fold(ctx))
		use(two, noon)
		f.inTx = func(ctx context.Context, work func(*database.Tx) error) error {
			if transactions++; transactions == 1 {
				require.NoError(t, w.DB.InTx(ctx, work))
				return nil
			}
			use(two, noon.Add(time.Minute)) // meanwhile
			return io.ErrUnexpectedEOF
		}
		require.ErrorIs(t, f.FlushLastUsed(ctx), io.ErrUnexpectedEOF)
		f.inTx = working
		require.NoError(t, f.FlushLastUsed(ctx))
		require.Equal(t, 3, transactions, "the first part is not stored again")
		require.Equal(t, noon.Add(time.Hour).Truncate(time.Minute), w.lastUsed(one))
		require.Equal(t, noon.Add(time.Minute).Truncate(time.Minute), w.lastUsed(two))
		require.Len(t, f.lastUsed.stored, 1, "of the latest minute")

		use(one, noon.Add(time.Hour))
		f.inTx = working
		require.NoError(t, f.FlushLastUsed(ctx))
		require.Equal(t, 3, transactions, "that minute is known")
	})
}

func TestLastUseMovesForwardOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		credential := w.AddCredential()
		lastUsed := func() (m usagesql.Time) {
			require.NoError(t, w.DB.QueryRowContext(context.Background(), `SELECT last_used_at FROM credentials WHERE id = $1 AND version = 1`, credential).Scan(&m))
			return m
		}
		use := func(credential uuid.UUID, code string, at time.Time) {
			w.counter.Add(&usage.Call{Organization: w.Organization, Credential: credential, Code: code}, at, 1)
		}
		use(credential, "VALID", noon)
		use(uuid.New(), "VALID", noon)
		use(credential, "RATE_LIMITED", noon.Add(2*time.Hour))
		w.flush()
		require.Equal(t, usagetest.At("2026-06-15T12:00:00Z"), lastUsed().Time)
		use(credential, "VALID", noon.Add(20*time.Second))
		use(credential, "VALID", noon.Add(-time.Hour))
		w.flush()
		require.Equal(t, usagetest.At("2026-06-15T12:00:00Z"), lastUsed().Time)
		use(credential, "VALID", noon.Add(time.Hour))
		w.flush()
		require.Equal(t, usagetest.At("2026-06-15T13:00:00Z"), lastUsed().Time)

		// By the journal of a busy node, and by the report of a gateway.
		countTwice(w.counter, usagetest.RandomCalls(w.Organization, many))
		use(credential, "VALID", noon.Add(2*time.Hour))
		w.flush()
		require.Equal(t, usagetest.At("2026-06-15T14:00:00Z"), lastUsed().Time)
		w.Clock.Advance(3 * time.Hour)
		_, err := w.store.Accept(context.Background(), usage.Reporter{Organization: w.Organization}, "used", []usage.Reported{{Call: usage.Call{Credential: credential, Code: "VALID"}, At: noon.Add(3 * time.Hour), Calls: 1}})
		require.NoError(t, err)
		require.Equal(t, usagetest.At("2026-06-15T15:00:00Z"), lastUsed().Time)
	})
}

// An app was last used when a call of it passed, with whatever credential; calls that were
// refused, and those of other apps, do not count.
func TestLastUseOfApps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		used, other, account := uuid.New(), uuid.New(), uuid.New()
		w.AddObjectsOf(other)
		w.Exec(`INSERT INTO accounts (id, created_at, updated_at, name, name_folded, profile, organization_id) VALUES ($1, $2, $2, 'b', 'b', '{}', $3)`, account, noon, w.Organization)
		w.Exec(`INSERT INTO apps (id, created_at, updated_at, account_id, reference_id, name, name_folded, labels, organization_id) VALUES ($1, $2, $2, $3, $1, 'b', 'b', '[]', $4)`, used, noon, account, w.Organization)
		w.Exec(`UPDATE apps SET created_at = $1`, noon)
		lastUsed := func(app uuid.UUID) time.Time {
			t.Helper()
			var m sql.Null[usagesql.Time]
			require.NoError(t, w.DB.QueryRowContext(t.Context(), `SELECT last_used_at FROM apps WHERE id = $1 AND version = 1`, app).Scan(&m))
			return m.V.Time
		}
		credential := w.AddCredential()
		call := func(app uuid.UUID, code string, at time.Time) {
			w.counter.Add(&usage.Call{Organization: w.Organization, App: app, Credential: credential, Code: code}, at, 1)
		}
		call(used, "VALID", noon.Add(time.Second))
		call(used, "RATE_LIMITED", noon.Add(time.Hour))
		w.flush()
		require.Equal(t, noon, lastUsed(used), "not before its creation")
		call(used, "VALID", noon.Add(3*time.Hour))
		call(uuid.Nil, "VALID", noon.Add(4*time.Hour))
		w.flush()
		require.Equal(t, noon.Add(3*time.Hour).Truncate(time.Minute), lastUsed(used))
		call(used, "VALID", noon.Add(2*time.Hour))
		w.flush()
		require.Equal(t, noon.Add(3*time.Hour).Truncate(time.Minute), lastUsed(used))
		require.Zero(t, lastUsed(other))
		_, err := w.store.Accept(t.Context(), usage.Reporter{Organization: w.Organization}, "app", []usage.Reported{{Call: *w.Call(other, "VALID"), At: noon.Add(-time.Hour), Calls: 1}})
		require.NoError(t, err)
		require.Equal(t, noon, lastUsed(other))
	})
}
