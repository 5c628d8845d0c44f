package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

func firstKey(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "first-key")
	a := c.dev.Do(t, "createApp", vars{"name": "Shop", "description": "Sells\nthings.", "labels": []any{vars{"key": "team", "value": "web"}}},
		`app { id referenceId name description labels { key value } version createdAt account { id } keyCounts { total active } }
		 credential { id username secretHint status enabled environment access accountCredential app { id } account { id } }
		 secret { username password rawKey } replayed`)
	app, credential := a.Text("createApp", "app", "id"), a.Text("createApp", "credential", "id")
	require.Equal(t, c.account, a.Text("createApp", "app", "account", "id"))
	require.Equal(t, "Sells\nthings.", a.Text("createApp", "app", "description"))
	require.Equal(t, "web", a.Text("createApp", "app", "labels", 0, "value"))
	require.Equal(t, 1, a.Number("createApp", "app", "keyCounts", "active"))
	require.Equal(t, "ACTIVE", a.Text("createApp", "credential", "status"))
	require.Equal(t, "DEVELOPMENT", a.Text("createApp", "credential", "environment"))
	require.Equal(t, app, a.Text("createApp", "credential", "app", "id"))
	require.Equal(t, false, a.At("createApp", "replayed"))

	password := a.Text("createApp", "secret", "password")
	require.Equal(t, a.Text("createApp", "credential", "username"), a.Text("createApp", "secret", "username"))
	require.Equal(t, password[len(password)-4:], a.Text("createApp", "credential", "secretHint"))
	require.Regexp(t, `^ptk_[0-9A-Za-z]+_[0-9A-Za-z]{6}$`, a.Text("createApp", "secret", "rawKey"))

	page := c.dev.Must(t, `query($app: ID!, $ref: UUID!) {
		app(id: $app) { name credentials { totalCount nodes { id } } timeline { nodes { type actor { name user { id } } } } viewerCan { update { allowed } delete { allowed } } }
		appByReferenceId(referenceId: $ref) { id }
		apps { totalCount nodes { id } }
		viewer { account { id apps { nodes { id } } } } }`, vars{"app": app, "ref": a.Text("createApp", "app", "referenceId")})
	require.Equal(t, app, page.Text("appByReferenceId", "id"))
	require.Equal(t, []string{credential}, texts(page, "id", "app", "credentials", "nodes"))
	require.Equal(t, []string{app}, texts(page, "id", "apps", "nodes"))
	require.Equal(t, []string{app}, texts(page, "id", "viewer", "account", "apps", "nodes"))
	require.Equal(t, []string{"CREDENTIAL_CREATED", "APP_CREATED"}, texts(page, "type", "app", "timeline", "nodes"))
	require.Equal(t, c.developer, page.Text("app", "timeline", "nodes", 0, "actor", "user", "id"))
	require.Equal(t, true, page.At("app", "viewerCan", "delete", "allowed"))

	none := c.dev.Do(t, "createApp", vars{"name": "Shop", "generateKey": false}, `app { id keyCounts { total } } credential { id } secret { rawKey }`)
	require.NotEqual(t, app, none.Text("createApp", "app", "id"), "two apps may bear the same name")
	require.Nil(t, none.At("createApp", "credential"))
	require.Nil(t, none.At("createApp", "secret"))
	require.Zero(t, none.Number("createApp", "app", "keyCounts", "total"))
}

