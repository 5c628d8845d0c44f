package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

const keyRequested = `keyRequest { id status version changesKey app { id } credential { id status username } collectUntil collectedAt reason
	productSubscriptions { nodes { id status product { id } answers { value } } } products { totalCount nodes { id } } removeProducts { nodes { id } } }`

// keyScene is a developer's app, two products that are asked for, and who decides about both
// or about one of them.
type keyScene struct {
	*actors
	app           string
	first, second string
	both, one     *servertest.Client
	gateway       *gatewayClient
}

// newKeyScene creates an organization of the name, whose products have its name with 1 and 2
// added.
func newKeyScene(t *testing.T, s *servertest.Server, name string) *keyScene {
	t.Helper()
	c := &keyScene{actors: newOrganization(t, s, name), gateway: newGatewayClient(t, s, name, name)}
	c.first, _ = c.newProduct(t, name+"-1", "MANUAL")
	c.second, _ = c.newProduct(t, name+"-2", "MANUAL")
	c.app, _ = c.newApp(t, "Asking")
	c.both, c.one = c.newApprover(t, "both@"+name+".example", c.first, c.second), c.newApprover(t, "one@"+name+".example", c.first)
	return c
}

func (c *actors) newApprover(t *testing.T, email string, products ...string) *servertest.Client {
	t.Helper()
	a := c.admin.Do(t, "createUser", vars{"name": "Ada", "email": email, "password": servertest.UserPassword, "role": "APPROVER"}, `user { id }`)
	for _, p := range products {
		c.admin.Do(t, "addApprover", vars{"productId": p, "userId": a.Text("createUser", "user", "id")}, `product { id }`)
	}
	return c.server.SignInWith(t, email, servertest.UserPassword)
}

// asking returns what a request for plans of products asks for.
func asking(app string, products ...string) vars {
	plans := []any{}
	for _, p := range products {
		plans = append(plans, vars{"productId": p})
	}
	return vars{"appId": app, "plans": plans}
}

// request asks for both products, and returns the request's id.
func (c *keyScene) request(t *testing.T) string {
	t.Helper()
	return c.dev.Do(t, "requestKey", asking(c.app, c.first, c.second), keyRequested).Text("requestKey", "keyRequest", "id")
}

func about(id string) vars { return vars{"keyRequestId": id} }

// A developer asks for two products and a key. It is decided about as a whole, by who may
// decide about all of it, and only the developer gets the key.
func keyRequests(t *testing.T, s *servertest.Server) {
	c := newKeyScene(t, s, "key-requests")
	c.admin.Do(t, "updateProduct", vars{"productId": c.first, "requestForm": requestForm()}, `product { id }`)
	in := vars{"appId": c.app, "name": "Both", "environment": "STAGING", "idempotencyKey": "once", "plans": []any{
		vars{"productId": c.first, "answers": pairs("purpose", "Maps")}, vars{"productId": c.second},
	}}
	requireProblem(t, c.dev.Ask(t, "requestKey", asking(c.app, c.second, c.first), keyRequested), "requestKey", "REQUIRED", "plans.1.answers")
	a := c.dev.Do(t, "requestKey", in, keyRequested+` replayed`)
	id := a.Text("requestKey", "keyRequest", "id")
	require.Equal(t, []any{"PENDING", nil}, []any{a.Text("requestKey", "keyRequest", "status"), a.At("requestKey", "keyRequest", "credential")})
	require.Equal(t, []string{"WAITING", "WAITING"}, texts(a, "status", "requestKey", "keyRequest", "productSubscriptions", "nodes"))
	require.ElementsMatch(t, []string{c.first, c.second}, texts(a, "id", "requestKey", "keyRequest", "products", "nodes"))
	require.Contains(t, a.Raw, `"answers":[{"value":"Maps"}]`)
	again := c.dev.Do(t, "requestKey", in, keyRequested+` replayed`)
	require.Equal(t, []any{id, true}, []any{again.At("requestKey", "keyRequest", "id"), again.At("requestKey", "replayed")})
	// The app is asked for by one request at a time.
	requireProblem(t, c.dev.Ask(t, "requestKey", asking(c.app, c.second), keyRequested), "requestKey", "ALREADY_REGISTERED", "plans.0.productId")

	c.decidedAsAWhole(t, id, texts(a, "id", "requestKey", "keyRequest", "productSubscriptions", "nodes"))
	c.collected(t, id)
	require.Equal(t, []string{"KEY_REQUEST_CREATED", "KEY_REQUEST_UPDATED", "KEY_REQUEST_APPROVED"}, c.events(t, id, "APPROVED"))
	c.dev.Do(t, "deleteKeyRequest", about(id), `deletedKeyRequestId`)
	const listed = `query($all: Boolean!) { keyRequests(where: {deleted: $all}) { totalCount nodes { id deleted } } keyRequestCounts(where: {deleted: $all}) { total approved } }`
	for _, who := range []*servertest.Client{c.dev, c.admin} {
		require.Equal(t, 0, who.Must(t, listed, vars{"all": false}).Number("keyRequests", "totalCount"))
		shown := who.Must(t, listed, vars{"all": true})
		require.Equal(t, []any{map[string]any{"id": id, "deleted": true}}, shown.At("keyRequests", "nodes"))
		require.Equal(t, map[string]any{"total": 1.0, "approved": 1.0}, shown.At("keyRequestCounts"))
	}
}

