package portaltest

import (
	"context"
	"testing"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
)

// Shop is a tenant with a product that has endpoints.
type Shop struct {
	*Fixture
	Tenant
	Product   *db.Product
	Plan      *db.Plan
	Endpoints []*db.Endpoint
}

// MustShop creates a tenant and a product with a GET endpoint for each path.
func (f *Fixture) MustShop(t testing.TB, paths ...string) Shop {
	t.Helper()
	s := Shop{Fixture: f, Tenant: f.MustTenant(t, "shop")}
	s.Product, s.Plan, s.Endpoints = s.MustOffer(t, "orders", paths...)
	return s
}

// MustOffer creates another product with a GET endpoint for each path.
func (s Shop) MustOffer(t testing.TB, name string, paths ...string) (*db.Product, *db.Plan, []*db.Endpoint) {
	t.Helper()
	p, plan := s.MustProduct(t, s.Admin, name)
	var all []*db.Endpoint
	for _, path := range paths {
		all = append(all, s.MustEndpoint(t, s.Admin, p, access.MethodGet, path))
	}
	return p, plan, all
}

// Register registers an app with the shop's product, for these endpoints alone
// if any are named.
func (s Shop) Register(as context.Context, app *db.App, endpoints ...string) (*db.Subscription, error) {
	created, err := s.Portal.Apps.Register(as, apps.RegisterInput{AppID: app.GlobalID(), ProductID: s.Product.GlobalID(), EndpointIDs: endpoints})
	return created.Subscription, err
}

// UpdateEndpoints sets the endpoints of a subscription.
func (s Shop) UpdateEndpoints(as context.Context, sub *db.Subscription, endpoints ...string) (*db.Subscription, error) {
	return s.Portal.Apps.UpdateSubscriptionEndpoints(as, apps.UpdateSubscriptionEndpointsInput{SubscriptionID: sub.GlobalID(), EndpointIDs: input.SetTo(endpoints)})
}

// EndpointIDs returns the ids of endpoints as clients know them.
func EndpointIDs(all ...*db.Endpoint) (out []string) {
	for _, e := range all {
		out = append(out, e.GlobalID())
	}
	return out
}

// MustEndpoint creates an endpoint of a product.
func (f *Fixture) MustEndpoint(t testing.TB, admin context.Context, p *db.Product, m access.Method, path string) *db.Endpoint {
	t.Helper()
	created, err := f.Portal.Catalog.CreateEndpoint(admin, catalog.CreateEndpointInput{ProductID: p.GlobalID(), Method: m, Path: path})
	return must(t, created, err)
}

// MustAutomaticProduct creates a published product whose subscriptions are
// approved at once, with one free plan.
func (f *Fixture) MustAutomaticProduct(t testing.TB, admin context.Context, name string) (*db.Product, *db.Plan) {
	t.Helper()
	p, plan := f.MustProduct(t, admin, name)
	p, err := f.Portal.Catalog.UpdateProduct(admin, catalog.UpdateProductInput{ProductID: p.GlobalID(), Approval: input.SetTo(domain.Auto)})
	return must(t, p, err), plan
}
