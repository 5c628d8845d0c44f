package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/user"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// isAccepted reports whether an access token of a session is.
func isAccepted(t *testing.T, f *portaltest.Fixture, u *db.User, session uuid.UUID) bool {
	t.Helper()
	_, ok, err := f.Directory.Person(t.Context(), u.OrganizationID, u.ID, session, uuid.Nil)
	require.NoError(t, err)
	return ok
}

// A disabled user's sessions end and do not come back; the user keeps the
// account and the address, and can sign in again once enabled.
func TestStory_DisableUser(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		u := f.MustUser(t, x.Admin, x.Account, domain.Owner)
		signIn := func() error {
			_, err := f.Portal.Identity.SignIn(t.Context(), identity.SignInInput{Email: u.EmailFolded, Password: portaltest.Password})
			return err
		}
		require.NoError(t, signIn())
		session := f.MustSession(t, u).ID
		require.True(t, isAccepted(t, f, u, session))

		f.Clock.Advance(time.Second)
		off, err := f.Portal.Identity.DisableUser(x.Admin, u.GlobalID(), new("Left."))
		require.NoError(t, err)
		require.Equal(t, domain.UserDisabled, off.Status)
		require.Equal(t, u.Version+1, off.Version)
		require.True(t, off.UpdatedAt.Equal(f.Clock.Now()))
		require.False(t, isAccepted(t, f, u, session))
		portaltest.RequireCode(t, signIn(), fault.CodeUnauthenticated)
		again, err := f.Portal.Identity.DisableUser(x.Admin, u.GlobalID(), new("Again."))
		require.NoError(t, err)
		require.Equal(t, off.Version, again.Version, "unchanged")

		on, err := f.Portal.Identity.EnableUser(x.Admin, u.GlobalID(), new("Back."))
		require.NoError(t, err)
		require.Equal(t, domain.UserActive, on.Status)
		require.False(t, isAccepted(t, f, u, session), "a session from before")
		require.NoError(t, signIn())
		v := viewer.Current(f.Enter(t, on))
		require.Equal(t, x.Account.ID, v.AccountID)
		require.True(t, v.AccountOwner)
		again, err = f.Portal.Identity.EnableUser(x.Admin, u.GlobalID(), new("Again."))
		require.NoError(t, err)
		require.Equal(t, on.Version, again.Version, "unchanged")
		requireStatusEvents(t, f, u, viewer.Current(x.Admin).UserID)
	})
}

// requireStatusEvents requires the two events of a user who was disabled and
// enabled.
func requireStatusEvents(t *testing.T, f *portaltest.Fixture, u *db.User, by uuid.UUID) {
	t.Helper()
	all, err := f.Client.Event.Query().Where(event.SubjectID(u.ID), event.TypeIn(string(eventlog.UserDisabled), string(eventlog.UserEnabled))).
		Order(event.ByPosition()).All(portaltest.System(t))
	require.NoError(t, err)
	require.Len(t, all, 2)
	for i, want := range []struct {
		t                     eventlog.Type
		reason, before, after string
	}{
		{eventlog.UserDisabled, "Left.", "ACTIVE", "DISABLED"},
		{eventlog.UserEnabled, "Back.", "DISABLED", "ACTIVE"},
	} {
		require.Equal(t, string(want.t), all[i].Type)
		require.Equal(t, want.reason, all[i].Reason)
		require.Equal(t, []domain.Change{{Field: "status", Before: &want.before, After: &want.after}}, all[i].Changes)
		require.Equal(t, by, *all[i].ActorID)
		require.Nil(t, all[i].AccountID, "developers do not see it")
	}
}

