package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// Requests for keys end in other ways than with a new key: they are changed, taken back,
// rejected, change a key that the app has, or what they ask for ends.
func endedKeyRequests(t *testing.T, s *servertest.Server) {
	c := newKeyScene(t, s, "key-ends")
	id := c.request(t)
	a := c.dev.Do(t, "updateKeyRequest", vars{"keyRequestId": id, "plans": []any{vars{"productId": c.second}}, "environment": "STAGING"}, keyRequested)
	require.Equal(t, []string{"WAITING"}, texts(a, "status", "updateKeyRequest", "keyRequest", "productSubscriptions", "nodes"), "what was dropped is no part of it")
	require.Equal(t, []string{c.second}, texts(a, "id", "updateKeyRequest", "keyRequest", "products", "nodes"))
	requireProblem(t, c.dev.Ask(t, "deleteKeyRequest", about(id), `deletedKeyRequestId`), "deleteKeyRequest", "WRONG_STATUS", "keyRequestId")
	a = c.dev.Do(t, "withdrawKeyRequest", vars{"keyRequestId": id, "reason": "Not yet."}, keyRequested)
	require.Equal(t, []any{"WITHDRAWN", "Not yet."}, []any{a.At("withdrawKeyRequest", "keyRequest", "status"), a.At("withdrawKeyRequest", "keyRequest", "reason")})
	require.Equal(t, []string{"UNSUBSCRIBED"}, texts(a, "status", "withdrawKeyRequest", "keyRequest", "productSubscriptions", "nodes"))
	for mutation, in := range map[string]vars{"updateKeyRequest": {"name": "Late"}, "withdrawKeyRequest": {}, "collectKey": {}} {
		in["keyRequestId"] = id
		requireProblem(t, c.dev.Ask(t, mutation, in, `keyRequest { id }`), mutation, "WRONG_STATUS", "keyRequestId")
	}

	id = c.request(t)
	requireProblem(t, c.both.Ask(t, "rejectKeyRequest", vars{"keyRequestId": id, "reason": " "}, `keyRequest { id }`), "rejectKeyRequest", "REQUIRED", "reason")
	a = c.both.Do(t, "rejectKeyRequest", vars{"keyRequestId": id, "reason": "Too much."}, `keyRequest { status }`)
	require.Equal(t, "REJECTED", a.Text("rejectKeyRequest", "keyRequest", "status"))
	seen := c.dev.Must(t, `query($id: ID!) { keyRequest(id: $id) { reason decidedBy { name } credential { id } productSubscriptions { nodes { status reason } } } }`, vars{"id": id})
	require.Equal(t, []any{"Too much.", "Administrator", nil}, []any{seen.At("keyRequest", "reason"), seen.At("keyRequest", "decidedBy", "name"), seen.At("keyRequest", "credential")})
	require.Equal(t, []string{"REJECTED", "REJECTED"}, texts(seen, "status", "keyRequest", "productSubscriptions", "nodes"))
	requireProblem(t, c.both.Ask(t, "approveKeyRequest", about(id), `keyRequest { id }`), "approveKeyRequest", "WRONG_STATUS", "keyRequestId")

	c.oldKey(t)
	c.overtaken(t)
}

// oldKey asks that a key which the app has reaches another product instead of one.
func (c *keyScene) oldKey(t *testing.T) {
	t.Helper()
	third, _ := c.newProduct(t, "key-ends-3", "AUTO")
	app, _ := c.newApp(t, "Has a key")
	c.register(t, app, third)
	a := c.dev.Do(t, "generateKey", vars{"appId": app, "access": "LISTED", "accessControlList": []string{third}}, `credential { id } secret { rawKey }`)
	key, raw := a.Text("generateKey", "credential", "id"), a.Text("generateKey", "secret", "rawKey")
	in := asking(app, c.first)
	in["removeProductIds"] = []string{third}
	requireProblem(t, c.dev.Ask(t, "requestKey", in, keyRequested), "requestKey", "NOT_ALLOWED", "removeProductIds")
	_, others := c.newApp(t, "Other")
	in["existingCredentialId"] = others
	requireProblem(t, c.dev.Ask(t, "requestKey", in, keyRequested), "requestKey", "UNKNOWN_REFERENCE", "existingCredentialId")
	in["existingCredentialId"] = key
	a = c.dev.Do(t, "requestKey", in, keyRequested)
	require.Equal(t, []any{true, key}, []any{a.At("requestKey", "keyRequest", "changesKey"), a.At("requestKey", "keyRequest", "credential", "id")})
	require.Equal(t, []string{third}, texts(a, "id", "requestKey", "keyRequest", "removeProducts", "nodes"))
	require.Equal(t, []string{"WAITING", "VALID"}, []string{c.gateway.code(t, raw, "key-ends-1"), c.gateway.code(t, raw, "key-ends-3")})
	c.one.Do(t, "approveKeyRequest", about(a.Text("requestKey", "keyRequest", "id")), `keyRequest { status }`)
	require.Equal(t, []string{"VALID", "NOT_IN_ACCESS_LIST"}, []string{c.gateway.code(t, raw, "key-ends-1"), c.gateway.code(t, raw, "key-ends-3")})
	requireProblem(t, c.dev.Ask(t, "collectKey", about(a.Text("requestKey", "keyRequest", "id")), `keyRequest { id }`), "collectKey", "WRONG_STATUS", "keyRequestId")
}

