package graph_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// Searching a list costs more, however the text is given; so does each list of a search in
// everything.
func TestSearchesCostMore(t *testing.T) {
	const searching = 200
	w := newWorld(t, testdb.SQLite(t))
	cost := func(document string, variables map[string]any) int {
		t.Helper()
		var answer struct {
			Extensions struct{ Cost struct{ Requested int } }
		}
		a := w.askAs("admin", document, variables)
		require.Empty(t, a.Errors, document)
		require.NoError(t, json.Unmarshal([]byte(a.raw), &answer))
		return answer.Extensions.Cost.Requested
	}
	plain := cost(`{ apps(first: 1) { totalCount } }`, nil)
	for document, variables := range map[string]map[string]any{
		`query($s: String) { apps(first: 1, where: {search: $s}) { totalCount } }`:               {"s": "abc"},
		`query($where: AppFilter) { apps(first: 1, where: $where) { totalCount } }`:              {"where": map[string]any{"search": "abc", "neverUsed": true}},
		`{ apps(first: 1, where: {search: "abc"}) { totalCount } }`:                              nil,
		`{ apps(first: 1, where: {nameContains: "abc"}) { totalCount } }`:                        nil,
		`query($s: String = "abc") { apps(first: 1, where: {nameContains: $s}) { totalCount } }`: nil,
	} {
		require.Equal(t, plain+searching, cost(document, variables), document)
	}
	require.Equal(t, plain, cost(`query($s: String) { apps(first: 1, where: {search: $s, neverUsed: true}) { totalCount } }`, map[string]any{"s": nil}))
	one, two := cost(`{ search(query: "abc") { apps(first: 1) { totalCount } } }`, nil), cost(`{ search(query: "abc") { apps(first: 1) { totalCount } users(first: 1) { totalCount } } }`, nil)
	require.Equal(t, searching, two-one-(plain-1))
}
