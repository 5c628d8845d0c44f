package graph_test

import (
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/endpoint"
)

// Endpoint is what the matrix knows of endpoints.
func (nouns) Endpoint() noun {
	return noun{
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
		nothing: map[string]string{"cleared": "CreateEndpointInput.description UpdateEndpointInput.description"},
	}
}

func (w *world) freshEndpoint() string {
	return w.make("admin", "createEndpoint", arguments{"productId": w.freshProduct(), "method": "GET", "path": "/orders"}, "endpoint")
}
