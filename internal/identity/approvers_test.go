package identity_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/productapprover"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// An approver decides about the products that the approver is named for, until it ends.
func TestApproversDecideAboutTheirProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one := f.MustTenant(t, "one")
		mine, plan := f.MustProduct(t, one.Admin, "mine")
		theirs, another := f.MustProduct(t, one.Admin, "theirs")
		app := f.MustApp(t, one.Developer, "App").App
		first, second := f.MustRegister(t, one.Developer, app, mine, plan), f.MustRegister(t, one.Developer, app, theirs, another)
		third := f.MustRegister(t, one.Developer, f.MustApp(t, one.Developer, "Second").App, mine, plan)
		ada := f.MustApprover(t, one.Admin, mine)
		ctx := f.Enter(t, ada)
		approve := func(s *db.Subscription) error { return errOf(f.Portal.Apps.Approve(ctx, s.GlobalID(), nil)) }

		portaltest.RequireCode(t, approve(second), fault.CodeNotFound)
		require.NoError(t, approve(first))
		e, err := f.Client.Event.Query().Where(event.Type(string(eventlog.SubscriptionApproved))).Only(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, "APPROVER Ada Approver", e.ActorRole+" "+e.ActorName)
		portaltest.RequireCode(t, errOf(f.Portal.Apps.Suspend(ctx, first.GlobalID(), new("No."))), fault.CodeForbidden)
		portaltest.RequireCode(t, errOf(f.Portal.Identity.AddApprover(ctx, identity.AddApproverInput{ProductID: mine.GlobalID(), UserID: ada.GlobalID()})), fault.CodeForbidden)

		require.NoError(t, errOf(f.Portal.Identity.RemoveApprover(one.Admin, identity.RemoveApproverInput{ProductID: mine.GlobalID(), UserID: ada.GlobalID()})))
		portaltest.RequireCode(t, approve(third), fault.CodeNotFound)
	})
}

func TestWhoIsNamed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one, two := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		p, _ := f.MustProduct(t, one.Admin, "mine")
		foreign, _ := f.MustProduct(t, two.Admin, "foreign")
		ada, stranger, developer := f.MustApprover(t, one.Admin), f.MustApprover(t, two.Admin), f.MustUser(t, one.Admin, one.Account, domain.Member)
		add := func(ctx context.Context, p *db.Product, u *db.User) error {
			return errOf(f.Portal.Identity.AddApprover(ctx, identity.AddApproverInput{ProductID: p.GlobalID(), UserID: u.GlobalID()}))
		}
		remove := func(ctx context.Context, p *db.Product, u *db.User) error {
			return errOf(f.Portal.Identity.RemoveApprover(ctx, identity.RemoveApproverInput{ProductID: p.GlobalID(), UserID: u.GlobalID()}))
		}
		portaltest.RequireProblems(t, add(one.Admin, p, stranger), "UNKNOWN_REFERENCE userId")
		portaltest.RequireProblems(t, add(one.Admin, p, developer), "NOT_ALLOWED userId")
		portaltest.RequireProblems(t, remove(one.Admin, p, ada), "UNKNOWN_REFERENCE userId")
		portaltest.RequireCode(t, add(one.Admin, foreign, ada), fault.CodeNotFound)
		portaltest.RequireCode(t, add(two.Admin, p, ada), fault.CodeNotFound)
		portaltest.RequireCode(t, add(one.Developer, p, ada), fault.CodeForbidden)
		token := viewer.Current(one.Admin)
		token.UserID, token.Scopes = [16]byte{}, domain.NewScopes(domain.AdminWrite)
		portaltest.RequireCode(t, add(viewer.NewContext(t.Context(), token), p, ada), fault.CodeForbidden)
		require.NoError(t, add(one.Admin, p, ada))
		portaltest.RequireProblems(t, add(one.Admin, p, ada), "TAKEN userId")
		portaltest.RequireProblems(t, remove(one.Admin, p, stranger), "UNKNOWN_REFERENCE userId")
		require.NoError(t, remove(one.Admin, p, ada))
	})
}