// overtaken: what a request asks for, or its app, ends before it is decided about.
func (c *keyScene) overtaken(t *testing.T) {
	t.Helper()
	c.admin.Do(t, "updateOrganization", vars{"multiProductRequests": false}, `organization { multiProductRequests }`)
	requireProblem(t, c.dev.Ask(t, "requestKey", asking(c.app, c.first, c.second), keyRequested), "requestKey", "NOT_ALLOWED", "plans")
	c.admin.Do(t, "updateOrganization", vars{"multiProductRequests": true}, `organization { multiProductRequests }`)

	id := c.request(t)
	app, _ := c.newApp(t, "Short-lived")
	short := c.dev.Do(t, "requestKey", asking(app, c.first), keyRequested).Text("requestKey", "keyRequest", "id")
	c.dev.Do(t, "deleteApp", vars{"appId": app}, `deletedAppId`)
	requireProblem(t, c.admin.Ask(t, "approveKeyRequest", about(short), `keyRequest { id }`), "approveKeyRequest", "WRONG_STATUS", "keyRequestId")
	require.Equal(t, []string{"KEY_REQUEST_CREATED", "KEY_REQUEST_WITHDRAWN"}, c.events(t, short, "WITHDRAWN"))

	c.admin.Do(t, "updateProduct", vars{"productId": c.second, "status": "DEPRECATED"}, `product { id }`)
	c.admin.Do(t, "updateProduct", vars{"productId": c.second, "status": "RETIRED"}, `product { id }`)
	require.Equal(t, []string{"KEY_REQUEST_CREATED", "KEY_REQUEST_REJECTED"}, c.events(t, id, "REJECTED"))
	seen := c.dev.Must(t, `query($id: ID!) { keyRequest(id: $id) { reason productSubscriptions { nodes { status } } } }`, vars{"id": id})
	require.Equal(t, "A product that it asks for was retired: Title of key-ends-2.", seen.Text("keyRequest", "reason"))
	require.ElementsMatch(t, []string{"REJECTED", "UNSUBSCRIBED"}, texts(seen, "status", "keyRequest", "productSubscriptions", "nodes"))
	before := c.dev.Must(t, `{ keyRequests { totalCount } productSubscriptions(where: {history: true}) { totalCount } }`, nil)
	requireProblem(t, c.dev.Ask(t, "requestKey", asking(c.app, c.first, c.second), keyRequested), "requestKey", "NOT_AVAILABLE", "plans.1.productId")
	require.Equal(t, before.Raw, c.dev.Must(t, `{ keyRequests { totalCount } productSubscriptions(where: {history: true}) { totalCount } }`, nil).Raw, "nothing is half done")
}

// decideKeyRequest: a request is decided about once, and what it has made ends with its app.
func decideKeyRequest(t *testing.T, r *track) {
	c := newKeyScene(t, r.nodes[0], "racing-requests")
	for range rounds {
		c.app, _ = c.newApp(t, "Short-lived")
		id := c.request(t)
		all := r.run(t,
			rival{who: c.both, mutation: "approveKeyRequest", input: about(id), selection: `keyRequest { status version }`},
			rival{who: c.dev, mutation: "withdrawKeyRequest", input: about(id), selection: `keyRequest { status version }`},
			rival{who: c.dev, mutation: "deleteApp", input: vars{"appId": c.app}, selection: `deletedAppId`},
		)
		const unknown = "NOT_FOUND/UNKNOWN_OBJECT"
		approved := requireOutcomes(t, all, "approveKeyRequest", "WRONG_STATUS", unknown)
		withdrawn := requireOutcomes(t, all, "withdrawKeyRequest", "WRONG_STATUS")
		require.Len(t, requireOutcomes(t, all, "deleteApp", unknown), 1, "deleted once")
		require.LessOrEqual(t, len(withdrawn), 1)
		require.True(t, len(approved) == 0 || len(withdrawn) == 0, "decided once")
		seen := c.admin.Must(t, `query($id: ID!) { keyRequest(id: $id) { status app { id } credential { id status } } }`, vars{"id": id})
		require.Nil(t, seen.At("keyRequest", "app"))
		require.Nil(t, seen.At("keyRequest", "credential"), "it is gone with its app")
		if status := seen.Text("keyRequest", "status"); len(approved) > 0 {
			require.Equal(t, "APPROVED", status, "approving what is approved changes nothing, and is no error")
			require.Equal(t, []string{"KEY_REQUEST_CREATED", "KEY_REQUEST_APPROVED"}, c.events(t, id, "APPROVED"))
		} else {
			require.Equal(t, "WITHDRAWN", status)
			require.Equal(t, []string{"KEY_REQUEST_CREATED", "KEY_REQUEST_WITHDRAWN"}, c.events(t, id, "WITHDRAWN"))
		}
	}
}

// collectOnce: of many who collect a key, one is given its secret.
func collectOnce(t *testing.T, r *track) {
	c := newKeyScene(t, r.nodes[0], "racing-collection")
	for range rounds {
		c.app, _ = c.newApp(t, "Collecting")
		id := c.request(t)
		c.both.Do(t, "approveKeyRequest", about(id), `keyRequest { status }`)
		all := r.run(t, rival{who: c.dev, mutation: "collectKey", input: about(id), selection: `credential { id } secret { rawKey }`})
		won := requireOutcomes(t, all, "collectKey", "WRONG_STATUS")
		require.Len(t, won, 1, "one secret")
		require.Equal(t, []string{"CREDENTIAL_CREATED", "CREDENTIAL_COLLECTED"}, c.events(t, won[0].answer.Text("collectKey", "credential", "id"), "ACTIVE"))
		for _, node := range r.nodes {
			c.gateway.at(node).requireSoon(t, "VALID", won[0].answer.Text("collectKey", "secret", "rawKey"), "racing-collection-2")
		}
	}
}
