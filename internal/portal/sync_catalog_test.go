package portal_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/input"
)

func catalogueMutations() []mutationCase {
	return []mutationCase{
		{"UpdateSubscriptionEndpoints", func(t *testing.T, g *gated) func() error {
			_, _, s := on(t, g)
			x, err := g.Portal.Catalog.CreateEndpoint(g.Admin, catalog.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: domain.MethodGet, Path: "/narrow"})
			require.NoError(t, err)
			return func() error {
				return e(g.p.Apps.UpdateSubscriptionEndpoints(g.Developer, apps.UpdateSubscriptionEndpointsInput{SubscriptionID: s.GlobalID(), EndpointIDs: input.SetTo([]string{x.GlobalID()})}))
			}
		}, []eventlog.Type{eventlog.SubscriptionNarrowed}, true},
		{"CreateEndpoint", func(t *testing.T, g *gated) func() error {
			return func() error {
				return e(g.p.Catalog.CreateEndpoint(g.Admin, catalog.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: domain.MethodGet, Path: "/new"}))
			}
		}, []eventlog.Type{eventlog.EndpointCreated}, true},
		{"UpdateEndpoint", endpoint(func(g *gated, x *db.Endpoint) error {
			return e(g.p.Catalog.UpdateEndpoint(g.Admin, catalog.UpdateEndpointInput{EndpointID: x.GlobalID(), Path: input.SetTo("/elsewhere")}))
		}), []eventlog.Type{eventlog.EndpointUpdated}, true},
		{"DeleteEndpoint", endpoint(func(g *gated, x *db.Endpoint) error { return e(g.p.Catalog.DeleteEndpoint(g.Admin, x.GlobalID())) }),
			[]eventlog.Type{eventlog.EndpointDeleted}, true},
		{"CreateProduct", func(t *testing.T, g *gated) func() error {
			return func() error { return e(g.p.Catalog.CreateProduct(g.Admin, catalog.CreateProductInput{Name: "tides"})) }
		}, []eventlog.Type{eventlog.ProductCreated}, false},
		{"UpdateProduct", func(t *testing.T, g *gated) func() error {
			x, _ := g.MustProduct(t, g.Admin, "gone")
			return func() error {
				return e(g.p.Catalog.UpdateProduct(g.Admin, catalog.UpdateProductInput{ProductID: x.GlobalID(), Status: input.SetTo(domain.Retired)}))
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
				return e(g.p.Catalog.UpdatePlan(g.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), Quota: input.SetTo(domain.Quota{Limit: 1, Per: domain.PerDay})}))
			}
		}, []eventlog.Type{eventlog.PlanUpdated}, true},
		{"UpdateOrganization", func(t *testing.T, g *gated) func() error {
			return func() error {
				return e(g.p.Identity.UpdateOrganization(g.Admin, identity.UpdateOrganizationInput{TimeZone: input.SetTo("Europe/Istanbul")}))
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
