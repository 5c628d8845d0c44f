package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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
