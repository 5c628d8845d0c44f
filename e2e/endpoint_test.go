package e2e

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/nodeid"
)

const endpointFields = `endpoint { id method path description viewerCan { update { allowed } } product { name } }`

// newEndpoint creates an endpoint and returns its id.
func (c *actors) newEndpoint(t *testing.T, product, method, path string) string {
	t.Helper()
	a := c.admin.Do(t, "createEndpoint", vars{"productId": product, "method": method, "path": path}, endpointFields)
	return a.Text("createEndpoint", "endpoint", "id")
}

// endpointLife tests what administrators do with a product's endpoints, and what
// developers see of them.
func endpointLife(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "endpoint-story")
	product, _ := c.newProduct(t, "endpoint-story", "AUTO")
	a := c.admin.Do(t, "createEndpoint", vars{"productId": product, "method": "GET", "path": "/orders/{id}", "description": "One order."},
		`endpoint { id method path description createdAt version product { id } }`)
	id := a.Text("createEndpoint", "endpoint", "id")
	require.Equal(t, []any{"GET", "/orders/{id}", "One order.", 1.0, product}, []any{
		a.At("createEndpoint", "endpoint", "method"), a.At("createEndpoint", "endpoint", "path"), a.At("createEndpoint", "endpoint", "description"),
		a.At("createEndpoint", "endpoint", "version"), a.At("createEndpoint", "endpoint", "product", "id")})
	c.newEndpoint(t, product, "POST", "/orders")
	files := c.newEndpoint(t, product, "ANY", "/files/{path...}")
	for _, bad := range []struct{ path, code string }{
		{"/orders/{id}", "TAKEN"}, {"orders", "INVALID"}, {"/a/../b", "INVALID"}, {"/a//b", "INVALID"}, {"/%2e%2e", "INVALID"}, {"/{rest...}/more", "INVALID"}, {"", "INVALID"},
	} {
		requireProblem(t, c.admin.Ask(t, "createEndpoint", vars{"productId": product, "method": "GET", "path": bad.path}, endpointFields), "createEndpoint", bad.code, "path")
	}
	requireProblem(t, c.admin.Ask(t, "updateEndpoint", vars{"endpointId": files, "method": "GET", "path": "/orders/{id}"}, endpointFields), "updateEndpoint", "TAKEN", "path")
	requireProblem(t, c.admin.Ask(t, "updateEndpoint", vars{"endpointId": files, "path": nil}, endpointFields), "updateEndpoint", "REQUIRED", "path")
	a = c.admin.Do(t, "updateEndpoint", vars{"endpointId": id, "version": 1, "path": "/orders/{order}", "description": nil}, endpointFields)
	require.Equal(t, map[string]any{"id": id, "method": "GET", "path": "/orders/{order}", "description": "",
		"viewerCan": map[string]any{"update": map[string]any{"allowed": true}}, "product": map[string]any{"name": "endpoint-story"}}, a.At("updateEndpoint", "endpoint"))
	requireError(t, c.admin.Ask(t, "updateEndpoint", vars{"endpointId": id, "version": 1, "path": "/late"}, endpointFields), "CONFLICT")

	listed := func(who *servertest.Client) []string {
		return texts(who.Must(t, `query($id: ID!) { product(id: $id) { endpoints { totalCount nodes { path } } } }`, vars{"id": product}), "path", "product", "endpoints", "nodes")
	}
	require.Equal(t, []string{"/orders/{order}", "/orders", "/files/{path...}"}, listed(c.dev))
	requireUnknownField(t, c.dev.Ask(t, "createEndpoint", vars{"productId": product, "method": "GET", "path": "/mine"}, endpointFields))
	requireUnknownField(t, c.dev.Ask(t, "deleteEndpoint", vars{"endpointId": id}, `deletedEndpointId`))
	strange := s.SignIn(t, "admin@second.example").As("X-Request-Id", "same")
	requireSameAnswers(t, append(invalidIDs(nodeid.Endpoint), id), func(id string) *servertest.Answer {
		a := strange.Ask(t, "deleteEndpoint", vars{"endpointId": id}, `deletedEndpointId`)
		requireError(t, a, "NOT_FOUND")
		return a
	})
	a = c.admin.Do(t, "deleteEndpoint", vars{"endpointId": id}, `deletedEndpointId`)
	require.Equal(t, id, a.Text("deleteEndpoint", "deletedEndpointId"))
	require.Equal(t, []string{"/orders", "/files/{path...}"}, listed(c.dev))
	a = c.admin.Must(t, `query($id: ID!) { node(id: $id) { id } events(where: {subjectId: $id}, orderBy: {direction: ASC}) { nodes { type subject { type name node { id } } } } }`, vars{"id": id})
	require.Nil(t, a.At("node"))
	require.Equal(t, []string{"ENDPOINT_CREATED", "ENDPOINT_UPDATED", "ENDPOINT_DELETED"}, texts(a, "type", "events", "nodes"))
	require.Equal(t, map[string]any{"type": "Endpoint", "name": "GET /orders/{order}", "node": nil}, a.At("events", "nodes", 2, "subject"))

	a = c.admin.Do(t, "updateProduct", vars{"productId": product, "keyless": true, "enforceEndpoints": true}, `product { keyless enforceEndpoints }`)
	require.Equal(t, map[string]any{"keyless": true, "enforceEndpoints": true}, a.At("updateProduct", "product"))
	requireProblem(t, c.admin.Ask(t, "updateProduct", vars{"productId": product, "keyless": nil}, `product { id }`), "updateProduct", "REQUIRED", "keyless")
}