// Everybody who is named gets a letter about each request: there is a bound.
func TestAddApprover_ErrTooMany(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one := f.MustTenant(t, "one")
		p, _ := f.MustProduct(t, one.Admin, "busy")
		var named *db.User
		for range 100 {
			named = f.MustApprover(t, one.Admin, p)
		}
		add := func(u *db.User) error {
			return errOf(f.Portal.Identity.AddApprover(one.Admin, identity.AddApproverInput{ProductID: p.GlobalID(), UserID: u.GlobalID()}))
		}
		another := f.MustApprover(t, one.Admin)
		portaltest.RequireProblems(t, add(another), "TOO_MANY productId")
		portaltest.RequireProblems(t, add(named), "TAKEN userId")
		require.NoError(t, errOf(f.Portal.Identity.RemoveApprover(one.Admin, identity.RemoveApproverInput{ProductID: p.GlobalID(), UserID: named.GlobalID()})))
		require.NoError(t, add(another))
	})
}

// Another role, and being deleted, end what an approver is named for; each product's log
// says so.
func TestAnotherRoleEndsWhatAnApproverIsNamedFor(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one := f.MustTenant(t, "one")
		p, _ := f.MustProduct(t, one.Admin, "first")
		q, _ := f.MustProduct(t, one.Admin, "second")
		for name, end := range map[string]func(u *db.User) error{
			"a developer": func(u *db.User) error {
				return errOf(f.Portal.Identity.ChangeUserRole(one.Admin, identity.ChangeUserRoleInput{UserID: u.GlobalID(), Role: domain.RolePortal, AccountID: new(one.Account.GlobalID())}))
			},
			"an administrator": func(u *db.User) error {
				return errOf(f.Portal.Identity.ChangeUserRole(one.Admin, identity.ChangeUserRoleInput{UserID: u.GlobalID(), Role: domain.RoleAdmin}))
			},
			"deleted": func(u *db.User) error { return errOf(f.Portal.Identity.DeleteUser(one.Admin, u.GlobalID(), nil)) },
		} {
			t.Run(name, func(t *testing.T) {
				u := f.MustApprover(t, one.Admin, p, q)
				require.NoError(t, end(u))
				n, err := f.Client.ProductApprover.Query().Where(productapprover.UserID(u.ID)).Count(portaltest.System(t))
				require.NoError(t, err)
				require.Zero(t, n)
				for _, of := range []*db.Product{p, q} {
					last, err := f.Client.Event.Query().Where(event.SubjectID(of.ID)).Order(db.Desc(event.FieldPosition)).First(portaltest.System(t))
					require.NoError(t, err)
					require.Equal(t, string(eventlog.ApproverRemoved), last.Type)
				}
			})
		}
	})
}

// An approver is no administrator of whom an organization must keep one, and may go;
// an administrator who became one is none any more.
func TestAnApproverIsNoAdministrator(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one := f.MustTenant(t, "one")
		second := f.MustAdmin(t, one.Organization)
		ada := f.MustApprover(t, one.Admin)
		first, err := f.Client.User.Get(portaltest.System(t), viewer.Current(one.Admin).UserID)
		require.NoError(t, err)
		require.NoError(t, errOf(f.Portal.Identity.ChangeUserRole(second, identity.ChangeUserRoleInput{UserID: first.GlobalID(), Role: domain.RoleApprover})))
		last, err := f.Client.User.Get(portaltest.System(t), viewer.Current(second).UserID)
		require.NoError(t, err)
		portaltest.RequireCode(t, errOf(f.Portal.Identity.DeleteUser(one.Admin, last.GlobalID(), nil)), fault.CodeUnauthenticated)
		first, err = f.Client.User.Get(portaltest.System(t), first.ID)
		require.NoError(t, err)
		portaltest.RequireCode(t, errOf(f.Portal.Identity.DeleteUser(f.Enter(t, first), last.GlobalID(), nil)), fault.CodeForbidden)
		require.NoError(t, errOf(f.Portal.Identity.DeleteUser(second, ada.GlobalID(), nil)))
	})
}
