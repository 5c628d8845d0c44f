package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// A call passes if all conditions are met, and is refused as soon as the change that
// revokes one of them is acknowledged.
func gateVerdicts(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "verdicts")
	gateway := newGatewayClient(t, s, "verdicts", "edge-1")
	product := c.limitedProduct(t, "orders", nil)
	app, first := c.newApp(t, "Shop")
	id, key := c.newKey(t, app)

	require.Equal(t, "VALID", gateway.code(t, key, ""), "a key alone")
	require.Equal(t, "NOT_SUBSCRIBED", gateway.code(t, key, "orders"))
	sub := c.register(t, app, product)
	require.Equal(t, "VALID", gateway.code(t, key, "orders"))
	require.Equal(t, app, gateway.verify(t, vars{"key": key, "product": "orders"}).App)
	require.Equal(t, "NOT_SUBSCRIBED", gateway.code(t, key, "unheard-of"))
	require.Equal(t, "MALFORMED", gateway.code(t, key+"x", "orders"))
	require.Equal(t, "MALFORMED", gateway.verify(t, vars{"product": "orders"}).Code)

	c.admin.Do(t, "suspendSubscription", vars{"subscriptionId": sub}, `productSubscription { id }`)
	require.Equal(t, "SUSPENDED", gateway.code(t, key, "orders"))
	c.admin.Do(t, "resumeSubscription", vars{"subscriptionId": sub}, `productSubscription { id }`)
	require.Equal(t, "VALID", gateway.code(t, key, "orders"))

	c.admin.Do(t, "disableKey", vars{"credentialId": id}, `credential { id }`)
	require.Equal(t, "DISABLED", gateway.code(t, key, "orders"))
	c.admin.Do(t, "enableKey", vars{"credentialId": id}, `credential { id }`)
	require.Equal(t, "VALID", gateway.code(t, key, "orders"))

	c.dev.Do(t, "updateKey", vars{"credentialId": id, "access": "LISTED", "accessControlList": []string{}}, `credential { id }`)
	require.Equal(t, "NOT_IN_ACCESS_LIST", gateway.code(t, key, "orders"))
	c.dev.Do(t, "updateKey", vars{"credentialId": id, "access": "ALL"}, `credential { id }`)
	require.Equal(t, "VALID", gateway.code(t, key, "orders"))

	c.admin.Do(t, "suspendAccount", vars{"accountId": c.account}, `account { id }`)
	require.Equal(t, "ACCOUNT_SUSPENDED", gateway.code(t, key, "orders"))
	c.admin.Do(t, "resumeAccount", vars{"accountId": c.account}, `account { id }`)
	require.Equal(t, "VALID", gateway.code(t, key, "orders"))

	c.admin.Do(t, "unregister", vars{"subscriptionId": sub}, `productSubscription { id }`)
	require.Equal(t, "NOT_SUBSCRIBED", gateway.code(t, key, "orders"))
	c.dev.Do(t, "revokeKey", vars{"credentialId": id}, `credential { id }`)
	require.Equal(t, "REVOKED", gateway.code(t, key, "orders"))

	_, other := c.newKey(t, app)
	require.Equal(t, "VALID", gateway.code(t, other, ""))
	c.dev.Do(t, "deleteApp", vars{"appId": app}, `deletedAppId`)
	require.Equal(t, "REVOKED", gateway.code(t, other, ""))
	require.NotEmpty(t, first)
}

// A gateway's token is accepted, limited and revoked while the server runs; an API key of
// another organization is unknown to it.
func gateTokens(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "tokens")
	product := c.limitedProduct(t, "orders", nil)
	c.limitedProduct(t, "billing", nil)
	app, _ := c.newApp(t, "Shop")
	_, key := c.newKey(t, app)
	c.register(t, app, product)

	gateway := newGatewayClient(t, s, "tokens", "edge-1")
	require.Equal(t, "VALID", gateway.code(t, key, "orders"))
	foreign := newGatewayClient(t, s, "demo", "tokens-foreign")
	require.Equal(t, "NOT_FOUND", foreign.code(t, key, "orders"))

	narrow := newGatewayClient(t, s, "tokens", "edge-2", "--product", "orders")
	require.Equal(t, "VALID", narrow.code(t, key, ""), "the token's only product needs no name")
	require.Equal(t, "NOT_SUBSCRIBED", narrow.code(t, key, "billing"))
	production := newGatewayClient(t, s, "tokens", "edge-3", "--environment", "PRODUCTION")
	require.Equal(t, "WRONG_ENVIRONMENT", production.code(t, key, "orders"))

	unknownGateway := &gatewayClient{gateway.url, "pgw_unheard-of", gateway.client}
	v, err := unknownGateway.try(vars{"key": key})
	require.NoError(t, err)
	require.Equal(t, "UNAUTHENTICATED", v.Code, v.Message)

	s.Run(t, "", "gateway", "revoke", "--organization", "tokens", "--name", "edge-1")
	require.Eventually(t, func() bool {
		v, err := gateway.try(vars{"key": key})
		return err == nil && v.Code == "UNAUTHENTICATED"
	}, waitForOthers, pollOthers, "the revoked token is accepted")
	require.Equal(t, "VALID", narrow.code(t, key, ""), "the other token is another one")
}
