package graph_test

import (
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/internal/catalog"
	"portico/internal/nodeid"
)

// Endpoint is what the matrix knows of endpoints.
func (nouns) Endpoint() noun {
	return noun{
		prefix: "ep", list: sorted{list: "endpoints"}, fields: endpointFields(), values: map[string]any{"EndpointPermissions": catalog.EndpointPermissions{}},
		questions: map[string]question{
			"Endpoint":            of("Endpoint", "endpoint of the product", ""),
			"Endpoint: private":   of("Endpoint", "endpoint of the private product", ""),
			"Endpoint: draft":     of("Endpoint", "endpoint of the draft product", ""),
			"Endpoint: connected": of("App", "app", "connectedEndpoints.nodes"),
			"EndpointPermissions": of("Endpoint", "endpoint of the product", "viewerCan"),
			"EndpointConnection":  of("Product", "product", "endpoints"),
			"EndpointEdge":        of("Product", "product", "endpoints.edges"),
		},
		plays: map[string]play{
			"Mutation.createEndpoint": on("productId", "ENDPOINT_CREATED", (*world).freshProduct).with(arguments{"method": "POST", "path": "/orders"}),
			"Mutation.updateEndpoint": on("endpointId", "ENDPOINT_UPDATED", (*world).freshEndpoint).with(arguments{"path": "/orders/{order}"}),
			"Mutation.deleteEndpoint": on("endpointId", "ENDPOINT_DELETED", (*world).freshEndpoint),
		},
		tables: map[string]table{"endpoints": {
			client: func(c *db.Client) any { return c.Endpoint }, column: "id", value: specimen("endpoint of the private product"),
			adds: func(c *db.Client) adding {
				return added(c.Endpoint.Create, c.Endpoint.CreateBulk, func(x *db.EndpointCreate, o owner) {
					x.SetOrganizationID(o.organization).SetProductID(o.product).SetMethod(access.MethodGet).SetPath("/" + uuid.NewString())
				})
			},
			policy: &endpoint.Policy, types: []string{"Endpoint", "EndpointPermissions"},
		}},
		shown:   shownOfProduct("endpoint of the "),
		targets: map[string]string{"createEndpoint": "productId", "updateEndpoint": "endpointId", "deleteEndpoint": "endpointId"},
		samples: map[string]string{"endpointId": "endpoint of the product", "endpointIds": "endpoint of the product"},
		produce: (*world).produceMethods,
		nothing: map[string]string{"cleared": "CreateEndpointInput.description UpdateEndpointInput.description"},
	}
}

func (w *world) produceMethods() {
	product := w.freshProduct()
	for _, m := range w.values("HTTPMethod") {
		w.mustSucceed("admin", "createEndpoint", arguments{"productId": product, "method": m, "path": "/x"}, "endpoint { method }")
	}
}

func (w *world) freshEndpoint() string { return w.endpointOf(w.freshProduct(), "GET") }

func (w *world) endpointOf(product, method string) string {
	return w.make("admin", "createEndpoint", arguments{"productId": product, "method": method, "path": "/orders"}, "endpoint")
}

// endpointFields are how the reference resolves fields of endpoints.
func endpointFields() map[string]resolver {
	return map[string]resolver{
		"Endpoint.product":              objectIn(nodeid.Product, "ProductID"),
		"Product.endpoints":             listOf(nodeid.Endpoint, func(q fieldRequest, e *db.Endpoint) bool { return e.ProductID == q.parent.(*db.Product).ID }),
		"ProductSubscription.endpoints": listOf(nodeid.Endpoint, func(q fieldRequest, e *db.Endpoint) bool { return reaches(q.parent.(*db.Subscription), e) }),
		"Endpoint.viewerCan": decidedFor(func(q fieldRequest, e *db.Endpoint) any {
			return q.w.Portal.Catalog.EndpointPermissions(q.ctx, e)
		}),
	}
}

// reaches reports whether a subscription includes an endpoint.
func reaches(s *db.Subscription, e *db.Endpoint) bool {
	return e.ProductID == s.ProductID && (s.EndpointIds == nil || slices.Contains(s.EndpointIds, e.ID))
}
