package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// disabledKeys plays who switches a key off, and who on again.
func disabledKeys(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "disabled-keys")
	_, credential := c.newApp(t, "Switched")
	const state = `credential { status enabled disabledBy version viewerCan { disable { allowed } enable { allowed code message } } }`
	disable := func(by *servertest.Client, who string) {
		t.Helper()
		a := by.Do(t, "disableKey", vars{"credentialId": credential, "reason": "Too many calls."}, state)
		require.Equal(t, "DISABLED", a.Text("disableKey", "credential", "status"))
		require.Equal(t, who, a.Text("disableKey", "credential", "disabledBy"))
		require.Equal(t, false, a.At("disableKey", "credential", "enabled"))
		again := by.Do(t, "disableKey", vars{"credentialId": credential}, state)
		require.Equal(t, a.Data, again.Data)
	}
	enable := func(by *servertest.Client) {
		t.Helper()
		a := by.Do(t, "enableKey", vars{"credentialId": credential}, state)
		require.Equal(t, "ACTIVE", a.Text("enableKey", "credential", "status"))
		require.Nil(t, a.At("enableKey", "credential", "disabledBy"))
	}
	disable(c.dev, "OWNER")
	enable(c.dev)
	disable(c.dev, "OWNER")
	disable(c.admin, "STAFF")
	a := c.dev.Ask(t, "enableKey", vars{"credentialId": credential}, `credential { id } userErrors { code field message }`)
	require.Equal(t, "WRONG_STATUS", a.Text("enableKey", "userErrors", 0, "code"))
	page := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on Credential { status disabledBy viewerCan { enable { allowed code message } } } } }`, vars{"id": credential})
	require.Equal(t, "STAFF", page.Text("node", "disabledBy"))
	require.Equal(t, map[string]any{"allowed": false, "code": "STATUS", "message": a.Text("enableKey", "userErrors", 0, "message")}, page.At("node", "viewerCan", "enable"))
	enable(c.admin)
	disable(c.admin, "STAFF")
	enable(c.admin)
	require.Equal(t, []string{
		"CREDENTIAL_ENABLED", "CREDENTIAL_DISABLED", "CREDENTIAL_ENABLED", "CREDENTIAL_DISABLED", "CREDENTIAL_DISABLED",
		"CREDENTIAL_ENABLED", "CREDENTIAL_DISABLED", "CREDENTIAL_CREATED",
	}, timeline(t, c.dev, credential))
}

// keyLabels plays labels of keys, by which they are found.
func keyLabels(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "key-labels")
	team := func(name string) []any {
		return []any{vars{"key": "team", "value": name}, vars{"key": "host", "value": ""}}
	}
	a := c.dev.Do(t, "createApp", vars{"name": "Labelled", "firstKey": vars{"labels": team("web")}}, `app { id } credential { id labels { key value } }`)
	app, first := a.Text("createApp", "app", "id"), a.Text("createApp", "credential", "id")
	require.Equal(t, []string{"host", "team"}, texts(a, "key", "createApp", "credential", "labels"))
	second := c.dev.Do(t, "generateKey", vars{"appId": app, "labels": team("mobile")}, `credential { id }`).Text("generateKey", "credential", "id")
	find := func(label vars) []string {
		t.Helper()
		label["app"] = app
		return texts(c.dev.Must(t, `query($app: ID!, $key: String!, $value: String) { app(id: $app) { credentials(where: {label: {key: $key, value: $value}}) { totalCount nodes { id } } } }`, label),
			"id", "app", "credentials", "nodes")
	}
	require.Equal(t, []string{second, first}, find(vars{"key": "team"}))
	require.Equal(t, []string{first}, find(vars{"key": "team", "value": "web"}))
	require.Empty(t, find(vars{"key": "team", "value": "we"}))
	require.Empty(t, find(vars{"key": "web"}))
	a = c.dev.Do(t, "updateKey", vars{"credentialId": first, "labels": nil}, `credential { labels { key } }`)
	require.Equal(t, []any{}, a.At("updateKey", "credential", "labels"))
	require.Equal(t, []string{second}, find(vars{"key": "team"}))
	a = c.dev.Ask(t, "updateKey", vars{"credentialId": first, "labels": []any{vars{"key": "a", "value": ""}, vars{"key": "a", "value": "x"}}}, `userErrors { code field }`)
	require.Equal(t, "TAKEN", a.Text("updateKey", "userErrors", 0, "code"))
}
