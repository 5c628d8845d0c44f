package identity_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/membership"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// newDeveloper returns the input for a developer of an account.
func newDeveloper(email string, of *db.Account) identity.CreateUserInput {
	return identity.CreateUserInput{Name: "Dora", Email: address.ParseEmail(email), Password: portaltest.Password, AccountID: new(of.GlobalID())}
}

// newStaff returns the input for an administrator.
func newStaff(email string) identity.CreateUserInput {
	return identity.CreateUserInput{Name: "Ada", Email: address.ParseEmail(email), Password: portaltest.Password, Role: new(domain.RoleAdmin)}
}

// written returns the numbers of rows that creating a user adds to.
func written(t *testing.T, f *portaltest.Fixture) []int {
	t.Helper()
	return []int{f.Rows(t, "users"), f.Rows(t, "memberships"), f.Rows(t, "events")}
}

// A new developer is a member of one account, a new administrator of none.
func TestCreateUser(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, y := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		t.Run("OK, a member unless the input says otherwise", func(t *testing.T) {
			u, err := f.Portal.Identity.CreateUser(x.Admin, newDeveloper("Dora@one.example", x.Account))
			require.NoError(t, err)
			require.Equal(t, []any{domain.RolePortal, domain.UserActive, "Dora@one.example"}, []any{u.Role, u.Status, u.Email})
			v := viewer.Current(f.Enter(t, u))
			require.Equal(t, x.Account.ID, v.AccountID)
			require.False(t, v.AccountOwner)
			s, err := f.Portal.Identity.SignIn(t.Context(), identity.SignInInput{Email: u.EmailFolded, Password: portaltest.Password})
			require.NoError(t, err)
			require.Equal(t, x.Account.ID, s.Account.ID)
		})
		t.Run("OK, an owner", func(t *testing.T) {
			in := newDeveloper("owner@one.example", x.Account)
			in.Role, in.MembershipRole = new(domain.RolePortal), new(domain.Owner)
			u, err := f.Portal.Identity.CreateUser(x.Admin, in)
			require.NoError(t, err)
			require.True(t, viewer.Current(f.Enter(t, u)).AccountOwner)
		})
		t.Run("OK, staff", func(t *testing.T) {
			u, err := f.Portal.Identity.CreateUser(x.Admin, newStaff("ada@one.example"))
			require.NoError(t, err)
			v := viewer.Current(f.Enter(t, u))
			require.Equal(t, viewer.Admin, v.Role)
			require.Zero(t, v.AccountID)
			require.Zero(t, portaltest.Count(t, f.Client.Membership.Query().Where(membership.UserID(u.ID))))
		})
		t.Run("OK, an address of another organization", func(t *testing.T) {
			u, err := f.Portal.Identity.CreateUser(y.Admin, newDeveloper("dora@one.example", y.Account))
			require.NoError(t, err)
			require.Equal(t, y.Organization.ID, u.OrganizationID)
		})
	})
}

// A new user and a new membership have an event each, without the password.
// Developers see that of the membership.
func TestCreateUser_Events(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		u, err := f.Portal.Identity.CreateUser(x.Admin, newDeveloper("Dora@one.example", x.Account))
		require.NoError(t, err)
		joined, err := f.Client.Membership.Query().Where(membership.UserID(u.ID)).Only(portaltest.System(t))
		require.NoError(t, err)

		created, err := f.Client.Event.Query().Where(event.SubjectID(u.ID)).Only(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, string(eventlog.UserCreated), created.Type)
		require.Equal(t, []domain.Change{
			{Field: "name", After: new("Dora")}, {Field: "role", After: new("PORTAL")},
		}, created.Changes)
		require.Equal(t, viewer.Current(x.Admin).UserID, *created.ActorID)
		require.Nil(t, created.AccountID)

		added, err := f.Client.Event.Query().Where(event.SubjectID(joined.ID)).Only(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, string(eventlog.MemberAdded), added.Type)
		require.Equal(t, "Dora", added.SubjectName)
		require.Equal(t, []domain.Change{{Field: "role", After: new("MEMBER")}}, added.Changes)
		require.Equal(t, x.Account.ID, *added.AccountID)
		require.Equal(t, created.Position+1, added.Position)

		staff, err := f.Portal.Identity.CreateUser(x.Admin, newStaff("ada@one.example"))
		require.NoError(t, err)
		require.Equal(t, []string{string(eventlog.UserCreated)}, f.EventTypes(t, staff.ID))
		require.Equal(t, int(added.Position)+1, portaltest.Count(t, f.Client.Event.Query().Where(event.OrganizationID(x.Organization.ID))))
	})
}

// A user that cannot be created leaves nothing behind.
func TestCreateUser_Refused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, y := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		gone := f.MustAccount(t, x.Admin, "Gone")
		_, err := f.Portal.Identity.DeleteAccount(x.Admin, gone.GlobalID(), nil)
		require.NoError(t, err)
		disabled, err := f.Portal.Identity.CreateUser(x.Admin, newDeveloper("disabled@one.example", x.Account))
		require.NoError(t, err)
		_, err = f.Portal.Identity.DisableUser(x.Admin, disabled.GlobalID(), nil)
		require.NoError(t, err)

		for name, c := range map[string]struct {
			change func(*identity.CreateUserInput)
			want   []string
		}{
			"nothing":              {func(in *identity.CreateUserInput) { *in = identity.CreateUserInput{Email: address.ParseEmail(" ")} }, []string{"REQUIRED name", "REQUIRED email", "WEAK_PASSWORD password"}},
			"a long name":          {func(in *identity.CreateUserInput) { in.Name = strings.Repeat("x", 256) }, []string{"TOO_LONG name"}},
			"no address":           {func(in *identity.CreateUserInput) { in.Email = address.ParseEmail("dora") }, []string{"INVALID email"}},
			"its address":          {func(in *identity.CreateUserInput) { in.Password = "new@one.example" }, []string{"WEAK_PASSWORD password"}},
			"no account":           {func(in *identity.CreateUserInput) { in.AccountID = nil }, []string{"REQUIRED accountId"}},
			"staff":                {func(in *identity.CreateUserInput) { in.Role = new(domain.RoleAdmin) }, []string{"INVALID accountId"}},
			"another organization": {func(in *identity.CreateUserInput) { in.AccountID = new(y.Account.GlobalID()) }, []string{"UNKNOWN_REFERENCE accountId"}},
			"a deleted account":    {func(in *identity.CreateUserInput) { in.AccountID = new(gone.GlobalID()) }, []string{"UNKNOWN_REFERENCE accountId"}},
			"another kind":         {func(in *identity.CreateUserInput) { in.AccountID = new(disabled.GlobalID()) }, []string{"UNKNOWN_REFERENCE accountId"}},
			"a disabled user":      {func(in *identity.CreateUserInput) { in.Email = disabled.EmailFolded }, []string{"TAKEN email"}},
		} {
			t.Run(portaltest.Subtest(c.want...)+", "+name, func(t *testing.T) {
				in, before := newDeveloper("new@one.example", x.Account), written(t, f)
				c.change(&in)
				_, err := f.Portal.Identity.CreateUser(x.Admin, in)
				portaltest.RequireProblems(t, err, c.want...)
				require.Equal(t, before, written(t, f))
			})
		}
	})
}
