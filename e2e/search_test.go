package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// searchEverything looks for parts of names in all lists, each in one list, and for what
// cannot be looked for.
func searchEverything(t *testing.T, s *servertest.Server) {
	c, stranger := newActors(t, s, "searching"), newActors(t, s, "elsewhere")
	made := c.dev.Do(t, "createApp", vars{"name": "IŞIK Günlüğü %100_\\", "firstKey": vars{"name": "İlk ANAHTAR"}}, `app { id referenceId } credential { id username }`)
	app, key := made.Text("createApp", "app", "id"), made.Text("createApp", "credential", "id")
	const everything = `query($q: String!) { search(query: $q) { query apps { totalCount nodes { id } } products { totalCount } credentials { totalCount nodes { id } } } }`
	for text, list := range map[string]string{
		"ışık günlüğü": "apps", "GÜNLÜĞÜ": "apps", "%100_": "apps", `0_\`: "apps", strings.ToUpper(made.Text("createApp", "app", "referenceId")[9:18]): "apps",
		"ILK anahtar": "credentials", "ilk": "credentials", made.Text("createApp", "credential", "username"): "credentials",
	} {
		a := c.dev.Must(t, everything, vars{"q": text})
		require.Equal(t, text, a.Text("search", "query"))
		for name, id := range map[string]string{"apps": app, "credentials": key} {
			want := []string(nil)
			if name == list {
				want = []string{id}
			}
			require.ElementsMatch(t, want, texts(a, "id", "search", name, "nodes"), "%s: %s", text, name)
			require.Equal(t, len(want), a.Number("search", name, "totalCount"))
		}
		require.Empty(t, texts(stranger.dev.Must(t, everything, vars{"q": text}), "id", "search", list, "nodes"), text)
	}
	c.newProduct(t, "lost-and-found", "AUTO")
	require.Equal(t, 1, c.dev.Must(t, `{ products(where: {search: "OST-AND-FOU"}) { totalCount } }`, nil).Number("products", "totalCount"))

	a := c.admin.Must(t, `{ search(query: "SEARCHING") { accounts { nodes { id } } users { nodes { id email } } } credentials(where: {search: "anahtar", environment: [DEVELOPMENT]}) { nodes { id app { id lastUsedAt } } } }`, nil)
	require.Equal(t, []string{c.account}, texts(a, "id", "search", "accounts", "nodes"))
	require.Equal(t, []string{c.developer}, texts(a, "id", "search", "users", "nodes"))
	require.Equal(t, []string{key}, texts(a, "id", "credentials", "nodes"))
	require.Nil(t, a.At("credentials", "nodes", 0, "app", "lastUsedAt"))
	requireError(t, c.dev.Send(t, `{ search(query: "searching") { users { totalCount } } }`, nil), "BAD_USER_INPUT")

	for _, text := range []string{"", "%", "_", "a", "ıİ", "a\nbc", strings.Repeat("x", 101), strings.Repeat("x", 10<<10)} {
		for _, document := range []string{
			everything, `query($q: String!) { apps(where: {search: $q}) { totalCount } }`, `query($q: String!) { products(where: {search: $q}) { totalCount } }`,
			`query($q: String!) { viewer { account { credentials(where: {search: $q}) { totalCount } } } }`,
		} {
			requireError(t, c.dev.Send(t, document, vars{"q": text}), "BAD_USER_INPUT")
		}
	}
	none := c.dev.Must(t, everything, vars{"q": `" OR 1=1 --`})
	require.Zero(t, none.Number("search", "apps", "totalCount")+none.Number("search", "credentials", "totalCount")+none.Number("search", "products", "totalCount"))
}
