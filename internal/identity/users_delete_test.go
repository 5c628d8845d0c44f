package identity_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db/membership"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/listing"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// A deleted person leaves names in events and nothing else: no address, no session, no
// membership. Somebody else can have the address then.
func TestStory_DeleteUser(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		second := f.MustAccount(t, x.Admin, "Second")
		u := f.MustUser(t, x.Admin, x.Account, domain.Owner)
		f.MustDeveloper(t, x.Admin, second)
		_, err := f.Portal.Identity.AddMember(x.Admin, identity.AddMemberInput{AccountID: second.GlobalID(), UserID: u.GlobalID()})
		require.NoError(t, err)
		session, token := f.MustSession(t, u).ID, mustLink(t, f, u)
		f.MustApp(t, f.Enter(t, u), "Mine")
		_, err = f.Portal.Identity.InviteMember(x.Admin, identity.InviteMemberInput{AccountID: f.MustAccount(t, x.Admin, "Third").GlobalID(), Email: u.EmailFolded})
		require.NoError(t, err)

		id, err := f.Portal.Identity.DeleteUser(x.Admin, u.GlobalID(), new("They have left."))
		require.NoError(t, err)
		require.Equal(t, u.GlobalID(), id)
		require.False(t, isAccepted(t, f, u, session))
		left, err := f.Client.User.Get(portaltest.System(t), u.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"", "", "", "", "", "DISABLED"}, []string{left.Name, left.NameFolded, left.Email, left.EmailFolded.String(), left.PasswordHash, string(left.Status)})
		portaltest.RequireProblems(t, f.Portal.Identity.ResetByLink(t.Context(), token, newPassword), "INVALID_LINK token")
		require.Zero(t, f.Rows(t, "invitations"), "nor is the address kept there")
		require.Zero(t, portaltest.Count(t, f.Client.Membership.Query().Where(membership.UserID(u.ID))))
		rows, err := f.Database.QueryContext(t.Context(), `SELECT id FROM sessions WHERE user_id = $1`, u.ID)
		require.NoError(t, err)
		require.False(t, rows.Next(), "devices and network addresses are forgotten")
		require.NoError(t, rows.Close())

		all, err := f.Portal.Identity.Users(x.Admin, identity.UserFilter{}, listing.Request{})
		require.NoError(t, err)
		for _, one := range all.Nodes {
			require.NotEqual(t, u.ID, one.ID)
		}
		for _, change := range []func() error{
			func() error { _, err := f.Portal.Identity.EnableUser(x.Admin, u.GlobalID(), nil); return err },
			func() error { _, err := f.Portal.Identity.SendPasswordReset(x.Admin, u.GlobalID(), nil); return err },
			func() error { _, err := f.Portal.Identity.DeleteUser(x.Admin, u.GlobalID(), nil); return err },
		} {
			portaltest.RequireCode(t, change(), fault.CodeNotFound)
		}
		_, err = f.Portal.Identity.AddMember(x.Admin, identity.AddMemberInput{AccountID: x.Account.GlobalID(), UserID: u.GlobalID()})
		portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE userId")

		events := f.Client.Event.Query().AllX(portaltest.System(t))
		told := 0
		for _, e := range events {
			require.NotContains(t, e.SubjectName+e.Reason, u.Email)
			for _, c := range e.Changes {
				require.False(t, c.After != nil && strings.Contains(*c.After, "@"), "%s has an address", e.Type)
			}
			if e.SubjectID == u.ID {
				require.Equal(t, "Dora Developer", e.SubjectName)
				told++
			}
		}
		require.Positive(t, told)

		// The address has two further owners, one after the other.
		for range 2 {
			again, err := f.Portal.Identity.CreateUser(x.Admin, identity.CreateUserInput{Name: "Next", Email: address.ParseEmail(u.Email), Password: portaltest.Password, AccountID: new(x.Account.GlobalID())})
			require.NoError(t, err)
			in, err := f.Portal.Identity.SignIn(t.Context(), identity.SignInInput{Email: address.ParseEmail(u.Email), Password: portaltest.Password})
			require.NoError(t, err)
			require.Equal(t, again.ID, in.User.ID)
			_, err = f.Portal.Identity.UnlockByAddress(t.Context(), "one", again.EmailFolded)
			require.NoError(t, err)
			_, err = f.Portal.Identity.DeleteUser(x.Admin, again.GlobalID(), nil)
			require.NoError(t, err)
		}
		_, err = f.Portal.Identity.SignIn(t.Context(), identity.SignInInput{Email: address.ParseEmail(u.Email), Password: portaltest.Password})
		require.True(t, fault.Is(err, fault.CodeUnauthenticated))
		_, err = f.Portal.Identity.SignIn(t.Context(), identity.SignInInput{Email: address.ParseEmail("nobody"), Password: ""})
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "an address that is none is not a deleted user's")
	})
}

