package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/base62"
	"portico/e2e/servertest"
)

// newToken creates a service token, and returns its id and a client that sends it.
func (c *actors) newToken(t *testing.T, in vars) (id string, client *servertest.Client) {
	t.Helper()
	a := c.admin.Do(t, "createServiceToken", in, `secret serviceToken { id }`)
	client = c.server.Anonymous()
	client.Token = a.Text("createServiceToken", "secret")
	require.Regexp(t, `^pst_\w{49}$`, client.Token)
	return a.Text("createServiceToken", "serviceToken", "id"), client
}

// requireReason requires one top-level error of a reason, and no data.
func requireReason(t *testing.T, a *servertest.Answer, code, reason string) {
	t.Helper()
	requireError(t, a, code)
	require.Equal(t, reason, a.Errors[0].Extensions["reason"], a.Raw)
}

// serviceTokens follows tokens of an account and of the organization.
func serviceTokens(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "service-tokens")
	product, _ := c.newProduct(t, "rates", "MANUAL")
	_, shop := c.newToken(t, vars{"name": "shop", "scopes": []string{"PORTAL_WRITE"}, "accountId": c.account})
	a := shop.Do(t, "createApp", vars{"name": "Made by the shop"}, `app { id account { id } } secret { rawKey }`)
	app := a.Text("createApp", "app", "id")
	require.Equal(t, c.account, a.Text("createApp", "app", "account", "id"))
	require.NotEmpty(t, a.Text("createApp", "secret", "rawKey"))
	registered := shop.Do(t, "register", vars{"appId": app, "productId": product}, `productSubscription { id status requestedBy { name } }`)
	require.Equal(t, "WAITING", registered.Text("register", "productSubscription", "status"))

	t.Run("its changes bear its name", func(t *testing.T) {
		const actor = `{ events(where: {type: [APP_CREATED]}, first: 1) { nodes { actor { name role user { id } %s } } } }`
		a := c.dev.Must(t, strings.Replace(actor, "%s", "", 1), nil)
		require.Equal(t, "shop", a.Text("events", "nodes", 0, "actor", "name"))
		require.Equal(t, "PORTAL", a.Text("events", "nodes", 0, "actor", "role"))
		require.Nil(t, a.At("events", "nodes", 0, "actor", "user"))
		a = c.admin.Must(t, strings.Replace(actor, "%s", "serviceToken { name }", 1), nil)
		require.Equal(t, "shop", a.Text("events", "nodes", 0, "actor", "serviceToken", "name"))
		requireError(t, c.dev.Send(t, strings.Replace(actor, "%s", "serviceToken { name }", 1), nil), "BAD_USER_INPUT")
	})
	t.Run("subscriptions:decide decides, and sees what it needs for that", func(t *testing.T) {
		_, decider := c.newToken(t, vars{"name": "decider", "scopes": []string{"SUBSCRIPTIONS_DECIDE"}})
		a := decider.Must(t, `{ productSubscriptions(where: {status: [WAITING]}) { nodes { id app { name } account { name } product { name } plan { name } } } }`, nil)
		require.Equal(t, "Made by the shop", a.Text("productSubscriptions", "nodes", 0, "app", "name"))
		for _, document := range []string{`{ apps { totalCount } }`, `{ productSubscriptions { nodes { app { credentials { totalCount } } } } }`, `{ users { totalCount } }`, `{ node(id: "` + app + `") { id } }`} {
			requireReason(t, decider.Send(t, document, nil), "FORBIDDEN", "SCOPE")
		}
		id := registered.Text("register", "productSubscription", "id")
		requireReason(t, decider.Ask(t, "suspendSubscription", vars{"subscriptionId": id}, `productSubscription { id }`), "FORBIDDEN", "SCOPE")
		decider.Do(t, "approveSubscription", vars{"subscriptionId": id}, `productSubscription { status decidedBy { name } }`)
		a = c.dev.Must(t, `{ events(where: {type: [SUBSCRIPTION_APPROVED]}) { nodes { actor { name } } } }`, nil)
		require.Equal(t, "Administrator", a.Text("events", "nodes", 0, "actor", "name"), "developers do not know staff by name")
	})
	t.Run("introspection shows what the scopes allow", func(t *testing.T) {
		const types = `{ __schema { mutationType { name } queryType { fields { name } } } }`
		_, reader := c.newToken(t, vars{"name": "reader", "scopes": []string{"ADMIN_READ"}})
		a := reader.Must(t, types, nil)
		require.Nil(t, a.At("__schema", "mutationType"))
		require.Contains(t, texts(a, "name", "__schema", "queryType", "fields"), "accounts")
		require.NotContains(t, texts(a, "name", "__schema", "queryType", "fields"), "sessions")
		requireReason(t, reader.Ask(t, "createAccount", vars{"name": "New"}, `account { id }`), "FORBIDDEN", "SCOPE")
		requireReason(t, reader.Send(t, `{ sessions { totalCount } }`, nil), "FORBIDDEN", "SCOPE")
		require.Contains(t, reader.Send(t, `{ acounts { totalCount } }`, nil).Raw, `Did you mean \"accounts\"`, "a mistake is told as one")
		require.Empty(t, reader.As("X-Portico-Account", c.account).Send(t, `{ accounts { totalCount } }`, nil).At("accounts"))
	})
	t.Run("a token ends at once", func(t *testing.T) { tokenEnds(t, c) })
	t.Run("no header chooses another account", func(t *testing.T) {
		other := c.newAccount(t, "Other")
		a := shop.As("X-Portico-Account", other).Send(t, `{ apps { totalCount } }`, nil)
		requireReason(t, a, "FORBIDDEN", "NOT_A_MEMBER")
		requireError(t, shop.Send(t, `{ accounts { totalCount } }`, nil), "BAD_USER_INPUT")
	})
	t.Run("the export is for tokens that read", func(t *testing.T) {
		_, decider := c.newToken(t, vars{"name": "decider-2", "scopes": []string{"SUBSCRIPTIONS_DECIDE"}})
		for client, status := range map[*servertest.Client]int{decider: http.StatusForbidden, shop: http.StatusOK} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/usage.csv?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&interval=DAY&timeZone=UTC", nil)
			require.NoError(t, err)
			r.Header.Set("Authorization", "Bearer "+client.Token)
			w, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, w.Body.Close())
			require.Equal(t, status, w.StatusCode)
		}
	})
}

