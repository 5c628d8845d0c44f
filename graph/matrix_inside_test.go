package graph_test

import (
	"context"
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/organization"
	"portico/ent/db/subscription"
	"portico/ent/db/user"
	"portico/internal/fault"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// TestPorticoInsideOneOrganization: with the system viewer of one organization,
// Portico creates, reads and changes the rows of every table that belong to it,
// and no others; it creates no organization, and cannot reach what belongs to
// all of them.
func TestPorticoInsideOneOrganization(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		m := newMatrix(w, w.server)
		inside, policy := viewer.ForSystem(w.one.Organization.ID), readPolicy(t)
		for _, table := range withClient() {
			makes, others := yes, yes
			for _, l := range policy {
				if l.owner == rows && l.field == table.Name && l.want["admin"] == denied {
					switch {
					// Events are appended and statements made by nobody else, and sessions are a person's own.
					case l.specimen == "make" && !slices.Contains([]string{"events", "sessions", "statements", "statement_lines"}, table.Name):
						makes = denied
					case l.specimen == "read":
						others = denied
					}
				}
			}
			require.Equal(t, makes, m.makeRow(table.Name, inside, m.ownOf("other")), "make %s", table.Name)
			n, err := counting(w.Client, table.Name)(portaltest.As(t, inside), w.pick(table.Name))
			require.Equal(t, others == denied, barred(err), "%s: %v", table.Name, err)
			require.Equal(t, others == yes, n > 0, "read %s", table.Name)
		}
		all, err := w.Client.Organization.Query().IDs(portaltest.As(t, inside))
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{w.one.Organization.ID}, all)
		n, err := w.Client.Organization.Update().AddVersion(1).Where(organization.SlugNEQ("")).Save(portaltest.As(t, inside))
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

// TestTheRulesSayWhichAccountIsSuspended: developers of a suspended account get
// that reason for every attempt on a row; administrators are not affected.
func TestTheRulesSayWhichAccountIsSuspended(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	m := newMatrix(w, w.server)
	developer, admin := w.people["developer"], w.people["admin"]
	developer.AccountSuspended, admin.AccountSuspended = true, true
	anything := func(*sql.Selector) {}
	for _, table := range []string{"apps", "credentials", "subscriptions", "access_entries"} {
		ctx := portaltest.As(t, developer)
		_, read := counting(w.Client, table)(ctx, anything)
		_, change := changing(w.Client, table)(ctx, anything)
		for _, err := range []error{read, change, tables()[table].adds(w.Client)(ctx, m.newRowOwner())} {
			var f *fault.Error
			require.ErrorAs(t, err, &f, table)
			require.Equal(t, fault.ReasonAccountSuspended, f.Reason, table)
		}
		n, err := counting(w.Client, table)(portaltest.As(t, admin), anything)
		require.NoError(t, err)
		require.NotZero(t, n, table)
		require.Equal(t, yes, m.makeRow(table, admin, m.ownOf("other")), table)
	}
}

// TestDeletedRowsAreGone: only Portico itself reads or changes a deleted row;
// administrators still reach a suspended subscription of a deleted app.
func TestDeletedRowsAreGone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		system, at := portaltest.System(t), portaltest.Start()
		require.NoError(t, w.Client.Account.Update().Where(account.ID(w.one.Account.ID)).SetDeletedAt(at).Exec(system))
		require.NoError(t, w.Client.App.Update().Where(app.ID(uuidOf(w.ids["app"]))).SetDeletedAt(at).Exec(system))
		require.NoError(t, w.Client.Credential.Update().Where(credential.ID(uuidOf(w.ids["key"]))).SetDeletedAt(at).Exec(system))
		require.NoError(t, w.Client.Subscription.Update().Where(subscription.ID(uuidOf(w.ids["approved"]))).SetDeletedAt(at).Exec(system))
		require.NoError(t, w.Client.User.Update().Where(user.ID(w.people["developer"].UserID)).SetDeletedAt(at).Exec(system))
		reached := func(ctx context.Context, c *db.Client, table string) (int, int) {
			is := w.pick(table)
			read, err := counting(c, table)(ctx, is)
			require.NoError(t, err)
			changed := 0
			if n, err := changing(c, table)(ctx, is); !barred(err) {
				require.NoError(t, err)
				changed = n
			}
			return read, changed
		}
		for _, table := range []string{"accounts", "apps", "credentials", "subscriptions", "users"} {
			for _, who := range []string{"developer", "admin"} {
				read, changed := reached(w.as(who), w.Client, table)
				require.Zero(t, read+changed, "%s of %s", who, table)
			}
			read, changed := reached(system, w.Client, table)
			require.Equal(t, 2, read+changed, "Portico itself, of %s", table)
		}
		suspend := w.Client.Subscription.Update().Where(subscription.ID(uuidOf(w.ids["approved"]))).SetStatus(access.SubscriptionSuspended)
		require.NoError(t, suspend.Exec(system))
		read, changed := reached(w.as("admin"), w.Client, "subscriptions")
		require.Equal(t, 2, read+changed)
		read, changed = reached(w.as("developer"), w.Client, "subscriptions")
		require.Zero(t, read+changed)
		read, changed = reached(w.as("foreign"), w.Client, "subscriptions")
		require.Zero(t, read+changed)
	})
}
