package change_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// interceptor is a database whose transactions call begin before they begin, and
// exec before each statement without rows, which fails with its error.
type interceptor struct {
	dialect.Driver
	begin func()
	exec  func(query string) error
}

func (d *interceptor) Tx(ctx context.Context) (dialect.Tx, error) {
	d.begin()
	tx, err := d.Driver.Tx(ctx)
	if err != nil {
		return nil, err
	}
	return &interceptedTx{tx.(*entsql.Tx), d.exec}, nil
}

type interceptedTx struct {
	*entsql.Tx
	exec func(query string) error
}

func (t *interceptedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := t.exec(query); err != nil {
		return nil, err
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

// mustIntercept returns a creator whose database calls begin and exec.
func mustIntercept(t *testing.T, f *portaltest.Fixture, begin func(), exec func(query string) error) *creator {
	t.Helper()
	client := db.NewClient(db.Driver(&interceptor{f.Database.Driver(), begin, exec}))
	return &creator{t: t, runner: change.NewRunner(change.Options{Client: client, Database: f.Database, Clock: f.Clock})}
}

// A request that finds, at its end, what another one under the same key has created
// meanwhile returns that, and has created nothing.
func TestOnce_OvertakenRequestIsAReplay(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		ctx, key := f.MustTenant(t, "overtaken").Developer, new("key")
		first := &creator{t: t, runner: change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})}
		var earlier uuid.UUID
		late := mustIntercept(t, f, func() {
			if earlier == uuid.Nil {
				var err error
				earlier, err = first.create(ctx, "createApp", key, 1)
				require.NoError(t, err)
			}
		}, func(string) error { return nil })
		got, err := late.create(ctx, "createApp", key, 1)
		require.NoError(t, err)
		require.Equal(t, earlier, got)
		require.Equal(t, change.Created{First: earlier}, late.replayed)
		require.Equal(t, 1, late.times)
	})
}

// A change whose idempotency key cannot be stored has not happened.
func TestOnce_ErrKeyNotStored(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		ctx := f.MustTenant(t, "stored").Developer
		for _, statement := range []string{"DELETE FROM idempotency_keys", "INSERT INTO idempotency_keys"} {
			broken := errors.New("broken")
			c := mustIntercept(t, f, func() {}, func(query string) error {
				if strings.HasPrefix(query, statement) {
					return broken
				}
				return nil
			})
			_, err := c.create(ctx, "createApp", new(statement), 1)
			require.ErrorIs(t, err, broken, statement)
			require.Equal(t, 1, c.times)
		}
	})
}

// Without an answer about earlier requests nothing is created.
func TestOnce_ErrEarlierUnknown(t *testing.T) {
	url := testdb.SQLite(t)
	f := portaltest.New(t, url)
	ctx := f.MustTenant(t, "unknown").Developer
	closed, err := database.Open(t.Context(), url, database.Options{})
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	c := &creator{t: t, runner: change.NewRunner(change.Options{Client: f.Client, Database: closed, Clock: f.Clock})}
	_, err = c.create(ctx, "createApp", new("key"), 1)
	require.Error(t, err)
	require.Zero(t, c.times)
}

// An input that cannot be hashed is no request.
func TestNewRequest_ErrInput(t *testing.T) {
	_, err := change.NewRequest(t.Context(), "createApp", new("key"), func() {})
	require.ErrorContains(t, err, "func()")
	request, err := change.NewRequest(t.Context(), "createApp", nil, func() {})
	require.NoError(t, err, "without a key it is not hashed")
	require.Zero(t, request)
}

// A change that gave way to another request under the same key has not
// happened: it must not look as if it had.
func TestAReplayOfNothingIsAConflict(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	ctx, key := f.MustTenant(t, "nothing").Developer, "gone"
	request, err := change.NewRequest(ctx, "createApp", &key, nil)
	require.NoError(t, err)
	r := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
	_, err = change.Once(ctx, r, request, func(context.Context, *change.Tx) (int, change.Created, error) {
		return 0, change.Created{}, change.ErrReplay
	}, nil)
	require.ErrorContains(t, err, "CONFLICT")
}