// narrowedSubscription tests a subscription to some endpoints of a product.
func narrowedSubscription(t *testing.T, s *servertest.Server) {
	c, other := newActors(t, s, "narrowed"), newActors(t, s, "narrowed-other")
	product, _ := c.newProduct(t, "narrowed", "AUTO")
	read, write := c.newEndpoint(t, product, "GET", "/orders/{id}"), c.newEndpoint(t, product, "POST", "/orders")
	elsewhere, _ := c.newProduct(t, "narrowed-elsewhere", "AUTO")
	strange := c.newEndpoint(t, elsewhere, "GET", "/strange")
	app, _ := c.newApp(t, "Narrow")
	const fields = `productSubscription { id status narrowed endpoints { totalCount nodes { id } } viewerCan { updateEndpoints { allowed } } }`
	for _, id := range append(invalidIDs(nodeid.Endpoint), strange) {
		requireProblem(t, c.dev.Ask(t, "register", vars{"appId": app, "productId": product, "endpointIds": []any{read, id}}, fields), "register", "UNKNOWN_REFERENCE", "endpointIds.1")
	}
	requireProblem(t, c.dev.Ask(t, "register", vars{"appId": app, "productId": product, "endpointIds": []any{}}, fields), "register", "REQUIRED", "endpointIds")
	in := vars{"appId": app, "productId": product, "endpointIds": []any{read}, "idempotencyKey": "narrowed"}
	a := c.dev.Do(t, "register", in, fields)
	id := a.Text("register", "productSubscription", "id")
	require.Equal(t, []any{"APPROVED", true}, []any{a.At("register", "productSubscription", "status"), a.At("register", "productSubscription", "narrowed")})
	require.Equal(t, []string{read}, texts(a, "id", "register", "productSubscription", "endpoints", "nodes"))
	require.Equal(t, id, c.dev.Do(t, "register", in, fields+` replayed`).Text("register", "productSubscription", "id"))
	in["endpointIds"] = nil
	requireError(t, c.dev.Ask(t, "register", in, fields), "CONFLICT")

	connected := func() []string {
		return texts(c.dev.Must(t, `query($id: ID!) { app(id: $id) { connectedEndpoints { nodes { path } } } }`, vars{"id": app}), "path", "app", "connectedEndpoints", "nodes")
	}
	require.Equal(t, []string{"/orders/{id}"}, connected())
	a = c.dev.Do(t, "updateSubscriptionEndpoints", vars{"subscriptionId": id, "endpointIds": []any{write, write}}, fields)
	require.Equal(t, []string{write}, texts(a, "id", "updateSubscriptionEndpoints", "productSubscription", "endpoints", "nodes"))
	require.Equal(t, []string{"/orders"}, connected())
	a = c.dev.Do(t, "updateSubscriptionEndpoints", vars{"subscriptionId": id, "endpointIds": nil}, fields)
	require.Equal(t, false, a.At("updateSubscriptionEndpoints", "productSubscription", "narrowed"))
	require.Equal(t, []string{"/orders/{id}", "/orders"}, connected())
	require.Equal(t, []string{"SUBSCRIPTION_NARROWED", "SUBSCRIPTION_NARROWED", "SUBSCRIPTION_REGISTERED"}, timeline(t, c.dev, id))
	for _, id := range []string{strange, nodeid.Encode(nodeid.Endpoint, uuid.New())} {
		requireProblem(t, c.dev.Ask(t, "updateSubscriptionEndpoints", vars{"subscriptionId": a.Text("updateSubscriptionEndpoints", "productSubscription", "id"), "endpointIds": []any{id}}, fields),
			"updateSubscriptionEndpoints", "UNKNOWN_REFERENCE", "endpointIds.0")
	}
	requireProblem(t, c.dev.Ask(t, "updateSubscriptionEndpoints", vars{"subscriptionId": id, "endpointIds": []any{}}, fields), "updateSubscriptionEndpoints", "REQUIRED", "endpointIds")
	foreign := other.dev.As("X-Request-Id", "same")
	requireSameAnswers(t, append(invalidIDs(nodeid.ProductSubscription), id), func(id string) *servertest.Answer {
		a := foreign.Ask(t, "updateSubscriptionEndpoints", vars{"subscriptionId": id, "endpointIds": []any{read}}, fields)
		requireError(t, a, "NOT_FOUND")
		return a
	})

	c.admin.Do(t, "suspendSubscription", vars{"subscriptionId": id}, `productSubscription { id }`)
	require.Empty(t, connected(), "a suspended subscription connects nothing")
	requireProblem(t, c.dev.Ask(t, "updateSubscriptionEndpoints", vars{"subscriptionId": id, "endpointIds": []any{read}}, fields), "updateSubscriptionEndpoints", "WRONG_STATUS", "subscriptionId")
	c.admin.Do(t, "resumeSubscription", vars{"subscriptionId": id}, `productSubscription { id }`)
	c.admin.Do(t, "updateSubscriptionEndpoints", vars{"subscriptionId": id, "endpointIds": []any{read}}, fields)
	c.admin.Do(t, "deleteEndpoint", vars{"endpointId": read}, `deletedEndpointId`)
	require.Empty(t, connected(), "it stays narrowed, to nothing")
}