func rotation(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "rotation")
	app, old := c.newApp(t, "Rotating")
	a := c.dev.Do(t, "generateKey", vars{"appId": app, "name": "Next", "environment": "STAGING", "expiresAt": "2099-01-01T02:00:00+02:00"},
		`credential { id status name environment expiresAt app { keyCounts { total active } } } secret { rawKey } replayed`)
	fresh := a.Text("generateKey", "credential", "id")
	require.NotEqual(t, old, fresh)
	require.NotEmpty(t, a.Text("generateKey", "secret", "rawKey"))
	require.Equal(t, "2099-01-01T00:00:00Z", a.Text("generateKey", "credential", "expiresAt"))
	require.Equal(t, 2, a.Number("generateKey", "credential", "app", "keyCounts", "active"), "both work until the old one is revoked")

	a = c.dev.Do(t, "revokeKey", vars{"credentialId": old, "reason": "SUPERSEDED", "note": "The yearly rotation."},
		`credential { id status enabled revokedAt revokedReason revokedNote viewerCan { update { allowed code } revoke { allowed } } }`)
	require.Equal(t, "REVOKED", a.Text("revokeKey", "credential", "status"))
	require.Equal(t, false, a.At("revokeKey", "credential", "enabled"))
	require.Equal(t, "SUPERSEDED", a.Text("revokeKey", "credential", "revokedReason"))
	require.NotEmpty(t, a.Text("revokeKey", "credential", "revokedAt"))
	require.Equal(t, "STATUS", a.Text("revokeKey", "credential", "viewerCan", "update", "code"))

	page := c.dev.Must(t, `query($app: ID!) { app(id: $app) { keyCounts { total active revoked } credentials { nodes { id } }
		live: credentials(where: {status: [ACTIVE]}) { totalCount nodes { id } } staging: credentials(where: {environment: [STAGING]}) { nodes { id } }
		timeline { nodes { type reason } } } }`, vars{"app": app})
	require.Equal(t, map[string]any{"total": 2.0, "active": 1.0, "revoked": 1.0}, page.At("app", "keyCounts"))
	require.Equal(t, []string{fresh, old}, texts(page, "id", "app", "credentials", "nodes"), "newest first")
	require.Equal(t, []string{fresh}, texts(page, "id", "app", "live", "nodes"))
	require.Equal(t, []string{fresh}, texts(page, "id", "app", "staging", "nodes"))
	require.Equal(t, []string{"CREDENTIAL_REVOKED", "CREDENTIAL_CREATED", "CREDENTIAL_CREATED", "APP_CREATED"}, texts(page, "type", "app", "timeline", "nodes"))
	require.Equal(t, "The yearly rotation.", page.Text("app", "timeline", "nodes", 0, "reason"))
	require.Equal(t, []string{"CREDENTIAL_REVOKED", "CREDENTIAL_CREATED"}, timeline(t, c.dev, old))
}

// keyAccess plays updateKey, and a key of the whole account.
func keyAccess(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "key-access")
	app, credential := c.newApp(t, "Choosy")
	product, _ := c.newProduct(t, "key-access", "AUTO")
	a := c.dev.Do(t, "updateKey", vars{"credentialId": credential, "name": "Choosy key", "access": "LISTED", "accessControlList": []any{product}, "expiresAt": "2099-12-31T00:00:00Z"},
		`credential { name access expiresAt version accessControlList { totalCount nodes { id } } }`)
	require.Equal(t, []string{product}, texts(a, "id", "updateKey", "credential", "accessControlList", "nodes"))
	version := a.Number("updateKey", "credential", "version")

	a = c.dev.Do(t, "updateKey", vars{"credentialId": credential, "accessControlList": nil, "expiresAt": nil, "version": version},
		`credential { name access expiresAt accessControlList { totalCount } }`)
	require.Equal(t, map[string]any{"name": "Choosy key", "access": "LISTED", "expiresAt": nil,
		"accessControlList": map[string]any{"totalCount": 0.0}}, a.At("updateKey", "credential"), "what is absent stays, null clears")

	a = c.dev.Do(t, "generateKey", vars{"accountId": c.account, "name": "Everywhere", "access": "LISTED"},
		`credential { id accountCredential app { id } account { credentials { nodes { id } } } }`)
	require.Equal(t, true, a.At("generateKey", "credential", "accountCredential"))
	require.Nil(t, a.At("generateKey", "credential", "app"))
	require.Equal(t, []string{a.Text("generateKey", "credential", "id")}, texts(a, "id", "generateKey", "credential", "account", "credentials", "nodes"))
	page := c.dev.Must(t, `query($app: ID!) { app(id: $app) { credentials { totalCount } } }`, vars{"app": app})
	require.Equal(t, 1, page.Number("app", "credentials", "totalCount"), "the account's key is not the app's")
}

