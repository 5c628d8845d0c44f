package identity_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/membership"
	"portico/ent/db/session"
	"portico/ent/db/user"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/viewer"
)

func TestChangeUserRole(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		system := portaltest.System(t)
		foreign := x.MustTenant(t, "two")
		set := func(ctx context.Context, u *db.User, role domain.UserRole, account *db.Account) (*db.User, error) {
			in := identity.ChangeUserRoleInput{UserID: u.GlobalID(), Role: role, Reason: new("Joins us.")}
			if account != nil {
				in.AccountID = new(account.GlobalID())
			}
			return x.Portal.Identity.ChangeUserRole(ctx, in)
		}
		self, err := x.Client.User.Get(system, viewer.Current(x.Admin).UserID)
		require.NoError(t, err)

		portaltest.RequireCode(t, errOf(set(x.Developer, x.member, domain.RoleAdmin, nil)), fault.CodeForbidden)
		portaltest.RequireCode(t, errOf(set(foreign.Admin, x.member, domain.RoleAdmin, nil)), fault.CodeNotFound)
		portaltest.RequireProblems(t, errOf(set(x.Admin, x.member, domain.RoleAdmin, x.Account)), "INVALID accountId")
		portaltest.RequireProblems(t, errOf(set(x.Admin, self, domain.RolePortal, nil)), "REQUIRED accountId")
		portaltest.RequireProblems(t, errOf(set(x.Admin, self, domain.RolePortal, x.Account)), "NOT_ALLOWED userId")
		portaltest.RequireProblems(t, errOf(set(x.Admin, x.owner, domain.RoleAdmin, nil)), "LAST_OWNER userId")
		same, err := set(x.Admin, x.member, domain.RolePortal, x.Account)
		require.NoError(t, err)
		require.Equal(t, x.member.Version, same.Version, "nothing changes")

		out, err := set(x.Admin, x.member, domain.RoleAdmin, nil)
		require.NoError(t, err)
		require.Equal(t, domain.RoleAdmin, out.Role)
		places, err := x.Client.Membership.Query().Where(membership.UserID(x.member.ID)).Count(system)
		require.NoError(t, err)
		require.Zero(t, places)
		open, err := x.Client.Session.Query().Where(session.UserID(x.member.ID), session.EndedAtIsNil()).Count(system)
		require.NoError(t, err)
		require.Zero(t, open)
		portaltest.RequireCode(t, errOf(x.Portal.Identity.UpdateUser(x.asMember, identity.UpdateUserInput{UserID: out.GlobalID()})), fault.CodeUnauthenticated)

		portaltest.RequireProblems(t, errOf(set(x.Admin, out, domain.RolePortal, foreign.Account)), "UNKNOWN_REFERENCE accountId")
		out, err = set(x.Admin, out, domain.RolePortal, x.other)
		require.NoError(t, err)
		require.Equal(t, domain.RolePortal, out.Role)
		now, err := x.Client.Membership.Query().Where(membership.UserID(x.member.ID)).Only(system)
		require.NoError(t, err)
		require.Equal(t, x.other.ID, now.AccountID)
		require.Equal(t, []string{"USER_CREATED", "USER_ROLE_CHANGED", "USER_ROLE_CHANGED"}, x.EventTypes(t, x.member.ID))
	})
}

// An administrator who is one no longer decides nothing more about people, also where the
// request was on its way.
func TestChangeUserRole_FormerAdministrator(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		second := x.MustAdmin(t, x.Organization)
		id := nodeid.Encode(nodeid.User, viewer.Current(second).UserID)
		require.NoError(t, errOf(x.Portal.Identity.ChangeUserRole(x.Admin, identity.ChangeUserRoleInput{UserID: id, Role: domain.RolePortal, AccountID: new(x.Account.GlobalID())})))
		portaltest.RequireCode(t, errOf(x.Portal.Identity.DisableUser(second, x.member.GlobalID(), nil)), fault.CodeUnauthenticated)
		portaltest.RequireCode(t, errOf(x.Portal.Identity.ChangeUserRole(second, identity.ChangeUserRoleInput{UserID: id, Role: domain.RoleAdmin})), fault.CodeUnauthenticated)
	})
}

// Administrators who make developers of one another leave one.
func TestRace_ChangeUserRole(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		ctxs := []context.Context{x.Admin, h.MustAdmin(t, x.Organization), h.MustAdmin(t, x.Organization)}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.User, error) {
			id := nodeid.Encode(nodeid.User, viewer.Current(ctxs[(n+1)%len(ctxs)]).UserID)
			return p.Identity.ChangeUserRole(ctxs[n%len(ctxs)], identity.ChangeUserRoleInput{UserID: id, Role: domain.RolePortal, AccountID: new(x.Account.GlobalID())})
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, string(fault.CodeUnauthenticated))
		n, err := h.Client.User.Query().Where(user.RoleEQ(domain.RoleAdmin)).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}
