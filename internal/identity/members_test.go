package identity_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/membership"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// team is an account with an owner and a member, and another account.
type team struct {
	*portaltest.Fixture
	portaltest.Tenant
	owner, member *db.User
	// asMember is the member's context, and stranger that of another account's owner.
	asMember, stranger context.Context
	other              *db.Account
}

func newTeam(t *testing.T, url string) team {
	f := portaltest.New(t, url)
	x := team{Fixture: f, Tenant: f.MustTenant(t, "one")}
	owner, err := f.Client.User.Get(portaltest.System(t), viewer.Current(x.Developer).UserID)
	require.NoError(t, err)
	x.owner, x.member = owner, f.MustUser(t, x.Admin, x.Account, domain.Member)
	x.asMember = f.Enter(t, x.member)
	x.other = f.MustAccount(t, x.Admin, "Globex")
	x.stranger = f.MustDeveloper(t, x.Admin, x.other)
	return x
}

// of returns the opaque id of a user's membership in the account.
func (x team) of(t *testing.T, u *db.User) string {
	t.Helper()
	m, err := x.Client.Membership.Query().Where(membership.UserID(u.ID), membership.AccountID(x.Account.ID)).Only(portaltest.System(t))
	require.NoError(t, err)
	return m.GlobalID()
}

func eachTeam(t *testing.T, f func(t *testing.T, x team)) {
	testdb.Each(t, func(t *testing.T, url string) { f(t, newTeam(t, url)) })
}

func TestMembers_WhoMayChangeThem(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc := x.Portal.Identity
		foreign := x.MustTenant(t, "two")
		owner, member := x.of(t, x.owner), x.of(t, x.member)
		attempts := map[string]func(ctx context.Context) error{
			"change": func(ctx context.Context) error { return errOf(svc.ChangeMemberRole(ctx, member, domain.Owner)) },
			"remove": func(ctx context.Context) error { return errOf(svc.RemoveMember(ctx, owner, nil)) },
			"transfer": func(ctx context.Context) error {
				return errOf(svc.TransferOwnership(ctx, identity.TransferOwnershipInput{MembershipID: member}))
			},
			"delete": func(ctx context.Context) error { return errOf(svc.DeleteAccount(ctx, x.Account.GlobalID(), nil)) },
		}
		for _, do := range attempts {
			for _, ctx := range []context.Context{x.stranger, foreign.Admin, foreign.Developer} {
				portaltest.RequireCode(t, do(ctx), fault.CodeNotFound)
			}
			portaltest.RequireCode(t, do(x.asMember), fault.CodeForbidden)
			portaltest.RequireCode(t, do(viewer.NewContext(t.Context(), viewer.Viewer{})), fault.CodeForbidden)
		}
		for _, id := range []string{"", "mem_nonsense", x.Account.GlobalID()} {
			portaltest.RequireCode(t, errOf(svc.RemoveMember(x.Developer, id, nil)), fault.CodeNotFound)
		}
	})
}

func TestMembers_LastOwnerStays(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc, owner, member := x.Portal.Identity, x.of(t, x.owner), x.of(t, x.member)
		refused := func(ctx context.Context) {
			t.Helper()
			portaltest.RequireProblems(t, errOf(svc.RemoveMember(ctx, owner, nil)), "LAST_OWNER membershipId")
			portaltest.RequireProblems(t, errOf(svc.ChangeMemberRole(ctx, owner, domain.Member)), "LAST_OWNER membershipId")
		}
		refused(x.Developer)
		refused(x.Admin)

		// An owner who cannot sign in does not keep the account.
		require.NoError(t, errOf(svc.ChangeMemberRole(x.Developer, member, domain.Owner)))
		require.NoError(t, errOf(svc.DisableUser(x.Admin, x.member.GlobalID(), nil)))
		refused(x.Developer)
		portaltest.RequireProblems(t, errOf(svc.TransferOwnership(x.Developer, identity.TransferOwnershipInput{MembershipID: member})), "LAST_OWNER fromMembershipId")
		require.NoError(t, errOf(svc.RemoveMember(x.Developer, member, nil)), "the disabled one goes")
		refused(x.Developer)
	})
}

func TestMembers_TransferOwnership(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc, owner, member := x.Portal.Identity, x.of(t, x.owner), x.of(t, x.member)
		in := identity.TransferOwnershipInput{MembershipID: member}
		portaltest.RequireProblems(t, errOf(svc.TransferOwnership(x.Admin, in)), "REQUIRED fromMembershipId")
		for code, from := range map[string]string{"WRONG_STATUS": member, "UNKNOWN_REFERENCE": "mem_nonsense"} {
			in.FromMembershipID = &from
			portaltest.RequireProblems(t, errOf(svc.TransferOwnership(x.Admin, in)), code+" fromMembershipId")
		}
		portaltest.RequireProblems(t, errOf(svc.TransferOwnership(x.Developer, identity.TransferOwnershipInput{MembershipID: owner})), "INVALID fromMembershipId")

		in.FromMembershipID = nil
		out, err := svc.TransferOwnership(x.Developer, in)
		require.NoError(t, err)
		require.Equal(t, []domain.MembershipRole{domain.Owner, domain.Member}, []domain.MembershipRole{out.Owner.Role, out.Former.Role})
		// The request of a former owner that was on its way finds no owner any more.
		portaltest.RequireCode(t, errOf(svc.TransferOwnership(x.Developer, identity.TransferOwnershipInput{MembershipID: owner})), fault.CodeForbidden)
		portaltest.RequireCode(t, errOf(svc.DeleteAccount(x.Developer, x.Account.GlobalID(), nil)), fault.CodeForbidden)
		in = identity.TransferOwnershipInput{MembershipID: owner, FromMembershipID: &member}
		require.NoError(t, errOf(svc.TransferOwnership(x.Admin, in)), "staff hand it back")
	})
}

