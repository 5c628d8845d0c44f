package e2e

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// handOff tests that a developer whose subscription waits continues in another system, which
// reads it and decides by a service token, and sees nothing else.
func handOff(t *testing.T, s *servertest.Server) {
	c, other := newActors(t, s, "handing-off"), newActors(t, s, "handing-off-other")
	_, decider := c.newToken(t, vars{"name": "contracts", "scopes": []string{"SUBSCRIPTIONS_DECIDE"}})
	// The other system: whoever comes signs the contract, which decides.
	var seen *servertest.Answer
	contracts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("subscription")
		seen = decider.Must(t, `query($id: ID!) { productSubscription(id: $id) { status app { name } account { name } product { name } plan { name } } }`, vars{"id": id})
		decider.Do(t, "approveSubscription", vars{"subscriptionId": id, "reason": "Contract 42 is signed."}, `productSubscription { status }`)
	}))
	defer contracts.Close()
	product, _ := c.newProduct(t, "handing-off", "MANUAL")
	requireProblem(t, c.admin.Ask(t, "updateProduct", vars{"productId": product, "handOffUrl": "javascript:alert(1)"}, `product { id }`), "updateProduct", "INVALID", "handOffUrl")
	c.admin.Do(t, "updateProduct", vars{"productId": product, "handOffUrl": contracts.URL + "/sign?lang=en"}, `product { handOffUrl }`)

	app, _ := c.newApp(t, "Contracted")
	a := c.dev.Do(t, "register", vars{"appId": app, "productId": product}, `productSubscription { id status handOffUrl }`)
	id, next := a.Text("register", "productSubscription", "id"), a.Text("register", "productSubscription", "handOffUrl")
	require.Equal(t, contracts.URL+"/sign?lang=en&subscription="+id, next)
	const read = `query($id: ID!) { productSubscription(id: $id) { status reason handOffUrl decidedBy { name } } }`
	require.Nil(t, other.dev.Must(t, read, vars{"id": id}).At("productSubscription"), "somebody else's")
	requireReason(t, decider.Send(t, `query($id: ID!) { productSubscription(id: $id) { viewerCan { updateEndpoints { allowed } } } }`, vars{"id": id}), "FORBIDDEN", "SCOPE")

	got, err := http.Get(next)
	require.NoError(t, err)
	require.NoError(t, got.Body.Close())
	require.Equal(t, map[string]any{"status": "WAITING", "app": map[string]any{"name": "Contracted"}, "account": seen.At("productSubscription", "account"),
		"product": map[string]any{"name": "handing-off"}, "plan": seen.At("productSubscription", "plan")}, seen.At("productSubscription"))
	require.Equal(t, map[string]any{"status": "APPROVED", "reason": "Contract 42 is signed.", "handOffUrl": nil, "decidedBy": nil},
		c.dev.Must(t, read, vars{"id": id}).At("productSubscription"), "and there is nowhere to go any more")
	c.handOffKey(t, decider, product)
}

// handOffKey: what is part of a request for a key is handed off as well; the other system sees
// that it is, and decides about the whole.
func (c *actors) handOffKey(t *testing.T, decider *servertest.Client, product string) {
	t.Helper()
	for _, mutation := range []string{"approveKeyRequest", "rejectKeyRequest"} {
		app, _ := c.newApp(t, "By "+mutation)
		a := c.dev.Do(t, "requestKey", asking(app, product), `keyRequest { id productSubscriptions { nodes { id handOffUrl } } }`)
		id := texts(a, "id", "requestKey", "keyRequest", "productSubscriptions", "nodes")[0]
		require.Contains(t, texts(a, "handOffUrl", "requestKey", "keyRequest", "productSubscriptions", "nodes")[0], "subscription="+id)
		seen := decider.Must(t, `query($id: ID!) { productSubscription(id: $id) { keyRequest { id version } } }`, vars{"id": id})
		of := about(seen.Text("productSubscription", "keyRequest", "id"))
		requireProblem(t, decider.Ask(t, "approveSubscription", vars{"subscriptionId": id}, `productSubscription { id }`), "approveSubscription", "WRONG_STATUS", "subscriptionId")
		of["version"], of["reason"] = seen.At("productSubscription", "keyRequest", "version"), "Contract 43."
		got := decider.Do(t, mutation, of, `keyRequest { status }`).Text(mutation, "keyRequest", "status")
		require.Equal(t, map[string]string{"approveKeyRequest": "APPROVED", "rejectKeyRequest": "REJECTED"}[mutation], got)
	}
}
