package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// keyList plays the organization's list of keys: what needs another key, and what has
// never been used.
func keyList(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "key-list")
	app, first := c.newApp(t, "Listed")
	product, _ := c.newProduct(t, "key-list", "AUTO")
	c.register(t, app, product)
	key := func(in vars) string {
		t.Helper()
		return c.dev.Do(t, "generateKey", in, `credential { id }`).Text("generateKey", "credential", "id")
	}
	ending := key(vars{"appId": app, "environment": "PRODUCTION", "expiresAt": "2098-01-01T00:00:00Z", "labels": []any{vars{"key": "team", "value": "list"}}})
	elsewhere := key(vars{"appId": app, "access": "LISTED"})
	whole := key(vars{"accountId": c.account, "environment": "PRODUCTION"})
	ask := func(who *servertest.Client, where vars, order string) *servertest.Answer {
		t.Helper()
		return who.Must(t, `query($where: CredentialFilter, $by: CredentialOrderField!) {
			credentials(where: $where, orderBy: {field: $by, direction: ASC}, first: 100) { totalCount nodes { id rotationDueAt outOfPolicy } } }`, vars{"where": where, "by": order})
	}
	find := func(where vars) []string {
		t.Helper()
		a := ask(c.dev, where, "CREATED_AT")
		ids := texts(a, "id", "credentials", "nodes")
		require.Equal(t, len(ids), a.Number("credentials", "totalCount"))
		return ids
	}
	require.Equal(t, []string{first, ending, elsewhere, whole}, find(nil))
	require.Equal(t, []string{first, ending, whole}, find(vars{"productIds": []any{product}}))
	require.Empty(t, find(vars{"productIds": []any{}}))
	require.Equal(t, []string{ending}, find(vars{"label": vars{"key": "team", "value": "list"}}))
	require.Equal(t, []string{first, ending, elsewhere}, find(vars{"appIds": []any{app}}))
	require.Equal(t, []string{ending}, find(vars{"expiresBefore": "2098-01-01T00:00:01Z"}))
	require.Empty(t, find(vars{"expiresBefore": "2098-01-01T00:00:00Z"}))
	require.Equal(t, []string{first, elsewhere, whole}, find(vars{"neverExpires": true}))
	require.Equal(t, []string{first, ending, elsewhere, whole}, find(vars{"neverUsed": true}))
	require.Empty(t, find(vars{"neverUsed": false}))
	require.Empty(t, find(vars{"imported": true}))
	require.Equal(t, []string{first, ending, elsewhere, whole}, find(vars{"imported": false}))
	require.Empty(t, find(vars{"createdBefore": "2001-01-01T00:00:00Z"}))
	require.Equal(t, []string{ending}, texts(ask(c.dev, vars{"neverExpires": false}, "EXPIRES_AT"), "id", "credentials", "nodes"))
	for _, contradiction := range []vars{{"neverUsed": true, "lastUsedBefore": "2098-01-01T00:00:00Z"}, {"neverExpires": true, "expiresBefore": "2098-01-01T00:00:00Z"}} {
		for _, document := range []string{`query($w: CredentialFilter) { credentials(where: $w) { totalCount } }`, `query($w: CredentialFilter) { apps { nodes { credentials(where: $w) { totalCount } } } }`} {
			require.Equal(t, []string{"BAD_USER_INPUT"}, c.dev.Send(t, document, vars{"w": contradiction}).Codes())
		}
	}

	c.admin.Do(t, "updateOrganization", vars{"longestKeyLife": vars{"production": 365}, "rotateKeysEvery": vars{"development": 90}}, `organization { rotateKeysEvery { development production } }`)
	require.Equal(t, []string{ending, whole}, find(vars{"outOfPolicy": true}))
	require.Equal(t, []string{first, elsewhere}, find(vars{"outOfPolicy": false}))
	page := ask(c.admin, vars{"accountIds": []any{c.account}, "environment": []any{"DEVELOPMENT"}}, "LAST_USED_AT")
	require.Equal(t, 2, page.Number("credentials", "totalCount"))
	require.NotEmpty(t, page.Text("credentials", "nodes", 0, "rotationDueAt"))
	require.Equal(t, false, page.At("credentials", "nodes", 0, "outOfPolicy"))
	a := c.dev.Send(t, `{ credentials(where: {accountIds: []}) { totalCount } }`, nil)
	require.NotEmpty(t, a.Errors, "which accounts there are is the administrators' business")
	requireProblem(t, c.admin.Ask(t, "updateOrganization", vars{"rotateKeysEvery": vars{"staging": 0}}, `organization { id }`), "updateOrganization", "INVALID", "rotateKeysEvery.staging")
}

// manyRevoked plays the end of many keys at once.
func manyRevoked(t *testing.T, s *servertest.Server) {
	c, other := newActors(t, s, "many-revoked"), newActors(t, s, "many-revoked-others")
	app, first := c.newApp(t, "Many")
	_, theirs := other.newApp(t, "Theirs")
	second := c.dev.Do(t, "generateKey", vars{"appId": app}, `credential { id }`).Text("generateKey", "credential", "id")
	const fields = `results { credentialId credential { id status revokedReason version } error { code reason } }`
	one := c.dev.Ask(t, "revokeKey", vars{"credentialId": theirs}, `credential { id }`)
	a := c.dev.Do(t, "revokeKeys", vars{"credentialIds": []any{second, theirs, first}, "reason": "KEY_COMPROMISE", "note": "All of them."}, fields)
	require.Equal(t, []string{second, theirs, first}, texts(a, "credentialId", "revokeKeys", "results"))
	require.Equal(t, "REVOKED", a.Text("revokeKeys", "results", 0, "credential", "status"))
	require.Equal(t, "KEY_COMPROMISE", a.Text("revokeKeys", "results", 2, "credential", "revokedReason"))
	require.Nil(t, a.At("revokeKeys", "results", 1, "credential"))
	require.Equal(t, map[string]any{"code": one.Errors[0].Code(), "reason": one.Errors[0].Extensions["reason"]}, a.At("revokeKeys", "results", 1, "error"))
	require.Equal(t, a.Data, c.dev.Do(t, "revokeKeys", vars{"credentialIds": []any{second, theirs, first}}, fields).Data)
	require.Equal(t, "ACTIVE", c.admin.Must(t, `query($id: ID!) { node(id: $id) { ... on Credential { status } } }`, vars{"id": theirs}).Text("node", "status"))
	requireProblem(t, c.dev.Ask(t, "revokeKeys", vars{"credentialIds": []any{first, first}}, fields), "revokeKeys", "INVALID", "credentialIds.1")
	requireProblem(t, c.dev.Ask(t, "revokeKeys", vars{"credentialIds": []any{}}, fields), "revokeKeys", "REQUIRED", "credentialIds")
	require.Equal(t, []string{"CREDENTIAL_REVOKED", "CREDENTIAL_CREATED"}, timeline(t, c.dev, second))
}