func deletion(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "deletion")
	app, credential := c.newApp(t, "Doomed")
	product, _ := c.newProduct(t, "deletion", "AUTO")
	subscription := c.register(t, app, product)
	const everywhere = `query($app: ID!, $key: ID!, $sub: ID!, $ref: UUID!) {
		app(id: $app) { id } nodes(ids: [$app, $key, $sub]) { id } appByReferenceId(referenceId: $ref) { id }
		apps(where: {nameContains: "Doomed"}) { totalCount nodes { id } }
		productSubscriptions(where: {appIds: [$app]}) { totalCount } }`
	reference := c.dev.Must(t, `query($app: ID!) { app(id: $app) { referenceId } }`, vars{"app": app}).Text("app", "referenceId")
	where := vars{"app": app, "key": credential, "sub": subscription, "ref": reference}
	require.Equal(t, 1, c.admin.Must(t, everywhere, where).Number("productSubscriptions", "totalCount"))

	a := c.dev.Do(t, "deleteApp", vars{"appId": app, "reason": "The project has ended."}, `deletedAppId`)
	require.Equal(t, app, a.Text("deleteApp", "deletedAppId"))
	gone := map[string]any{"app": nil, "nodes": []any{nil, nil, nil}, "appByReferenceId": nil,
		"apps": map[string]any{"totalCount": 0.0, "nodes": []any{}}, "productSubscriptions": map[string]any{"totalCount": 0.0}}
	for _, who := range []*servertest.Client{c.dev, c.admin} {
		require.Equal(t, gone, c.view(t, who, everywhere, where))
	}
	requireError(t, c.dev.Ask(t, "deleteApp", vars{"appId": app}, `deletedAppId`), "NOT_FOUND")
	requireError(t, c.dev.Ask(t, "revokeKey", vars{"credentialId": credential}, `credential { id }`), "NOT_FOUND")
	requireError(t, c.dev.Ask(t, "generateKey", vars{"appId": app}, `credential { id }`), "NOT_FOUND")
	again := c.dev.Ask(t, "createApp", vars{"name": "Heir", "referenceId": reference}, `app { id }`)
	requireProblem(t, again, "createApp", "TAKEN", "referenceId")
	requireUnknownField(t, c.dev.Ask(t, "restoreApp", vars{"appId": app}, `app { id }`))
	const restorable = `{ deletedApps(where: {search: "doom"}) { totalCount nodes { id referenceId name account { id } deletedBy { role user { id } } reason } } }`
	require.Equal(t, map[string]any{"totalCount": 1.0, "nodes": []any{map[string]any{"id": app, "referenceId": reference, "name": "Doomed", "account": map[string]any{"id": c.account},
		"deletedBy": map[string]any{"role": "PORTAL", "user": map[string]any{"id": c.dev.Must(t, `{ viewer { user { id } } }`, nil).Text("viewer", "user", "id")}}, "reason": "The project has ended."}}},
		c.admin.Must(t, restorable, nil).At("deletedApps"))
	require.Zero(t, s.SignIn(t, "admin@second.example").Must(t, restorable, nil).Number("deletedApps", "totalCount"))
	requireError(t, c.dev.Send(t, restorable, nil), "BAD_USER_INPUT")

	back := c.admin.Do(t, "restoreApp", vars{"appId": app}, `app { id referenceId keyCounts { total active revoked }
		credentials { nodes { id status revokedReason } } productSubscriptions { nodes { id status badgeColor } } } credential { id } secret { rawKey }`)
	fresh := back.Text("restoreApp", "credential", "id")
	require.NotEmpty(t, back.Text("restoreApp", "secret", "rawKey"))
	require.Equal(t, reference, back.Text("restoreApp", "app", "referenceId"))
	require.Equal(t, []any{
		map[string]any{"id": fresh, "status": "ACTIVE", "revokedReason": nil},
		map[string]any{"id": credential, "status": "REVOKED", "revokedReason": "APP_DELETED"},
	}, back.At("restoreApp", "app", "credentials", "nodes"))
	require.Equal(t, []any{map[string]any{"id": subscription, "status": "UNSUBSCRIBED", "badgeColor": "GRAY"}},
		back.At("restoreApp", "app", "productSubscriptions", "nodes"))
	require.Equal(t, []string{"CREDENTIAL_CREATED", "APP_RESTORED", "APP_DELETED", "SUBSCRIPTION_UNREGISTERED", "CREDENTIAL_REVOKED",
		"SUBSCRIPTION_REGISTERED", "CREDENTIAL_CREATED", "APP_CREATED"}, timeline(t, c.dev, app))
	require.NotEqual(t, subscription, c.register(t, app, product), "it is registered anew")
	require.Zero(t, c.admin.Must(t, restorable, nil).Number("deletedApps", "totalCount"))
	requireError(t, c.admin.Ask(t, "restoreApp", vars{"appId": app}, `app { id }`), "NOT_FOUND")
}

// view returns the data of a query that goes well.
func (c *actors) view(t *testing.T, who *servertest.Client, document string, v vars) map[string]any {
	t.Helper()
	return who.Must(t, document, v).Data
}