// limitedKeys tests from where and how often a credential may be used, of an app and of a
// whole account.
func limitedKeys(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "limited-keys")
	_, credential := c.newApp(t, "Limited")
	const fields = `credential { id accountCredential allowedAddresses rateLimit { limit per burst } }`
	a := c.dev.Do(t, "generateKey", vars{"accountId": c.account, "allowedAddresses": []any{"192.0.2.7", "2001:db8::7/32", "192.0.2.7/32"},
		"rateLimit": vars{"limit": 10, "per": "MINUTE"}}, fields)
	whole := a.Text("generateKey", "credential", "id")
	require.Equal(t, map[string]any{"id": whole, "accountCredential": true, "allowedAddresses": []any{"192.0.2.7/32", "2001:db8::/32"},
		"rateLimit": map[string]any{"limit": 10.0, "per": "MINUTE", "burst": 10.0}}, a.At("generateKey", "credential"))
	listed := c.admin.Must(t, `query($id: ID!) { account(id: $id) { credentials { nodes { id } } } }`, vars{"id": c.account})
	require.Equal(t, []string{whole}, texts(listed, "id", "account", "credentials", "nodes"))

	a = c.dev.Do(t, "updateKey", vars{"credentialId": credential, "allowedAddresses": []any{"10.1.2.3/8"}, "rateLimit": vars{"limit": 1, "per": "SECOND", "burst": 3}}, fields)
	require.Equal(t, []any{"10.0.0.0/8"}, a.List("updateKey", "credential", "allowedAddresses"))
	a = c.admin.Do(t, "updateKey", vars{"credentialId": credential, "name": "kept"}, fields)
	require.Equal(t, []any{"10.0.0.0/8"}, a.List("updateKey", "credential", "allowedAddresses"))
	require.Equal(t, 3, a.Number("updateKey", "credential", "rateLimit", "burst"))
	a = c.dev.Do(t, "updateKey", vars{"credentialId": credential, "allowedAddresses": nil, "rateLimit": nil}, fields)
	require.Equal(t, map[string]any{"id": credential, "accountCredential": false, "allowedAddresses": []any{}, "rateLimit": nil}, a.At("updateKey", "credential"))
	for _, bad := range []string{"", "localhost", "10.0.0.0/33", "fe80::1%eth0", "10.0.0.1:80"} {
		requireProblem(t, c.dev.Ask(t, "updateKey", vars{"credentialId": credential, "allowedAddresses": []any{"::1", bad}}, fields), "updateKey", "INVALID", "allowedAddresses.1")
	}
	requireProblem(t, c.dev.Ask(t, "updateKey", vars{"credentialId": credential, "rateLimit": vars{"limit": 1, "per": "SECOND", "burst": 0}}, fields), "updateKey", "INVALID", "rateLimit.burst")
	requireProblem(t, c.dev.Ask(t, "generateKey", vars{"accountId": c.account, "rateLimit": vars{"limit": 0, "per": "SECOND"}}, fields), "generateKey", "INVALID", "rateLimit.limit")

	x := newOrganization(t, s, "retaining")
	a = x.admin.Do(t, "updateOrganization", vars{"usageRetention": vars{"minutes": 2, "hours": 30, "days": 300}}, `organization { usageRetention { minutes hours days } }`)
	require.Equal(t, map[string]any{"minutes": 2.0, "hours": 30.0, "days": 300.0}, a.At("updateOrganization", "organization", "usageRetention"))
	a = x.admin.Do(t, "updateOrganization", vars{"usageRetention": nil}, `organization { usageRetention { minutes hours days } }`)
	require.Equal(t, map[string]any{"minutes": 7.0, "hours": 400.0, "days": 1830.0}, a.At("updateOrganization", "organization", "usageRetention"))
	requireProblem(t, x.admin.Ask(t, "updateOrganization", vars{"usageRetention": vars{"minutes": 91, "hours": 91, "days": 91}}, `organization { id }`), "updateOrganization", "INVALID", "usageRetention.minutes")
}
