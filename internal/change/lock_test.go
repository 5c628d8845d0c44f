package change_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"entgo.io/ent/dialect"

	"portico/ent/db"
	"portico/ent/db/app"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// lockedApp is how LockRowForUpdate answers a viewer about an app.
func lockedApp(ctx context.Context, r *change.Runner, id uuid.UUID, columns ...string) (*db.App, error) {
	return change.Write(ctx, r, func(ctx context.Context, tx *change.Tx) (*db.App, error) {
		return change.LockRowForUpdate(ctx, tx, tx.App, id, columns...)
	})
}

// A kept statement serves viewers one after the other, and each of them only reaches
// what ent's own query reaches, in whichever order they come.
func TestLockedRowsAreThoseOfTheViewer(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one, other := f.MustTenant(t, "one"), f.MustTenant(t, "other")
		second := f.MustDeveloper(t, one.Admin, f.MustAccount(t, one.Admin, "second"))
		suspended := viewer.Current(one.Developer)
		suspended.AccountSuspended = true
		apps := []uuid.UUID{
			f.MustApp(t, one.Developer, "a").App.ID, f.MustApp(t, other.Developer, "b").App.ID,
			f.MustApp(t, second, "c").App.ID, uuid.New(),
		}
		deleted := f.MustApp(t, one.Developer, "deleted").App
		_, err := f.Portal.Apps.DeleteApp(one.Developer, deleted.GlobalID(), nil)
		require.NoError(t, err)
		viewers := []context.Context{
			one.Admin, one.Developer, second, other.Admin, other.Developer, portaltest.System(t),
			viewer.AsSystem(t.Context(), one.Organization.ID), portaltest.As(t, suspended), t.Context(),
		}
		r := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
		reached := 0
		for range 2 { // the second time by kept statements alone
			for n, ctx := range viewers {
				for _, id := range append(apps, deleted.ID) {
					want, wantErr := f.Client.App.Query().Where(app.ID(id)).Only(ctx)
					got, err := lockedApp(ctx, r, id)
					require.Equal(t, wantErr == nil, err == nil, "viewer %d: %v, not %v", n, err, wantErr)
					if err != nil {
						require.Equal(t, change.PublicError(wantErr), err, "viewer %d", n)
						continue
					}
					reached++
					require.Equal(t, want.String(), got.String())
					require.Equal(t, id, got.ID)
				}
			}
		}
		require.Positive(t, reached)
	})
}

// Some columns can be read, and an unknown one is an error.
func TestLockedRowHasTheColumns(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	a := f.MustApp(t, x.Developer, "a").App
	r := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
	for range 2 {
		got, err := lockedApp(x.Admin, r, a.ID, app.FieldID, app.FieldName)
		require.NoError(t, err)
		require.Equal(t, a.Name, got.Name)
		require.Equal(t, uuid.Nil, got.AccountID)
		require.True(t, got.Lacks([]string{app.FieldAccountID}))
		all, err := lockedApp(x.Admin, r, a.ID)
		require.NoError(t, err)
		require.Equal(t, a.AccountID, all.AccountID)
		require.False(t, all.Lacks([]string{app.FieldAccountID}))
		_, err = lockedApp(x.Admin, r, a.ID, "nothing")
		require.Error(t, err)
	}
}

// On Postgres the row is locked, and another transaction waits for it.
func TestLockedRowIsLocked(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var mu sync.Mutex
		var texts []string
		d, err := database.Open(t.Context(), url, database.Options{OnStatement: func(_ context.Context, query string) {
			mu.Lock()
			defer mu.Unlock()
			texts = append(texts, query)
		}})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		a := f.MustApp(t, x.Developer, "a").App
		r := change.NewRunner(change.Options{Client: db.NewClient(db.Driver(d.Driver())), Database: d, Clock: f.Clock})
		for range 2 {
			require.NoError(t, change.Exec(x.Admin, r, func(ctx context.Context, tx *change.Tx) error {
				_, err := change.LockRowForUpdate(ctx, tx, tx.App, a.ID)
				_, shared := change.LockRowForShare(ctx, tx, tx.Account, a.AccountID)
				if d.Dialect() == dialect.Postgres {
					var free uuid.UUID
					skipped := f.Database.QueryRowContext(ctx, `SELECT id FROM apps WHERE id = $1 FOR UPDATE SKIP LOCKED`, a.ID).Scan(&free)
					require.Error(t, skipped, "the app is not locked")
				}
				return errors.Join(err, shared)
			}))
		}
		locks := map[string]int{}
		for _, text := range texts {
			for _, clause := range []string{" FOR NO KEY UPDATE", " FOR SHARE"} {
				if strings.HasSuffix(text, clause) {
					locks[clause]++
				}
			}
		}
		if d.Dialect() == dialect.Postgres {
			require.Equal(t, map[string]int{" FOR NO KEY UPDATE": 2, " FOR SHARE": 2}, locks)
		} else {
			require.Empty(t, locks)
		}
	})
}