func TestDeleteUser(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, other := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		owner, admin := viewer.Current(x.Developer), viewer.Current(x.Admin)
		person := func(id uuid.UUID) string { return f.Client.User.GetX(portaltest.System(t), id).GlobalID() }
		remove := func(as context.Context, id uuid.UUID) error {
			_, err := f.Portal.Identity.DeleteUser(as, person(id), nil)
			return err
		}
		t.Run("ErrNotFound", func(t *testing.T) { portaltest.RequireCode(t, remove(other.Admin, owner.UserID), fault.CodeNotFound) })
		t.Run("ErrForbidden", func(t *testing.T) {
			portaltest.RequireCode(t, remove(x.Developer, f.MustUser(t, x.Admin, x.Account, domain.Member).ID), fault.CodeForbidden)
		})
		t.Run("ErrUserIDNotAllowed/Oneself", func(t *testing.T) {
			f.MustAdmin(t, x.Organization)
			portaltest.RequireProblems(t, remove(x.Admin, admin.UserID), "NOT_ALLOWED userId")
		})
		t.Run("ErrUserIDNotAllowed/LastAdministrator", func(t *testing.T) {
			// A viewer who is no person, as a program with an administrator's rights.
			program := portaltest.As(t, viewer.Viewer{Role: viewer.Admin, OrganizationID: other.Organization.ID})
			only := viewer.Current(other.Admin).UserID
			demo := viewer.Current(f.MustAdmin(t, other.Organization)).UserID
			require.NoError(t, f.Client.User.UpdateOneID(demo).SetMadeInDevelopment(true).Exec(portaltest.System(t)))
			portaltest.RequireProblems(t, remove(program, only), "NOT_ALLOWED userId")
			second := viewer.Current(f.MustAdmin(t, other.Organization)).UserID
			require.NoError(t, remove(program, only))
			portaltest.RequireProblems(t, remove(program, second), "NOT_ALLOWED userId")
		})
		t.Run("ErrUserIDLastOwner", func(t *testing.T) {
			portaltest.RequireProblems(t, remove(x.Admin, owner.UserID), "LAST_OWNER userId")
			require.True(t, isAccepted(t, f, f.Client.User.GetX(portaltest.System(t), owner.UserID), owner.SessionID), "nothing was changed")
			f.MustUser(t, x.Admin, x.Account, domain.Owner)
			require.NoError(t, remove(x.Admin, owner.UserID))
		})
		t.Run("OfADeletedAccount", func(t *testing.T) {
			gone := f.MustAccount(t, x.Admin, "Gone")
			last := f.MustUser(t, x.Admin, gone, domain.Owner)
			_, err := f.Portal.Identity.DeleteAccount(x.Admin, gone.GlobalID(), nil)
			require.NoError(t, err)
			require.NoError(t, remove(x.Admin, last.ID))
		})
	})
}

// Two owners, and two administrators, are deleted at the same moment: one of them stays.
func TestRace_DeleteUser(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		first, second := viewer.Current(x.Developer).UserID, h.MustUser(t, x.Admin, x.Account, domain.Owner).ID
		owners := []string{h.Client.User.GetX(portaltest.System(t), first).GlobalID(), h.Client.User.GetX(portaltest.System(t), second).GlobalID()}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (string, error) {
			return p.Identity.DeleteUser(x.Admin, owners[n/2%2], nil)
		})
		require.Equal(t, 1, racetest.Tally(outcomes)[racetest.OK])
		racetest.RequireOnly(t, outcomes, racetest.OK, "NOT_FOUND", "LAST_OWNER")
		require.Equal(t, 1, portaltest.Count(t, h.Client.Membership.Query().Where(membership.AccountID(x.Account.ID), membership.RoleEQ(domain.Owner))))

		admins := []context.Context{x.Admin, h.MustAdmin(t, x.Organization)}
		_, outcomes = racetest.Run(h, func(n int, p *portal.Portal) (string, error) {
			who := n / 2 % 2
			u, err := h.Client.User.Query().Where(user.ID(viewer.Current(admins[1-who]).UserID)).Only(portaltest.System(t))
			require.NoError(t, err)
			return p.Identity.DeleteUser(admins[who], u.GlobalID(), nil)
		})
		require.Equal(t, 1, racetest.Tally(outcomes)[racetest.OK])
		require.Equal(t, 1, portaltest.Count(t, h.Client.User.Query().Where(user.RoleEQ(domain.RoleAdmin), user.StatusEQ(domain.UserActive))))
	})
}
