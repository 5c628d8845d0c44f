package portal_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
)

// aDocument is an OpenAPI document with one operation.
const aDocument = `{"openapi": "3.1.0", "info": {"title": "New", "version": "1"}, "paths": {"/new": {"get": {"responses": {"200": {"description": ""}}}}}}`

func catalogMutations() []mutationCase {
	return []mutationCase{
		{"CreateEndpoint", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Catalog.CreateEndpoint(g.Admin, catalog.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: access.MethodGet, Path: "/new"}))
			}
		}, []eventlog.Type{eventlog.EndpointCreated}, true},
		{"UpdateEndpoint", endpoint(func(g *syncedPortal, x *db.Endpoint) error {
			return errOf(g.p.Catalog.UpdateEndpoint(g.Admin, catalog.UpdateEndpointInput{EndpointID: x.GlobalID(), Path: input.SetTo("/elsewhere")}))
		}), []eventlog.Type{eventlog.EndpointUpdated}, true},
		{"DeleteEndpoint", endpoint(func(g *syncedPortal, x *db.Endpoint) error {
			return errOf(g.p.Catalog.DeleteEndpoint(g.Admin, x.GlobalID()))
		}),
			[]eventlog.Type{eventlog.EndpointDeleted}, true},
		{"CreateGuide", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Catalog.CreateGuide(g.Admin, catalog.CreateGuideInput{ProductID: g.product.GlobalID(), Slug: "new", Title: "New", Text: "New"}))
			}
		}, []eventlog.Type{eventlog.GuideCreated}, false},
		{"UpdateGuide", aGuide(func(g *syncedPortal, x *db.Guide) error {
			return errOf(g.p.Catalog.UpdateGuide(g.Admin, catalog.UpdateGuideInput{GuideID: x.GlobalID(), Title: input.SetTo("Other")}))
		}), []eventlog.Type{eventlog.GuideUpdated}, false},
		{"DeleteGuide", aGuide(func(g *syncedPortal, x *db.Guide) error {
			return errOf(g.p.Catalog.DeleteGuide(g.Admin, x.GlobalID()))
		}), []eventlog.Type{eventlog.GuideDeleted}, false},
		{"ReplaceEndpoints", func(t *testing.T, g *syncedPortal) func() error {
			x, _ := g.MustProduct(t, g.Admin, "replaced")
			return func() error {
				return errOf(g.p.Catalog.ReplaceEndpoints(g.Admin, x.GlobalID(), []catalog.EndpointSpec{{Method: access.MethodGet, Path: "/new"}}))
			}
		}, []eventlog.Type{eventlog.EndpointCreated}, true},
		{"UploadProductDocument", func(t *testing.T, g *syncedPortal) func() error {
			x, _ := g.MustProduct(t, g.Admin, "documented")
			return func() error {
				return errOf(g.p.Catalog.UploadProductDocument(g.Admin, catalog.UploadProductDocumentInput{ProductID: x.GlobalID(), Document: aDocument, ApplyEndpoints: true}))
			}
		}, []eventlog.Type{eventlog.ProductDocumentUploaded, eventlog.EndpointCreated}, true},
		{"DeleteProductDocument", func(t *testing.T, g *syncedPortal) func() error {
			x, err := g.Portal.Catalog.UploadProductDocument(g.Admin, catalog.UploadProductDocumentInput{ProductID: g.product.GlobalID(), Document: aDocument})
			require.NoError(t, err)
			return func() error { return errOf(g.p.Catalog.DeleteProductDocument(g.Admin, x.Document.GlobalID())) }
		}, []eventlog.Type{eventlog.ProductDocumentDeleted}, false},
		{"CreateProduct", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Catalog.CreateProduct(g.Admin, catalog.CreateProductInput{Name: "tides"}))
			}
		}, []eventlog.Type{eventlog.ProductCreated}, false},
		{"UpdateProduct", func(t *testing.T, g *syncedPortal) func() error {
			x, _ := g.MustProduct(t, g.Admin, "gone")
			return func() error {
				return errOf(g.p.Catalog.UpdateProduct(g.Admin, catalog.UpdateProductInput{ProductID: x.GlobalID(), Status: input.SetTo(domain.Retired)}))
			}
		}, []eventlog.Type{eventlog.ProductUpdated}, true},
		{"DeprecateProduct", func(t *testing.T, g *syncedPortal) func() error {
			x, _ := g.MustProduct(t, g.Admin, "aging")
			return func() error {
				return errOf(g.p.Catalog.DeprecateProduct(g.Admin, catalog.DeprecateProductInput{ProductID: x.GlobalID()}))
			}
		}, []eventlog.Type{eventlog.ProductUpdated}, true},
		{"RetireProduct", func(t *testing.T, g *syncedPortal) func() error {
			x, _ := g.MustProduct(t, g.Admin, "ending")
			at := g.Clock.Now().AddDate(1, 0, 0)
			return func() error {
				return errOf(g.p.Catalog.RetireProduct(g.Admin, catalog.RetireProductInput{ProductID: x.GlobalID(), At: &at}))
			}
		}, []eventlog.Type{eventlog.ProductEndingAnnounced, eventlog.ProductUpdated}, true},
		{"CancelProductEnding", func(t *testing.T, g *syncedPortal) func() error {
			x, _ := g.MustProduct(t, g.Admin, "staying")
			at := g.Clock.Now().AddDate(1, 0, 0)
			_, err := g.Portal.Catalog.RetireProduct(g.Admin, catalog.RetireProductInput{ProductID: x.GlobalID(), At: &at})
			require.NoError(t, err)
			return func() error {
				return errOf(g.p.Catalog.CancelProductEnding(g.Admin, catalog.CancelProductEndingInput{ProductID: x.GlobalID()}))
			}
		}, []eventlog.Type{eventlog.ProductUpdated}, true},
		{"GrantProduct", func(t *testing.T, g *syncedPortal) func() error {
			x, _ := g.MustProduct(t, g.Admin, "granted")
			return func() error {
				return errOf(g.p.Catalog.GrantProduct(g.Admin, catalog.GrantInput{ProductID: x.GlobalID(), AccountID: g.Account.GlobalID()}))
			}
		}, []eventlog.Type{eventlog.ProductGranted}, false},
		{"WithdrawProduct", func(t *testing.T, g *syncedPortal) func() error {
			x, _ := g.MustProduct(t, g.Admin, "withdrawn")
			in := catalog.GrantInput{ProductID: x.GlobalID(), AccountID: g.Account.GlobalID()}
			require.NoError(t, errOf(g.p.Catalog.GrantProduct(g.Admin, in)))
			return func() error { return errOf(g.p.Catalog.WithdrawProduct(g.Admin, in)) }
		}, []eventlog.Type{eventlog.ProductWithdrawn}, false},
		{"CreatePlan", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Catalog.CreatePlan(g.Admin, catalog.CreatePlanInput{ProductID: g.product.GlobalID(), Name: "large"}))
			}
		}, []eventlog.Type{eventlog.PlanCreated}, false},
		{"UpdatePlan", func(t *testing.T, g *syncedPortal) func() error {
			_, plan := g.MustProduct(t, g.Admin, "planned")
			return func() error {
				return errOf(g.p.Catalog.UpdatePlan(g.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), Quota: input.SetTo(access.Quota{Limit: 1, Per: access.PerDay})}))
			}
		}, []eventlog.Type{eventlog.PlanUpdated}, true},
	}
}

func endpoint(f func(g *syncedPortal, x *db.Endpoint) error) func(t *testing.T, g *syncedPortal) func() error {
	return func(t *testing.T, g *syncedPortal) func() error {
		x, err := g.Portal.Catalog.CreateEndpoint(g.Admin, catalog.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: access.MethodPost, Path: "/" + uuid.NewString()})
		require.NoError(t, err)
		return func() error { return f(g, x) }
	}
}

// aGuide is a case about a guide of the product.
func aGuide(run func(g *syncedPortal, x *db.Guide) error) func(t *testing.T, g *syncedPortal) func() error {
	return func(t *testing.T, g *syncedPortal) func() error {
		x, err := g.Portal.Catalog.CreateGuide(g.Admin, catalog.CreateGuideInput{ProductID: g.product.GlobalID(), Slug: uuid.NewString(), Title: "Guide", Text: "Text"})
		require.NoError(t, err)
		return func() error { return run(g, x) }
	}
}
