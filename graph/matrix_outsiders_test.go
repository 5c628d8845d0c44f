package graph_test

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/privacy"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/event"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// outsiders returns viewers who may access nothing of the developer's, nor
// anything of the organization's; no request creates some of them.
func (m *matrix) outsiders() map[string]context.Context {
	one, account := m.one.Organization.ID, m.one.Account.ID
	developer, suspended := m.people["developer"], m.people["developer"]
	suspended.AccountSuspended = true
	homeless := developer
	homeless.OrganizationID = uuid.Nil
	out := map[string]context.Context{"nobody at all": m.t.Context()}
	for name, v := range map[string]viewer.Viewer{
		"somebody who has not signed in":         {OrganizationID: one, AccountID: account},
		"a gateway":                              {Role: viewer.Gateway, OrganizationID: one, AccountID: account},
		"a role that there is not":               {Role: "AUDITOR", OrganizationID: one, AccountID: account, UserID: developer.UserID},
		"a developer without an account":         {Role: viewer.Portal, OrganizationID: one, UserID: uuid.New()},
		"a developer of no organization":         homeless,
		"the developer of a suspended account":   suspended,
		"an administrator of no organization":    {Role: viewer.Admin, UserID: uuid.New()},
		"an administrator of another":            m.people["foreign"],
		"Portico itself in another organization": viewer.ForSystem(m.two.Organization.ID),
	} {
		out[name] = portaltest.As(m.t, v)
	}
	return out
}

// ways returns the ways in which somebody may try to reach a table's rows: each
// returns an error, or how many rows it changed.
func (m *matrix) ways(table string) map[string]func(context.Context, *db.Client) (int, error) {
	is, adds, stake, own := m.pick(table), tables()[table].adds, m.newRowOwner(), m.ownOf("foreign")
	return map[string]func(context.Context, *db.Client) (int, error){
		"make":                func(ctx context.Context, c *db.Client) (int, error) { return 1, adds(c)(ctx, stake) },
		"make behind another": func(ctx context.Context, c *db.Client) (int, error) { return 1, adds(c)(ctx, own, stake) },
		"change":              func(ctx context.Context, c *db.Client) (int, error) { return changing(c, table)(ctx, is) },
		"delete":              func(ctx context.Context, c *db.Client) (int, error) { return deleting(c, table)(ctx, is) },
	}
}

// crossings lists the ways by which outsiders reach a table.
func (m *matrix) crossings(table string) []string {
	var out []string
	for who, ctx := range m.outsiders() {
		for way, do := range m.ways(table) {
			tx, err := m.Client.Tx(m.t.Context())
			require.NoError(m.t, err)
			n, err := do(ctx, tx.Client())
			require.NoError(m.t, tx.Rollback(), "nothing is to stay")
			if !barred(err) && (err != nil || n != 0) {
				out = append(out, fmt.Sprintf("%s may %s in %s: %d, %v", who, way, table, n, err))
			}
		}
	}
	slices.Sort(out)
	return out
}

// TestOutsidersWriteNoRow: a viewer who has no part in a row can neither create
// it, nor hide it behind one of their own, nor change or delete it.
func TestOutsidersWriteNoRow(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		m := newMatrix(w, w.server)
		for _, table := range withClient() {
			for _, crossing := range m.crossings(table.Name) {
				t.Error(crossing)
			}
		}
	})
}

// TestOutsidersAreSeenWithoutARule: without the rules of any one table, all the
// ways of outsiders to it are open, or are refused by the database only; and
// Portico itself creates a row of each, so that it is the rules which refuse.
func TestOutsidersAreSeenWithoutARule(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	m := newMatrix(w, w.server)
	for name, r := range tables() {
		t.Run(name, func(t *testing.T) {
			sound := *r.policy
			defer func() { *r.policy = sound }()
			require.Equal(t, yes, m.makeRow(name, viewer.ForSystem(uuid.Nil), m.ownOf("foreign")))
			*r.policy = everybody{}
			found := m.crossings(name)
			for _, way := range []string{"make in", "make behind another in"} {
				require.True(t, slices.ContainsFunc(found, regexp.MustCompile(way).MatchString), "%s of %s: nobody noticed", way, name)
			}
		})
	}
}

// TestOneRowOfSomebodyElse: a row that is named by its id is behind the same
// rules as those that a condition finds.
func TestOneRowOfSomebodyElse(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		own, credentialID := uuidOf(w.ids["app"]), uuidOf(w.ids["key"])
		entry, err := w.Client.AccessEntry.Query().Where(accessentry.CredentialID(credentialID)).FirstID(portaltest.System(t))
		require.NoError(t, err)
		for _, who := range []string{"other", "foreign"} {
			require.True(t, db.IsNotFound(w.Client.App.UpdateOneID(own).SetName("theirs").Exec(w.as(who))), who)
			require.True(t, db.IsNotFound(w.Client.AccessEntry.DeleteOneID(entry).Exec(w.as(who))), who)
		}
		require.NoError(t, w.Client.App.UpdateOneID(own).SetName("mine").Exec(w.as("developer")))
		require.NoError(t, w.Client.AccessEntry.DeleteOneID(entry).Exec(w.as("developer")))
	})
}

// TestTheLogIsAppendedToByItsOwn: a developer's event belongs to the developer's
// account, never to none, and nobody can change one, Portico itself included.
func TestTheLogIsAppendedToByItsOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		nobodys := w.Client.Event.Create().SetOrganizationID(w.one.Organization.ID).SetPosition(1 << 32).SetType("APP_UPDATED").
			SetAt(portaltest.Start()).SetActorRole("PORTAL").SetActorName("Dora").SetSubjectType("App").SetSubjectID(uuid.New())
		require.ErrorIs(t, nobodys.Exec(w.as("developer")), privacy.Deny)
		own := uuidOf(w.ids["event"])
		for _, ctx := range []context.Context{w.as("developer"), w.as("admin"), portaltest.System(t)} {
			require.ErrorIs(t, w.Client.Event.Update().Where(event.ID(own)).Exec(ctx), privacy.Deny)
			require.ErrorIs(t, w.Client.Event.UpdateOneID(own).Exec(ctx), privacy.Deny)
		}
	})
}

// TestRowsDoNotMove: no statement that changes rows can change their owner, so
// the rules need not check that.
func TestRowsDoNotMove(t *testing.T) {
	moves := regexp.MustCompile(`^(Set|SetNillable|Clear|Add)(Organization|Account|User|App|Credential|Product)(ID|IDs)?$`)
	client := reflect.ValueOf(db.NewClient()).Elem()
	tables := 0
	for i := range client.NumField() {
		update := client.Field(i).MethodByName("Update")
		if !client.Type().Field(i).IsExported() || !update.IsValid() {
			continue
		}
		tables++
		for _, of := range []reflect.Type{update.Type().Out(0), client.Field(i).MethodByName("UpdateOneID").Type().Out(0)} {
			for j := range of.NumMethod() {
				name := of.Method(j).Name
				if strings.HasPrefix(of.String(), "*db.SessionUpdate") && strings.Contains(name, "Account") {
					continue // the account that is chosen; a session belongs to its user
				}
				if strings.HasPrefix(of.String(), "*db.KeyRequestUpdate") && strings.Contains(name, "Credential") {
					continue // the key that was made; a request belongs to an account
				}
				require.NotRegexp(t, moves, name, "of %s", of)
			}
		}
	}
	require.Len(t, withClient(), tables)
}
