package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// rotatedKeys plays the life of a key that another one takes the place of: both work, the
// evidence tells who calls with which, and the old one is refused when the overlap ends.
func rotatedKeys(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "rotated-keys")
	gateway := newGatewayClient(t, s, "rotated-keys", "edge-1")
	product := c.limitedProduct(t, "orders", nil)
	app, _ := c.newApp(t, "Shop")
	c.register(t, app, product)
	old, oldKey := c.newKey(t, app)

	const answer = `credential { id status predecessor { id successor { id } } viewerCan { rotate { allowed } } }
		predecessor { id status expiresAt successor { id } viewerCan { rotate { allowed code message } } } secret { rawKey } replayed userErrors { code field params { name value } }`
	refused := func(in vars, code, field string) {
		t.Helper()
		a := c.dev.Ask(t, "rotateKey", in, answer)
		require.Equal(t, code, a.Text("rotateKey", "userErrors", 0, "code"), a.Raw)
		require.Equal(t, []any{field}, a.At("rotateKey", "userErrors", 0, "field"))
		require.Nil(t, a.At("rotateKey", "credential"))
		require.Nil(t, a.At("rotateKey", "secret"))
	}
	for _, minutes := range []int{-1, 43201, 100 * 365 * 24 * 60} {
		refused(vars{"credentialId": old, "overlapMinutes": minutes}, "INVALID", "overlapMinutes")
	}
	in := vars{"credentialId": old, "reason": "The yearly rotation.", "idempotencyKey": "once"}
	a := c.dev.Do(t, "rotateKey", in, answer)
	fresh, freshKey := a.Text("rotateKey", "credential", "id"), a.Text("rotateKey", "secret", "rawKey")
	require.Equal(t, fresh, a.Text("rotateKey", "predecessor", "successor", "id"))
	require.Equal(t, old, a.Text("rotateKey", "credential", "predecessor", "id"))
	require.Equal(t, fresh, a.Text("rotateKey", "credential", "predecessor", "successor", "id"))
	require.Equal(t, "STATUS", a.Text("rotateKey", "predecessor", "viewerCan", "rotate", "code"))
	require.Equal(t, true, a.At("rotateKey", "credential", "viewerCan", "rotate", "allowed"))
	again := c.dev.Do(t, "rotateKey", in, answer)
	require.Equal(t, true, again.At("rotateKey", "replayed"))
	require.Equal(t, fresh, again.Text("rotateKey", "credential", "id"))
	require.Nil(t, again.At("rotateKey", "secret"))
	refused(vars{"credentialId": old}, "WRONG_STATUS", "credentialId")

	for _, key := range []string{oldKey, freshKey, freshKey} {
		require.Equal(t, "VALID", gateway.code(t, key, "orders"))
	}
	const evidence = `query($id: ID!) { node(id: $id) { ... on Credential { rotation {
		rotatedAt endsAt predecessorCalls successorCalls predecessorLastUsedAt successorLastUsedAt readyToRetire } } } }`
	require.Eventually(t, func() bool {
		r := c.dev.Must(t, evidence, vars{"id": old}).At("node", "rotation").(map[string]any)
		return r["predecessorCalls"] == 1.0 && r["successorCalls"] == 2.0 && r["predecessorLastUsedAt"] != nil && r["successorLastUsedAt"] != nil
	}, waitForOthers, pollOthers, "the calls are not counted")
	r := c.dev.Must(t, evidence, vars{"id": old}).At("node", "rotation").(map[string]any)
	require.Equal(t, false, r["readyToRetire"], "the old key was used just now")
	require.Equal(t, a.At("rotateKey", "predecessor", "expiresAt"), r["endsAt"])
	require.Nil(t, c.dev.Must(t, evidence, vars{"id": fresh}).At("node", "rotation"))

	// At once: the answer waits until gateways refuse the old key.
	last := c.dev.Do(t, "rotateKey", vars{"credentialId": fresh, "overlapMinutes": 0}, answer)
	require.Equal(t, "EXPIRED", gateway.code(t, freshKey, "orders"))
	require.Equal(t, "EXPIRED", last.Text("rotateKey", "predecessor", "status"))
	require.Equal(t, "VALID", gateway.code(t, last.Text("rotateKey", "secret", "rawKey"), "orders"))
	require.Equal(t, "VALID", gateway.code(t, oldKey, "orders"))
	refused(vars{"credentialId": fresh}, "KEY_EXPIRED", "credentialId")

	c.dev.Do(t, "revokeKey", vars{"credentialId": old, "reason": "SUPERSEDED"}, `credential { id }`)
	refused(vars{"credentialId": old}, "KEY_REVOKED", "credentialId")
	require.Equal(t, []string{"CREDENTIAL_REVOKED", "CREDENTIAL_ROTATED", "CREDENTIAL_CREATED"}, timeline(t, c.dev, old))
}