func TestMembers_AddMember(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc := x.Portal.Identity
		foreign := x.MustTenant(t, "two")
		strange, err := x.Client.User.Get(portaltest.System(t), viewer.Current(foreign.Developer).UserID)
		require.NoError(t, err)
		staff, err := x.Client.User.Get(portaltest.System(t), viewer.Current(x.Admin).UserID)
		require.NoError(t, err)
		add := func(ctx context.Context, a *db.Account, u *db.User, role *domain.MembershipRole) (*db.Membership, error) {
			return svc.AddMember(ctx, identity.AddMemberInput{AccountID: a.GlobalID(), UserID: u.GlobalID(), Role: role})
		}
		portaltest.RequireProblems(t, errOf(add(x.Admin, x.Account, x.member, nil)), "TAKEN userId")
		portaltest.RequireProblems(t, errOf(add(x.Admin, x.Account, strange, nil)), "UNKNOWN_REFERENCE userId")
		portaltest.RequireProblems(t, errOf(add(x.Admin, x.Account, staff, nil)), "NOT_ALLOWED userId")
		portaltest.RequireCode(t, errOf(add(x.Admin, foreign.Account, x.member, nil)), fault.CodeNotFound)
		portaltest.RequireCode(t, errOf(add(x.Developer, x.Account, x.member, nil)), fault.CodeForbidden)

		m, err := add(x.Admin, x.other, x.member, nil)
		require.NoError(t, err)
		require.Equal(t, domain.Member, m.Role)

		empty := x.MustAccount(t, x.Admin, "Empty")
		portaltest.RequireProblems(t, errOf(add(x.Admin, empty, x.member, new(domain.Member))), "NOT_ALLOWED role")
		id := empty.GlobalID()
		portaltest.RequireProblems(t, errOf(svc.CreateUser(x.Admin, identity.CreateUserInput{Name: "New", Email: address.ParseEmail("new@one.example"), Password: portaltest.Password,
			AccountID: &id, MembershipRole: new(domain.Member)})), "NOT_ALLOWED membershipRole")
		m, err = add(x.Admin, empty, x.member, nil)
		require.NoError(t, err)
		require.Equal(t, domain.Owner, m.Role, "members are never without an owner")
	})
}

// A removed member, and one whose account was deleted, reads nothing of it any more,
// from the next request on, and those who stay are told who had asked for what.
func TestStory_RemovedMember(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc, id := x.Portal.Identity, x.of(t, x.member)
		app := x.MustApp(t, x.asMember, "App").App
		deleted, err := svc.RemoveMember(x.Developer, id, new("Left."))
		require.NoError(t, err)
		require.Equal(t, id, deleted)
		portaltest.RequireCode(t, errOf(svc.RemoveMember(x.Developer, id, nil)), fault.CodeNotFound)
		// What the member's request finds that was on its way: no membership.
		portaltest.RequireCode(t, errOf(svc.RemoveMember(x.asMember, x.of(t, x.owner), nil)), fault.CodeNotFound)

		now := x.Enter(t, x.member)
		require.Zero(t, viewer.Current(now).AccountID)
		n, err := x.Client.App.Query().Count(now)
		require.NoError(t, err)
		require.Zero(t, n)
		require.Equal(t, []string{"MEMBER_ADDED", "MEMBER_REMOVED"}, x.EventTypes(t, rowOf(t, id)))

		require.NoError(t, errOf(svc.AddMember(x.Admin, identity.AddMemberInput{AccountID: x.Account.GlobalID(), UserID: x.member.GlobalID()})))
		back := x.Enter(t, x.member)
		require.NoError(t, errOf(svc.RemoveMember(back, x.of(t, x.member), nil)), "members may leave")

		require.NoError(t, errOf(svc.DeleteAccount(x.Developer, x.Account.GlobalID(), nil)))
		gone, err := x.Client.App.Get(portaltest.System(t), app.ID)
		require.NoError(t, err)
		require.NotNil(t, gone.DeletedAt)
		left, err := x.Client.Account.Query().Where(account.DeletedAtIsNil()).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, 1, left)
	})
}

func errOf[T any](_ T, err error) error { return err }

func rowOf(t *testing.T, membership string) uuid.UUID {
	id, ok := nodeid.Decode(nodeid.Membership, membership)
	require.True(t, ok)
	return id
}
