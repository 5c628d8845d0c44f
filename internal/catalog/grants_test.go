package catalog_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/productgrant"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/policy"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// grantScene is a tenant with a private product, and two accounts that have a developer
// each.
type grantScene struct {
	*portaltest.Fixture
	portaltest.Tenant
	product *db.Product
	plan    *db.Plan
	// other is a developer of the account others.
	others *db.Account
	other  context.Context
}

func newGrantScene(t *testing.T, f *portaltest.Fixture) *grantScene {
	s := &grantScene{Fixture: f, Tenant: f.MustTenant(t, "one")}
	s.product, s.plan = f.MustAutomaticProduct(t, s.Admin, "secret")
	s.setVisibility(t, domain.Private)
	s.others = f.MustAccount(t, s.Admin, "Others")
	s.other = f.MustDeveloper(t, s.Admin, s.others)
	return s
}

func eachGrantScene(t *testing.T, run func(t *testing.T, s *grantScene)) {
	testdb.Each(t, func(t *testing.T, url string) { run(t, newGrantScene(t, portaltest.New(t, url))) })
}

func (s *grantScene) setVisibility(t *testing.T, v domain.ProductVisibility) {
	t.Helper()
	_, err := s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), Visibility: input.SetTo(v)})
	require.NoError(t, err)
}

func (s *grantScene) to(a *db.Account) catalog.GrantInput {
	return catalog.GrantInput{ProductID: s.product.GlobalID(), AccountID: a.GlobalID()}
}

func (s *grantScene) mustGrant(t *testing.T) {
	t.Helper()
	_, err := s.Portal.Catalog.GrantProduct(s.Admin, s.to(s.Account))
	require.NoError(t, err)
}

func (s *grantScene) mustWithdraw(t *testing.T) {
	t.Helper()
	_, err := s.Portal.Catalog.WithdrawProduct(s.Admin, s.to(s.Account))
	require.NoError(t, err)
}

func (s *grantScene) register(t *testing.T, as context.Context) (*db.Subscription, error) {
	t.Helper()
	out, err := s.Portal.Apps.Register(as, apps.RegisterInput{AppID: s.MustApp(t, as, "App").App.GlobalID(), ProductID: s.product.GlobalID()})
	return out.Subscription, err
}

// requireSeen requires that a viewer sees the product and its plan, or neither.
func (s *grantScene) requireSeen(t *testing.T, as context.Context, want bool) {
	t.Helper()
	_, err := s.Client.Product.Get(as, s.product.ID)
	require.Equal(t, !want, db.IsNotFound(err), "%v", err)
	_, err = s.Client.Plan.Get(as, s.plan.ID)
	require.Equal(t, !want, db.IsNotFound(err), "%v", err)
}

// may asks whether viewerCan offers to register an app.
func (s *grantScene) may(t *testing.T, as context.Context) policy.Decision {
	t.Helper()
	granted, err := s.Portal.Catalog.Granted(as, []uuid.UUID{s.product.ID})
	require.NoError(t, err)
	x := s.Client.Product.GetX(portaltest.System(t), s.product.ID)
	return s.Portal.Catalog.ProductPermissions(as, x, granted[x.ID]).Register
}

// A private product is seen by the account that was granted it, by administrators and by its
// approvers; for all others it does not exist. Each step has one event, and once more none.
func TestGrantProduct(t *testing.T) {
	eachGrantScene(t, func(t *testing.T, s *grantScene) {
		approver, nobody := s.Enter(t, s.MustApprover(t, s.Admin, s.product)), s.Enter(t, s.MustApprover(t, s.Admin))
		requireUnknown := func(as context.Context) {
			t.Helper()
			s.requireSeen(t, as, false)
			portaltest.RequireProblems(t, errOf(s.register(t, as)), "UNKNOWN_REFERENCE productId")
		}
		requireUnknown(s.Developer)
		for range 2 {
			of, err := s.Portal.Catalog.GrantProduct(s.Admin, s.to(s.Account))
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{s.product.ID, s.Account.ID}, []uuid.UUID{of.Product.ID, of.Account.ID})
			s.requireSeen(t, s.Developer, true)
		}
		require.True(t, s.may(t, s.Developer).Allowed)
		for _, as := range []context.Context{s.Admin, approver} {
			s.requireSeen(t, as, true)
		}
		requireUnknown(s.other)
		s.requireSeen(t, nobody, false)
		e := s.Client.Event.Query().Where(event.Type(string(eventlog.ProductGranted))).OnlyX(portaltest.System(t))
		require.Nil(t, e.AccountID, "the account is not told: the product may not be on offer yet")
		require.Contains(t, e.Changes, domain.Change{Field: "accountId", After: new(s.Account.GlobalID())})

		for range 2 {
			s.mustWithdraw(t)
		}
		requireUnknown(s.Developer)
		types := slices.DeleteFunc(s.EventTypes(t, s.product.ID), func(of string) bool { return of != "PRODUCT_GRANTED" && of != "PRODUCT_WITHDRAWN" })
		require.Equal(t, []string{"PRODUCT_GRANTED", "PRODUCT_WITHDRAWN"}, types, "once more changes nothing")
	})
}