// tokenEnds: revoked, its account suspended or deleted.
func tokenEnds(t *testing.T, c *actors) {
	const document = `{ apps { totalCount } }`
	account := c.newAccount(t, "Ends")
	_, client := c.newToken(t, vars{"name": "ends", "scopes": []string{"PORTAL_READ"}, "accountId": account})
	client.Must(t, document, nil)
	c.admin.Do(t, "suspendAccount", vars{"accountId": account}, `account { id }`)
	requireReason(t, client.Send(t, document, nil), "FORBIDDEN", "ACCOUNT_SUSPENDED")
	c.admin.Do(t, "resumeAccount", vars{"accountId": account}, `account { id }`)
	client.Must(t, document, nil)
	c.admin.Do(t, "deleteAccount", vars{"accountId": account}, `deletedAccountId`)
	requireReason(t, client.Send(t, document, nil), "UNAUTHENTICATED", "INVALID_TOKEN")

	id, revoked := c.newToken(t, vars{"name": "revoked", "scopes": []string{"ADMIN_READ"}})
	revoked.Must(t, document, nil)
	c.admin.Do(t, "revokeServiceToken", vars{"serviceTokenId": id}, `serviceToken { status }`)
	requireReason(t, revoked.Send(t, document, nil), "UNAUTHENTICATED", "INVALID_TOKEN")

	// A made-up token with a right checksum answers alike, and so does one of 200 kB.
	body := "pst_" + strings.Repeat("a", 43)
	want := revoked.As("X-Request-Id", "same").Send(t, document, nil)
	for _, token := range []string{body + base62.Checksum(body), "pst_junk", "pgw_junk"} {
		made := &servertest.Client{URL: c.server.URL, Token: token}
		require.Equal(t, want.Raw, made.As("X-Request-Id", "same").Send(t, document, nil).Raw, token)
	}
	long := &servertest.Client{URL: c.server.URL, Token: "pst_" + strings.Repeat("a", 200_000)}
	a, _ := long.Try(document, nil) // it is refused before anything of GraphQL is read
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, a.Status)
}

// A gateway's token that was made by GraphQL works at the gate, until it is revoked there.
func gatewayToken(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "gateway-token")
	id, edge := c.newToken(t, vars{"name": "edge", "scopes": []string{"GATEWAY"}})
	gateway := &gatewayClient{s.Gate, edge.Token, patientClient()}
	require.Equal(t, "MALFORMED", gateway.code(t, "junk", ""))
	requireReason(t, edge.Send(t, `{ apps { totalCount } }`, nil), "FORBIDDEN", "ROLE")
	require.Contains(t, s.Run(t, "", "gateway", "list", "--organization", "gateway-token"), "edge")
	s.Run(t, "", "gateway", "revoke", "--organization", "gateway-token", "--name", "edge")
	a := c.admin.Must(t, `query($id: ID!) { node(id: $id) { ... on ServiceToken { status scopes } } }`, vars{"id": id})
	require.Equal(t, "REVOKED", a.Text("node", "status"))
	require.Eventually(t, func() bool {
		text, err := gateway.post("/v1/verify", vars{"key": "junk"})
		return err == nil && strings.Contains(string(text), "UNAUTHENTICATED")
	}, waitForOthers, pollOthers)
}
