package portal_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
)

func catalogueMutations() []mutationCase {
	return []mutationCase{
		{"UpdateSubscriptionEndpoints", func(t *testing.T, g *gated) func() error {
			_, _, s := on(t, g)
			x, err := g.Portal.CreateEndpoint(g.Admin, portal.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: domain.MethodGet, Path: "/narrow"})
			require.NoError(t, err)
			return func() error {
				return e(g.p.UpdateSubscriptionEndpoints(g.Developer, portal.UpdateSubscriptionEndpointsInput{SubscriptionID: s.GlobalID(), EndpointIDs: set([]string{x.GlobalID()})}))
			}
		}, []eventlog.Type{eventlog.SubscriptionNarrowed}, true},
		{"CreateEndpoint", func(t *testing.T, g *gated) func() error {
			return func() error {
				return e(g.p.CreateEndpoint(g.Admin, portal.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: domain.MethodGet, Path: "/new"}))
			}
		}, []eventlog.Type{eventlog.EndpointCreated}, true},
		{"UpdateEndpoint", endpoint(func(g *gated, x *db.Endpoint) error {
			return e(g.p.UpdateEndpoint(g.Admin, portal.UpdateEndpointInput{EndpointID: x.GlobalID(), Path: set("/elsewhere")}))
		}), []eventlog.Type{eventlog.EndpointUpdated}, true},
		{"DeleteEndpoint", endpoint(func(g *gated, x *db.Endpoint) error { return e(g.p.DeleteEndpoint(g.Admin, x.GlobalID())) }),
			[]eventlog.Type{eventlog.EndpointDeleted}, true},
		{"CreateProduct", func(t *testing.T, g *gated) func() error {
			return func() error { return e(g.p.CreateProduct(g.Admin, portal.CreateProductInput{Name: "tides"})) }
		}, []eventlog.Type{eventlog.ProductCreated}, false},
		{"UpdateProduct", func(t *testing.T, g *gated) func() error {
			x, _ := g.MustProduct(t, g.Admin, "gone")
			return func() error {
				return e(g.p.UpdateProduct(g.Admin, portal.UpdateProductInput{ProductID: x.GlobalID(), Status: set(domain.Retired)}))
			}
		}, []eventlog.Type{eventlog.ProductUpdated}, true},
		{"CreatePlan", func(t *testing.T, g *gated) func() error {
			return func() error {
				return e(g.p.CreatePlan(g.Admin, portal.CreatePlanInput{ProductID: g.product.GlobalID(), Name: "large"}))
			}
		}, []eventlog.Type{eventlog.PlanCreated}, false},
		{"UpdatePlan", func(t *testing.T, g *gated) func() error {
			_, plan := g.MustProduct(t, g.Admin, "planned")
			return func() error {
				return e(g.p.UpdatePlan(g.Admin, portal.UpdatePlanInput{PlanID: plan.GlobalID(), Quota: set(domain.Quota{Limit: 1, Per: domain.PerDay})}))
			}
		}, []eventlog.Type{eventlog.PlanUpdated}, true},
		{"UpdateOrganization", func(t *testing.T, g *gated) func() error {
			return func() error {
				return e(g.p.UpdateOrganization(g.Admin, portal.UpdateOrganizationInput{TimeZone: set("Europe/Istanbul")}))
			}
		}, []eventlog.Type{eventlog.OrganizationUpdated}, true},
	}
}

func endpoint(f func(g *gated, x *db.Endpoint) error) func(t *testing.T, g *gated) func() error {
	return func(t *testing.T, g *gated) func() error {
		x, err := g.Portal.CreateEndpoint(g.Admin, portal.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: domain.MethodPost, Path: "/" + uuid.NewString()})
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
			return func() error { return e(g.p.CreateAccount(g.Admin, portal.CreateAccountInput{Name: "New"})) }
		}, []eventlog.Type{eventlog.AccountCreated}, false},
		{"UpdateAccount", account(func(g *gated, id string) error {
			return e(g.p.UpdateAccount(g.Admin, portal.UpdateAccountInput{AccountID: id, Name: set("Renamed")}))
		}, nil), []eventlog.Type{eventlog.AccountUpdated}, false},
		{"SuspendAccount", account(func(g *gated, id string) error { return e(g.p.SuspendAccount(g.Admin, id, nil)) }, nil),
			[]eventlog.Type{eventlog.AccountSuspended}, true},
		{"ResumeAccount", account(func(g *gated, id string) error { return e(g.p.ResumeAccount(g.Admin, id, nil)) },
			func(t *testing.T, g *gated, id string) {
				require.NoError(t, e(g.Portal.SuspendAccount(g.Admin, id, nil)))
			}),
			[]eventlog.Type{eventlog.AccountResumed}, true},
		{"DeleteAccount", account(func(g *gated, id string) error { return e(g.p.DeleteAccount(g.Admin, id, nil)) }, nil),
			[]eventlog.Type{eventlog.AccountDeleted}, true},
		{"CreateUser", func(t *testing.T, g *gated) func() error {
			id := g.Account.GlobalID()
			return func() error {
				return e(g.p.CreateUser(g.Admin, portal.CreateUserInput{Name: "New", Email: address.ParseEmail("new@one.example"), Password: portaltest.Password, AccountID: &id}))
			}
		}, []eventlog.Type{eventlog.UserCreated, eventlog.MemberAdded}, false},
		{"DisableUser", user(func(g *gated, id string) error { return e(g.p.DisableUser(g.Admin, id, nil)) }), []eventlog.Type{eventlog.UserDisabled}, false},
		{"UnlockUser", user(func(g *gated, id string) error { return e(g.p.UnlockUser(g.Admin, id, nil)) }), []eventlog.Type{eventlog.UserUnlocked}, false},
		{"EnableUser", func(t *testing.T, g *gated) func() error {
			u := g.MustUser(t, g.Admin, g.Account, domain.Member)
			require.NoError(t, e(g.Portal.DisableUser(g.Admin, u.GlobalID(), nil)))
			return func() error { return e(g.p.EnableUser(g.Admin, u.GlobalID(), nil)) }
		}, []eventlog.Type{eventlog.UserEnabled}, false},
	}
}