// What is withdrawn from an account goes on where it is used, and is seen as long; no further
// app is registered, and what has ended is gone.
func TestWithdrawProduct_SubscriptionsStay(t *testing.T) {
	eachGrantScene(t, func(t *testing.T, s *grantScene) {
		s.mustGrant(t)
		sub, err := s.register(t, s.Developer)
		require.NoError(t, err)
		s.mustWithdraw(t)
		s.requireSeen(t, s.Developer, true)
		portaltest.RequireProblems(t, errOf(s.register(t, s.Developer)), "NOT_AVAILABLE productId")
		require.False(t, s.may(t, s.Developer).Allowed)
		require.True(t, s.may(t, s.Admin).Allowed)
		_, err = s.Portal.Apps.Suspend(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		s.requireSeen(t, s.Developer, true)
		_, err = s.Portal.Apps.Unregister(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		s.requireSeen(t, s.Developer, false)
		require.NoError(t, errOf(s.Client.Subscription.Get(s.Developer, sub.ID)), "its history stays")
		s.mustGrant(t)
		s.requireSeen(t, s.Developer, true)
	})
}

// A request that waits is still decided about, and one that is refused ends what was seen.
func TestWithdrawProduct_RequestsWait(t *testing.T) {
	eachGrantScene(t, func(t *testing.T, s *grantScene) {
		_, err := s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), Approval: input.SetTo(domain.Manual)})
		require.NoError(t, err)
		s.mustGrant(t)
		first, err := s.register(t, s.Developer)
		require.NoError(t, err)
		second, err := s.register(t, s.Developer)
		require.NoError(t, err)
		third, err := s.register(t, s.Developer)
		require.NoError(t, err)
		s.mustWithdraw(t)
		_, err = s.Portal.Apps.Approve(s.Admin, first.GlobalID(), nil)
		require.NoError(t, err)
		_, err = s.Portal.Apps.Reject(s.Admin, second.GlobalID(), "No.")
		require.NoError(t, err)
		s.requireSeen(t, s.Developer, true)
		_, err = s.Portal.Apps.Unregister(s.Admin, first.GlobalID(), nil)
		require.NoError(t, err)
		s.requireSeen(t, s.Developer, true)
		_, err = s.Portal.Apps.Withdraw(s.Developer, third.GlobalID(), nil)
		require.NoError(t, err)
		s.requireSeen(t, s.Developer, false)
		e := s.Client.Event.Query().Where(event.Type(string(eventlog.SubscriptionWithdrawn))).OnlyX(s.Developer)
		require.Equal(t, s.product.Title, e.SubjectName, "whose it was stands in the log")
	})
}

// A public product that becomes private is hidden from those who do not use it; what they had
// of it stays in their history.
func TestUpdateProduct_Visibility(t *testing.T) {
	eachGrantScene(t, func(t *testing.T, s *grantScene) {
		s.setVisibility(t, domain.Public)
		sub, err := s.register(t, s.Developer)
		require.NoError(t, err)
		s.requireSeen(t, s.other, true)
		s.setVisibility(t, domain.Private)
		s.requireSeen(t, s.Developer, true)
		s.requireSeen(t, s.other, false)
		_, err = s.Portal.Apps.Unregister(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		s.requireSeen(t, s.Developer, false)
		s.setVisibility(t, domain.Public)
		_, err = s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), Status: input.SetTo(domain.Retired)})
		require.NoError(t, err)
		s.requireSeen(t, s.Developer, true)
		s.requireSeen(t, s.other, false)
		_, err = s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), Visibility: input.Patch[domain.ProductVisibility]{Set: true}})
		portaltest.RequireProblems(t, err, "REQUIRED visibility")
	})
}