// What an administrator may not disable or enable stays as it is. Another
// organization's user is answered like one that does not exist.
func TestUserStatus_Refused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, y := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		mine, theirs := f.MustUser(t, x.Admin, x.Account, domain.Member), f.MustUser(t, y.Admin, y.Account, domain.Member)
		off := f.MustUser(t, y.Admin, y.Account, domain.Member)
		_, err := f.Portal.Identity.DisableUser(y.Admin, off.GlobalID(), nil)
		require.NoError(t, err)
		mySession, theirSession := f.MustSession(t, mine).ID, f.MustSession(t, theirs).ID
		before := f.Rows(t, "events")
		for name, set := range map[string]func(id string, reason *string) (*db.User, error){
			"DisableUser": func(id string, reason *string) (*db.User, error) {
				return f.Portal.Identity.DisableUser(x.Admin, id, reason)
			},
			"EnableUser": func(id string, reason *string) (*db.User, error) {
				return f.Portal.Identity.EnableUser(x.Admin, id, reason)
			},
		} {
			t.Run(name+"/ErrNotFound", func(t *testing.T) {
				for _, id := range []string{theirs.GlobalID(), off.GlobalID(), nodeid.Encode(nodeid.User, uuid.New()), x.Account.GlobalID(), "", "user_\x00"} {
					_, err := set(id, nil)
					portaltest.RequireCode(t, err, fault.CodeNotFound)
					require.Equal(t, fault.NotFound(), fault.From(err), "%q", id)
				}
			})
			t.Run(name+"/ErrReasonTooLong", func(t *testing.T) {
				_, err := set(mine.GlobalID(), new(strings.Repeat("x", 1001)))
				portaltest.RequireProblems(t, err, "TOO_LONG reason")
			})
		}
		require.Equal(t, before, f.Rows(t, "events"))
		require.True(t, isAccepted(t, f, mine, mySession))
		require.True(t, isAccepted(t, f, theirs, theirSession))
	})
}

// Administrators may disable one another, but not themselves, so that the last
// one has nobody to be disabled by.
func TestDisableUser_LastAdministrator(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		other := mustStaff(t, f, "one", portaltest.Password)
		as := f.Enter(t, other)
		me := nodeid.Encode(nodeid.User, viewer.Current(x.Admin).UserID)
		t.Run("OK, another administrator", func(t *testing.T) {
			_, err := f.Portal.Identity.DisableUser(as, me, nil)
			require.NoError(t, err)
		})
		t.Run("ErrUserIdNotAllowed", func(t *testing.T) {
			before := f.Rows(t, "events")
			_, err := f.Portal.Identity.DisableUser(as, other.GlobalID(), nil)
			portaltest.RequireProblems(t, err, "NOT_ALLOWED userId")
			require.Equal(t, before, f.Rows(t, "events"))
			require.True(t, isAccepted(t, f, other, viewer.Current(as).SessionID))
		})
		active, err := f.Client.User.Query().Where(user.RoleEQ(domain.RoleAdmin), user.StatusEQ(domain.UserActive)).IDs(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{other.ID}, active)
	})
}

// Whoever was deleted or disabled while a change was on its way makes none, and no service
// token changes an administrator: it could let one in again who was shut out, or leave an
// organization without any.
func TestDisableUser_ErrByNobody(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		gone := f.MustAdmin(t, x.Organization)
		other := nodeid.Encode(nodeid.User, viewer.Current(f.MustAdmin(t, x.Organization)).UserID)
		_, err := f.Portal.Identity.DeleteUser(x.Admin, nodeid.Encode(nodeid.User, viewer.Current(gone).UserID), nil)
		require.NoError(t, err)
		_, err = f.Portal.Identity.DisableUser(gone, other, nil)
		require.Equal(t, fault.ReasonSessionExpired, fault.From(err).Reason, "%v", err)
		_, err = f.Portal.Identity.DeleteUser(gone, other, nil)
		require.Equal(t, fault.ReasonSessionExpired, fault.From(err).Reason, "%v", err)

		program := portaltest.As(t, viewer.Viewer{Role: viewer.Admin, OrganizationID: x.Organization.ID, TokenID: uuid.New(), Scopes: domain.NewScopes(domain.AdminWrite)})
		for _, err := range []error{errOf(f.Portal.Identity.DisableUser(program, other, nil)), errOf(f.Portal.Identity.DeleteUser(program, other, nil)),
			errOf(f.Portal.Identity.EnableUser(program, other, nil)), errOf(f.Portal.Identity.UnlockUser(program, other, nil)), errOf(f.Portal.Identity.SendPasswordReset(program, other, nil)),
			errOf(f.Portal.Identity.UpdateUser(program, identity.UpdateUserInput{UserID: other, Name: input.SetTo("Renamed")}))} {
			require.Equal(t, fault.ReasonScope, fault.From(err).Reason, "%v", err)
		}
	})
}
