package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// management tests an administrator who manages a developer's app.
func management(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "management")
	requireProblem(t, c.admin.Ask(t, "createApp", vars{"name": "Nobody's"}, `app { id }`), "createApp", "REQUIRED", "accountId")
	a := c.admin.Do(t, "createApp", vars{"name": "Given", "accountId": c.account}, `app { id account { id } version } credential { id } secret { rawKey }`)
	app, first := a.Text("createApp", "app", "id"), a.Text("createApp", "credential", "id")
	require.Equal(t, c.account, a.Text("createApp", "app", "account", "id"))
	require.NotEmpty(t, a.Text("createApp", "secret", "rawKey"))

	a = c.admin.Do(t, "updateApp", vars{"appId": app, "version": a.Number("createApp", "app", "version"), "name": "Renamed", "description": "Checked by us.",
		"labels": []any{vars{"key": "checked", "value": "yes"}}}, `app { name version }`)
	a = c.admin.Do(t, "updateApp", vars{"appId": app, "version": a.Number("updateApp", "app", "version"), "description": nil},
		`app { name description labels { key value } }`)
	require.Equal(t, map[string]any{"name": "Renamed", "description": "", "labels": []any{map[string]any{"key": "checked", "value": "yes"}}},
		a.At("updateApp", "app"), "what is absent stays, null clears")

	a = c.admin.Do(t, "generateKey", vars{"appId": app, "name": "From us", "environment": "PRODUCTION"}, `credential { id account { id } } secret { rawKey }`)
	fresh := a.Text("generateKey", "credential", "id")
	require.Equal(t, c.account, a.Text("generateKey", "credential", "account", "id"))
	c.admin.Do(t, "revokeKey", vars{"credentialId": first, "reason": "PRIVILEGE_WITHDRAWN"}, `credential { id }`)
	c.admin.Do(t, "updateKey", vars{"credentialId": fresh, "name": "Renamed key"}, `credential { id }`)

	manual, _ := c.newProduct(t, "management-manual", "MANUAL")
	other, _ := c.newProduct(t, "management-other", "MANUAL")
	auto, _ := c.newProduct(t, "management-auto", "AUTO")
	approved, rejected := c.register(t, app, manual), c.register(t, app, other)
	a = c.admin.Do(t, "register", vars{"appId": app, "productId": auto}, subscriptionFields)
	unregistered := a.Text("register", "productSubscription", "id")
	require.Equal(t, "APPROVED", a.Text("register", "productSubscription", "status"))
	c.admin.Do(t, "approveSubscription", vars{"subscriptionId": approved}, subscriptionFields)
	c.admin.Do(t, "rejectSubscription", vars{"subscriptionId": rejected, "reason": "Not for you."}, subscriptionFields)
	c.admin.Do(t, "unregister", vars{"subscriptionId": unregistered, "reason": "Ended."}, subscriptionFields)

	seen := c.dev.Must(t, `query($app: ID!) { app(id: $app) { name credentials { nodes { id status name } }
		productSubscriptions { nodes { id status badgeColor } } timeline(first: 100) { nodes { actor { name user { id } } } } } }`, vars{"app": app})
	require.Equal(t, []any{
		map[string]any{"id": fresh, "status": "ACTIVE", "name": "Renamed key"},
		map[string]any{"id": first, "status": "REVOKED", "name": ""},
	}, seen.At("app", "credentials", "nodes"))
	require.Equal(t, []any{
		map[string]any{"id": unregistered, "status": "UNSUBSCRIBED", "badgeColor": "GRAY"},
		map[string]any{"id": rejected, "status": "REJECTED", "badgeColor": "RED"},
		map[string]any{"id": approved, "status": "APPROVED", "badgeColor": "GREEN"},
	}, seen.At("app", "productSubscriptions", "nodes"))
	require.NotContains(t, seen.Raw, "Demo Administrator")
	require.Equal(t, []string{
		"SUBSCRIPTION_UNREGISTERED", "SUBSCRIPTION_REJECTED", "SUBSCRIPTION_APPROVED",
		"SUBSCRIPTION_REGISTERED", "SUBSCRIPTION_REGISTERED", "SUBSCRIPTION_REGISTERED",
		"CREDENTIAL_UPDATED", "CREDENTIAL_REVOKED", "CREDENTIAL_CREATED", "APP_UPDATED", "APP_UPDATED",
		"CREDENTIAL_CREATED", "APP_CREATED",
	}, timeline(t, c.admin, app))

	mine := c.admin.Must(t, `query($account: ID!) { apps(where: {accountIds: [$account]}) { totalCount nodes { id } } everything: apps { totalCount }
		account(id: $account) { apps { nodes { id } } members { nodes { role user { email } } } } }`, vars{"account": c.account})
	require.Equal(t, []string{app}, texts(mine, "id", "apps", "nodes"))
	require.Equal(t, []string{app}, texts(mine, "id", "account", "apps", "nodes"))
	require.Equal(t, c.email, mine.Text("account", "members", "nodes", 0, "user", "email"))
	require.Greater(t, mine.Number("everything", "totalCount"), 1)
	c.admin.Do(t, "deleteApp", vars{"appId": app}, `deletedAppId`)
}
