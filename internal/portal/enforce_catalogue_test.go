package portal_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
)

func catalogueMutations() []mutationCase {
	return []mutationCase{
		{"UpdateSubscriptionEndpoints", func(t *testing.T, g *gated) func() error {
			_, _, s := on(t, g)
			x, err := g.Portal.Catalog.CreateEndpoint(g.Admin, catalog.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: domain.MethodGet, Path: "/narrow"})
			require.NoError(t, err)
			return func() error {
				return e(g.p.Apps.UpdateSubscriptionEndpoints(g.Developer, apps.UpdateSubscriptionEndpointsInput{SubscriptionID: s.GlobalID(), EndpointIDs: set([]string{x.GlobalID()})}))
			}
		}, []eventlog.Type{eventlog.SubscriptionNarrowed}, true},
		{"CreateEndpoint", func(t *testing.T, g *gated) func() error {
			return func() error {
				return e(g.p.Catalog.CreateEndpoint(g.Admin, catalog.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: domain.MethodGet, Path: "/new"}))
			}
		}, []eventlog.Type{eventlog.EndpointCreated}, true},
		{"UpdateEndpoint", endpoint(func(g *gated, x *db.Endpoint) error {
			return e(g.p.Catalog.UpdateEndpoint(g.Admin, catalog.UpdateEndpointInput{EndpointID: x.GlobalID(), Path: set("/elsewhere")}))
		}), []eventlog.Type{eventlog.EndpointUpdated}, true},
		{"DeleteEndpoint", endpoint(func(g *gated, x *db.Endpoint) error { return e(g.p.Catalog.DeleteEndpoint(g.Admin, x.GlobalID())) }),
			[]eventlog.Type{eventlog.EndpointDeleted}, true},
		{"CreateProduct", func(t *testing.T, g *gated) func() error {
			return func() error { return e(g.p.Catalog.CreateProduct(g.Admin, catalog.CreateProductInput{Name: "tides"})) }
		}, []eventlog.Type{eventlog.ProductCreated}, false},
		{"UpdateProduct", func(t *testing.T, g *gated) func() error {
			x, _ := g.MustProduct(t, g.Admin, "gone")
			return func() error {
				return e(g.p.Catalog.UpdateProduct(g.Admin, catalog.UpdateProductInput{ProductID: x.GlobalID(), Status: set(domain.Retired)}))
			}
		}, []eventlog.Type{eventlog.ProductUpdated}, true},
		{"CreatePlan", func(t *testing.T, g *gated) func() error {
			return func() error {
				return e(g.p.Catalog.CreatePlan(g.Admin, catalog.CreatePlanInput{ProductID: g.product.GlobalID(), Name: "large"}))
			}
		}, []eventlog.Type{eventlog.PlanCreated}, false},
		{"UpdatePlan", func(t *testing.T, g *gated) func() error {
			_, plan := g.MustProduct(t, g.Admin, "planned")
			return func() error {
				return e(g.p.Catalog.UpdatePlan(g.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), Quota: set(domain.Quota{Limit: 1, Per: domain.PerDay})}))
			}
		}, []eventlog.Type{eventlog.PlanUpdated}, true},
		{"UpdateOrganization", func(t *testing.T, g *gated) func() error {
			return func() error {
				return e(g.p.Identity.UpdateOrganization(g.Admin, identity.UpdateOrganizationInput{TimeZone: set("Europe/Istanbul")}))
			}
		}, []eventlog.Type{eventlog.OrganizationUpdated}, true},
	}
}

func endpoint(f func(g *gated, x *db.Endpoint) error) func(t *testing.T, g *gated) func() error {
	return func(t *testing.T, g *gated) func() error {
		x, err := g.Portal.Catalog.CreateEndpoint(g.Admin, catalog.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: domain.MethodPost, Path: "/" + uuid.NewString()})
		require.NoError(t, err)
		return func() error { return f(g, x) }
	}
}

func peopleMutations() []mutationCase {
	account := func(f func(g *gated, id string) error, first func(t *testing.T, g *gated, id string)) func(t *testing.T, g *gated) func() error {
		return func(t *testing.T, g *gated) func() error {
			id := g.MustAccount(t, g.Admin, "Other").GlobalID()
			if first != nil {
				first(t, g, id)
			}
			return func() error { return f(g, id) }
		}
	}
	user := func(f func(g *gated, id string) error) func(t *testing.T, g *gated) func() error {
		return func(t *testing.T, g *gated) func() error {
			u := g.MustUser(t, g.Admin, g.Account, domain.Member)
			return func() error { return f(g, u.GlobalID()) }
		}
	}
	return []mutationCase{
		{"CreateAccount", func(t *testing.T, g *gated) func() error {
			return func() error { return e(g.p.Identity.CreateAccount(g.Admin, identity.CreateAccountInput{Name: "New"})) }
		}, []eventlog.Type{eventlog.AccountCreated}, false},
		{"UpdateAccount", account(func(g *gated, id string) error {
			return e(g.p.Identity.UpdateAccount(g.Admin, identity.UpdateAccountInput{AccountID: id, Name: set("Renamed")}))
		}, nil), []eventlog.Type{eventlog.AccountUpdated}, false},
		{"SuspendAccount", account(func(g *gated, id string) error { return e(g.p.Identity.SuspendAccount(g.Admin, id, nil)) }, nil),
			[]eventlog.Type{eventlog.AccountSuspended}, true},
		{"ResumeAccount", account(func(g *gated, id string) error { return e(g.p.Identity.ResumeAccount(g.Admin, id, nil)) },
			func(t *testing.T, g *gated, id string) {
				require.NoError(t, e(g.Portal.Identity.SuspendAccount(g.Admin, id, nil)))
			}),
			[]eventlog.Type{eventlog.AccountResumed}, true},
		{"DeleteAccount", account(func(g *gated, id string) error { return e(g.p.Identity.DeleteAccount(g.Admin, id, nil)) }, nil),
			[]eventlog.Type{eventlog.AccountDeleted}, true},
		{"CreateUser", func(t *testing.T, g *gated) func() error {
			id := g.Account.GlobalID()
			return func() error {
				return e(g.p.Identity.CreateUser(g.Admin, identity.CreateUserInput{Name: "New", Email: address.ParseEmail("new@one.example"), Password: portaltest.Password, AccountID: &id}))
			}
		}, []eventlog.Type{eventlog.UserCreated, eventlog.MemberAdded}, false},
		{"DisableUser", user(func(g *gated, id string) error { return e(g.p.Identity.DisableUser(g.Admin, id, nil)) }), []eventlog.Type{eventlog.UserDisabled}, false},
		{"UnlockUser", user(func(g *gated, id string) error { return e(g.p.Identity.UnlockUser(g.Admin, id, nil)) }), []eventlog.Type{eventlog.UserUnlocked}, false},
		{"EnableUser", func(t *testing.T, g *gated) func() error {
			u := g.MustUser(t, g.Admin, g.Account, domain.Member)
			require.NoError(t, e(g.Portal.Identity.DisableUser(g.Admin, u.GlobalID(), nil)))
			return func() error { return e(g.p.Identity.EnableUser(g.Admin, u.GlobalID(), nil)) }
		}, []eventlog.Type{eventlog.UserEnabled}, false},
	}
}