// Only administrators grant, what they see and to whom they see; what is named wrongly changes
// nothing. A deleted account takes its grants with it.
func TestGrantProduct_Errors(t *testing.T) {
	eachGrantScene(t, func(t *testing.T, s *grantScene) {
		foreign := s.MustTenant(t, "two")
		for _, step := range []func(context.Context, catalog.GrantInput) (catalog.Granted, error){s.Portal.Catalog.GrantProduct, s.Portal.Catalog.WithdrawProduct} {
			portaltest.RequireCode(t, errOf(step(s.Developer, s.to(s.Account))), fault.CodeNotFound)
			portaltest.RequireCode(t, errOf(step(s.Enter(t, s.MustApprover(t, s.Admin, s.product)), s.to(s.Account))), fault.CodeForbidden)
			portaltest.RequireCode(t, errOf(step(foreign.Admin, s.to(foreign.Account))), fault.CodeNotFound)
			for _, id := range []string{"", "acct_x", s.product.GlobalID(), foreign.Account.GlobalID()} {
				portaltest.RequireProblems(t, errOf(step(s.Admin, catalog.GrantInput{ProductID: s.product.GlobalID(), AccountID: id})), "UNKNOWN_REFERENCE accountId")
			}
		}
		s.mustGrant(t)
		portaltest.RequireCode(t, errOf(s.Portal.Catalog.GrantProduct(s.Developer, s.to(s.Account))), fault.CodeForbidden)
		_, err := s.Portal.Identity.DeleteAccount(s.Admin, s.Account.GlobalID(), nil)
		require.NoError(t, err)
		require.Zero(t, portaltest.Count(t, s.Client.ProductGrant.Query()))
		portaltest.RequireProblems(t, errOf(s.Portal.Catalog.GrantProduct(s.Admin, s.to(s.Account))), "UNKNOWN_REFERENCE accountId")
	})
}

// Everybody who reads a public catalogue sees what is public and on offer in it.
func TestPublicCatalogue(t *testing.T) {
	eachGrantScene(t, func(t *testing.T, s *grantScene) {
		everybody := viewer.AsPublic(t.Context(), s.Organization.ID)
		seen := func(want bool) {
			t.Helper()
			p, err := s.Portal.Catalog.ProductByName(everybody, "secret")
			require.NoError(t, err)
			require.Equal(t, want, p != nil)
			s.requireSeen(t, everybody, want)
		}
		seen(false)
		s.mustGrant(t)
		seen(false)
		s.setVisibility(t, domain.Public)
		seen(true)
		_, err := s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), Status: input.SetTo(domain.Retired)})
		require.NoError(t, err)
		seen(false)
		_, err = s.Client.Product.Get(portaltest.As(t, viewer.Viewer{OrganizationID: s.Organization.ID}), s.product.ID)
		require.Error(t, err, "who has not said that it is the catalogue reads nothing")
	})
}

// Of many that grant and withdraw, each effect has one event, and one row is left or none; the
// account that is deleted meanwhile leaves none.
func TestRace_GrantProduct(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newGrantScene(t, h.Fixture)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (catalog.Granted, error) {
			switch {
			case n%2 == 0:
				return p.Catalog.GrantProduct(s.Admin, s.to(s.Account))
			case n == 33:
				return catalog.Granted{}, errOf(p.Identity.DeleteAccount(s.Admin, s.others.GlobalID(), nil))
			case n%4 == 1:
				return p.Catalog.GrantProduct(s.Admin, s.to(s.others))
			}
			return p.Catalog.WithdrawProduct(s.Admin, s.to(s.Account))
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "UNKNOWN_REFERENCE")
		require.Zero(t, portaltest.Count(t, s.Client.ProductGrant.Query().Where(productgrant.AccountID(s.others.ID))))
		has := 0
		for _, e := range h.Events(t, s.product.ID, eventlog.ProductGranted, eventlog.ProductWithdrawn) {
			if *e.Changes[1].After != s.Account.GlobalID() {
				continue
			}
			if has++; e.Type == string(eventlog.ProductWithdrawn) {
				has -= 2
			}
			require.Contains(t, []int{0, 1}, has, "granted and withdrawn in turn")
		}
		require.Equal(t, has, portaltest.Count(t, s.Client.ProductGrant.Query().Where(productgrant.AccountID(s.Account.ID))))
	})
}

func errOf[T any](_ T, err error) error { return err }
