package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// A call shows the key also if nothing else of the product is selected.
func TestCurlShowsTheKey(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	a := w.ask(t, w.tokens["developer"], `query($id: ID!) { node(id: $id) { ... on ProductDocument { curl(method: "GET", path: "/orders") } } }`, map[string]any{"id": w.ids["document of the product"]})
	require.Empty(t, a.Errors, a.raw)
	call, _ := dig(a.Data, "node.curl")
	require.Contains(t, call, "API_KEY")
	require.Contains(t, call, "https://api.demo.example/orders")
}

// A call names the viewer's own key and app, and nobody else's.
func TestCurlNamesKeyAndApp(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	product, _ := nodeid.Decode(nodeid.Product, w.ids["product"])
	w.Client.Product.UpdateOneID(product).SetAuthTypes([]access.AuthType{access.Basic}).ExecX(portaltest.System(t))
	ask := func(who string) answer {
		return w.ask(t, w.tokens[who], `query($id: ID!, $key: ID, $app: ID) { node(id: $id) { ... on ProductDocument {
			plain: curl(method: "GET", path: "/orders") key: curl(method: "GET", path: "/orders", credentialId: $key) app: curl(method: "GET", path: "/orders", appId: $app) } } }`,
			map[string]any{"id": w.ids["document of the product"], "key": w.ids["key"], "app": w.ids["app"]})
	}
	a := ask("developer")
	require.Empty(t, a.Errors, a.raw)
	plain, _ := dig(a.Data, "node.plain")
	require.Contains(t, plain, `--user "$API_USERNAME:$API_PASSWORD"`)
	require.NotContains(t, plain, "X-Portico-App")
	key, _ := dig(a.Data, "node.key")
	require.Regexp(t, `--user '[0-9a-f-]{36}:'"\$API_PASSWORD"`, key)
	app, _ := dig(a.Data, "node.app")
	require.Contains(t, app, "'X-Portico-App: "+w.ids["app"]+"'")
	for _, who := range []string{"other", "anonymous"} {
		a := ask(who)
		require.NotContains(t, a.raw, "X-Portico-App", who)
		require.NotEmpty(t, a.Errors, who)
	}
}