// decidedAsAWhole requires that a request is decided about by nobody who may not decide about
// all of it, and in no part, and approves it.
func (c *keyScene) decidedAsAWhole(t *testing.T, id string, subscriptions []string) {
	t.Helper()
	for _, sub := range subscriptions {
		for mutation, in := range map[string]vars{"approveSubscription": {}, "rejectSubscription": {"reason": "No."}} {
			in["subscriptionId"] = sub
			requireProblem(t, c.admin.Ask(t, mutation, in, `productSubscription { id }`), mutation, "WRONG_STATUS", "subscriptionId")
		}
		requireProblem(t, c.dev.Ask(t, "withdraw", vars{"subscriptionId": sub}, `productSubscription { id }`), "withdraw", "WRONG_STATUS", "subscriptionId")
	}
	const queue = `query($id: ID!) { keyRequests(where: {status: [PENDING]}) { nodes { id name environment viewerCan { approve { allowed } } } } keyRequest(id: $id) { id } productSubscriptions { nodes { keyRequest { id } } } }`
	seen := c.both.Must(t, queue, vars{"id": id})
	require.Equal(t, []any{map[string]any{"id": id, "name": "Both", "environment": "STAGING", "viewerCan": map[string]any{"approve": map[string]any{"allowed": true}}}}, seen.At("keyRequests", "nodes"))
	part := c.one.Must(t, queue, vars{"id": id})
	require.Empty(t, part.List("keyRequests", "nodes"))
	require.Nil(t, part.At("keyRequest"))
	require.Equal(t, []any{map[string]any{"keyRequest": nil}}, part.At("productSubscriptions", "nodes"), "the part that is the approver's waits, too")
	requireReason(t, c.one.Ask(t, "approveKeyRequest", about(id), `keyRequest { id }`), "NOT_FOUND", "UNKNOWN_OBJECT")
	requireUnknownField(t, c.dev.Ask(t, "approveKeyRequest", about(id), `keyRequest { id }`))

	c.dev.Do(t, "updateKeyRequest", vars{"keyRequestId": id, "name": "Both of them"}, `keyRequest { version }`)
	stale := about(id)
	stale["version"] = 1
	requireReason(t, c.both.Ask(t, "approveKeyRequest", stale, `keyRequest { id }`), "CONFLICT", "STALE_VERSION")
	for range 2 { // the second changes nothing
		a := c.both.Do(t, "approveKeyRequest", about(id), `keyRequest { status version productSubscriptions { nodes { status } } }`)
		require.Equal(t, []any{"APPROVED", 3.0}, []any{a.At("approveKeyRequest", "keyRequest", "status"), a.At("approveKeyRequest", "keyRequest", "version")})
		require.Equal(t, []string{"APPROVED", "APPROVED"}, texts(a, "status", "approveKeyRequest", "keyRequest", "productSubscriptions", "nodes"))
	}
}

// collected collects the key of an approved request, which passes from then on.
func (c *keyScene) collected(t *testing.T, id string) {
	t.Helper()
	const waiting = `query($id: ID!) { keyRequest(id: $id) { collectUntil credential { id status enabled username secretHint } } }`
	seen := c.dev.Must(t, waiting, vars{"id": id})
	require.Equal(t, []any{"UNCOLLECTED", false}, []any{seen.At("keyRequest", "credential", "status"), seen.At("keyRequest", "credential", "enabled")})
	require.NotEmpty(t, seen.Text("keyRequest", "collectUntil"))
	key := seen.Text("keyRequest", "credential", "id")
	for _, product := range []string{"key-requests-1", "key-requests-2"} {
		ask := vars{"username": seen.Text("keyRequest", "credential", "username"), "password": "00000000-0000-0000-0000-000000000000", "product": product}
		require.Equal(t, "NOT_FOUND", c.gateway.verify(t, ask).Code)
	}
	for mutation, want := range map[string]string{"enableKey": "WRONG_STATUS", "rotateKey": "WRONG_STATUS"} {
		requireProblem(t, c.dev.Ask(t, mutation, vars{"credentialId": key}, `credential { id }`), mutation, want, "credentialId")
	}

	stranger := newActors(t, c.server, "key-requests-stranger")
	stranger.account = c.newAccount(t, "Others")
	c.newUser(t, "Otto", "otto@key-requests.example", stranger.account, "OWNER")
	const secret = `keyRequest { status collectedAt } credential { id status enabled secretHint } secret { rawKey }`
	for _, who := range []*servertest.Client{c.server.SignInWith(t, "otto@key-requests.example", servertest.UserPassword), stranger.dev} {
		requireReason(t, who.Ask(t, "collectKey", about(id), secret), "NOT_FOUND", "UNKNOWN_OBJECT")
	}
	requireReason(t, c.admin.Ask(t, "collectKey", about(id), secret), "FORBIDDEN", "ROLE")
	a := c.dev.Do(t, "collectKey", about(id), secret)
	require.Equal(t, map[string]any{"id": key, "status": "ACTIVE", "enabled": true, "secretHint": a.At("collectKey", "credential", "secretHint")}, a.At("collectKey", "credential"))
	require.NotNil(t, a.At("collectKey", "keyRequest", "collectedAt"))
	raw := a.Text("collectKey", "secret", "rawKey")
	for _, product := range []string{"key-requests-1", "key-requests-2"} {
		require.Equal(t, "VALID", c.gateway.code(t, raw, product))
	}
	require.Equal(t, "NOT_SUBSCRIBED", c.gateway.code(t, raw, "key-requests-none"))
	requireProblem(t, c.dev.Ask(t, "collectKey", about(id), secret), "collectKey", "WRONG_STATUS", "keyRequestId")
	require.Equal(t, []string{"CREDENTIAL_CREATED", "CREDENTIAL_COLLECTED"}, c.events(t, key, "ACTIVE"))
}
