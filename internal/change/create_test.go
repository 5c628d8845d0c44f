package change_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Rows that are created last are there after the change, with or without events, and
// none of them after one that failed; the row policies refuse them at once.
func TestCreateLast(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, other := f.MustTenant(t, "one"), f.MustTenant(t, "other")
		r := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
		count := func() (apps, events int) {
			return f.Client.App.Query().CountX(x.Admin), f.Client.Event.Query().CountX(x.Admin)
		}
		create := func(tx *change.Tx, name string, organization uuid.UUID) *db.AppCreate {
			return tx.App.Create().SetOrganizationID(organization).SetAccountID(x.Account.ID).SetName(name).SetNameFolded(domain.Fold(name))
		}
		broken := errors.New("broken")
		write := func(rows, events int, last error) error {
			return change.Exec(x.Admin, r, func(ctx context.Context, tx *change.Tx) error {
				for range rows {
					a, err := change.CreateLast(ctx, tx, create(tx, "a", x.Organization.ID))
					if err != nil {
						return err
					}
					require.NotEqual(t, uuid.Nil, a.ID)
				}
				for range events {
					tx.Record(eventlog.Entry{Type: eventlog.AppCreated, Subject: nodeid.App, SubjectID: uuid.New()})
				}
				return last
			})
		}
		apps, events := count()
		for _, n := range [][2]int{{1, 1}, {1, 0}, {3, 2}, {0, 1}} {
			require.NoError(t, write(n[0], n[1], nil))
			apps, events = apps+n[0], events+n[1]
			gotApps, gotEvents := count()
			require.Equal(t, []int{apps, events}, []int{gotApps, gotEvents}, "%v", n)
		}
		require.ErrorIs(t, write(2, 1, broken), broken)
		gotApps, gotEvents := count()
		require.Equal(t, []int{apps, events}, []int{gotApps, gotEvents})

		reached := false
		err := change.Exec(x.Admin, r, func(ctx context.Context, tx *change.Tx) error {
			_, err := change.CreateLast(ctx, tx, create(tx, "theirs", other.Organization.ID))
			reached = err == nil
			return err
		})
		require.False(t, reached, "a row of another organization")
		var refused *fault.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, fault.CodeForbidden, refused.Code)
	})
}

// A violated constraint of a row that is created last is an error of the change, which
// leaves nothing, no event either.
func TestCreateLast_ErrConstraint(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		taken := f.MustApp(t, x.Developer, "a").App
		r := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
		before := f.Client.Event.Query().CountX(x.Admin)
		err := change.Exec(x.Admin, r, func(ctx context.Context, tx *change.Tx) error {
			tx.Record(eventlog.Entry{Type: eventlog.AppCreated, Subject: nodeid.App, SubjectID: taken.ID})
			_, err := change.CreateLast(ctx, tx, tx.App.Create().SetID(taken.ID).SetOrganizationID(x.Organization.ID).
				SetAccountID(x.Account.ID).SetName("b").SetNameFolded("b"))
			require.NoError(t, err)
			return nil
		})
		require.Error(t, err)
		require.Equal(t, before, f.Client.Event.Query().CountX(x.Admin))
	})
}
