package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// decidedAsRead tests that nobody approves for one account what another has asked for: the
// app goes to another account between reading its request and deciding about it.
func decidedAsRead(t *testing.T, s *servertest.Server) {
	c, receiver := newActors(t, s, "deciding"), newActors(t, s, "deciding-to")
	product, _ := c.newProduct(t, "deciding", "MANUAL")
	app, _ := c.newApp(t, "Handed over")
	moves := c.register(t, app, product)
	other, _ := c.newApp(t, "Stays")
	stays := c.register(t, other, product)
	const read = `query($id: ID!) { productSubscription(id: $id) { version status account { id } } }`
	version := func(id string) int {
		return c.admin.Must(t, read, vars{"id": id}).Number("productSubscription", "version")
	}
	was := version(moves)

	offer := c.dev.Do(t, "transferApp", vars{"appId": app, "toAccountId": receiver.account}, `appTransfer { id }`).Text("transferApp", "appTransfer", "id")
	receiver.dev.Do(t, "acceptAppTransfer", vars{"appTransferId": offer}, `appTransfer { status }`)
	for _, mutation := range []string{"approveSubscription", "rejectSubscription"} {
		requireReason(t, c.admin.Ask(t, mutation, vars{"subscriptionId": moves, "version": was, "reason": "So."}, `productSubscription { id }`), "CONFLICT", "STALE_VERSION")
	}
	const fields = `results { productSubscription { status } error { code reason } } userErrors { code field }`
	both := vars{"subscriptionIds": []any{moves, stays}, "versions": []any{was}, "decision": "APPROVE"}
	a := c.admin.Ask(t, "decideSubscriptions", both, fields)
	requireProblem(t, a, "decideSubscriptions", "INVALID", "versions")
	both["versions"] = []any{was, version(stays)}
	a = c.admin.Do(t, "decideSubscriptions", both, fields)
	require.Equal(t, []any{
		map[string]any{"productSubscription": nil, "error": map[string]any{"code": "CONFLICT", "reason": "STALE_VERSION"}},
		map[string]any{"productSubscription": map[string]any{"status": "APPROVED"}, "error": nil},
	}, a.At("decideSubscriptions", "results"))

	now := c.admin.Must(t, read, vars{"id": moves})
	require.Equal(t, "WAITING", now.Text("productSubscription", "status"))
	require.Equal(t, receiver.account, now.Text("productSubscription", "account", "id"))
	a = c.admin.Do(t, "approveSubscription", vars{"subscriptionId": moves, "version": version(moves)}, `productSubscription { status }`)
	require.Equal(t, "APPROVED", a.Text("approveSubscription", "productSubscription", "status"))
}
