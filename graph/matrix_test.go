package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/graph"
	"portico/internal/testdb"
)

// TestMatrix plays the whole policy of testdata/matrix: every field, for every
// viewer, over HTTP.
func TestMatrix(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		for _, d := range newMatrix(w, w.server).differences(readPolicy(t)) {
			t.Error(d)
		}
	})
}

// TestMatrixIsComplete: the policy covers everything in the schema. Conversely,
// a line without a field is a difference. With -update it adds the lines that are
// missing, to be judged.
func TestMatrixIsComplete(t *testing.T) {
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	if graph.Updating() {
		require.NoError(t, sketch("testdata/matrix", whole, readPolicy(t)))
	}
	missing, err := gaps(whole, readPolicy(t))
	require.NoError(t, err)
	require.Empty(t, missing)
}

// TestMatrixCanFail: each kind of mistake in a policy is found.
func TestMatrixCanFail(t *testing.T) {
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	policy := readPolicy(t)
	without := slices.DeleteFunc(slices.Clone(policy), func(l line) bool {
		return l.field == "lastSignInAt" || l.field == "accountIds" || l.field == "service_tokens"
	})
	missing, err := gaps(whole, without)
	require.NoError(t, err)
	require.Equal(t, []string{"AppFilter.accountIds has no line", "AppTransferFilter.accountIds has no line", "CredentialFilter.accountIds has no line", "KeyRequestFilter.accountIds has no line", "ProductSubscriptionFilter.accountIds has no line", "Rows.service_tokens has no line", "StatementFilter.accountIds has no line", "StatementLineFilter.accountIds has no line", "User.lastSignInAt has no line"}, missing)

	w := newWorld(t, testdb.SQLite(t))
	m := newMatrix(w, w.server)
	for name, text := range map[string]string{
		"a field that is not there":  "[App] unknown yes hidden yes hidden unknown\nnickname",
		"a type that is not there":   "[Toaster] unknown yes hidden yes hidden unknown\nid",
		"a way that does not exist":  "[App: green] unknown yes hidden yes hidden unknown\nid",
		"too much for a neighbour":   "[App] unknown yes yes yes hidden unknown\nname",
		"too little for its owner":   "[App] unknown hidden hidden yes hidden unknown\nname",
		"a list with another's rows": "[Query] unknown yes yes yes none unknown\napps",
		"a mutation let through":     "[Mutation] unknown done done done not-found unknown\nupdateApp",
		"a mutation refused to some": "[Mutation] unknown not-found not-found done not-found unknown\nupdateApp",
		"a payload's field":          "[UpdateAppPayload] unknown null not-found yes not-found unknown\napp",
		"a row of somebody else's":   "[Rows: read] forbidden yes yes yes none forbidden\napps",
	} {
		lines, err := parsePolicy("test", text)
		require.NoError(t, err)
		require.NotEmpty(t, m.differences(lines), name)
	}
	for _, text := range []string{"name", "[App", "[App] yes", "[App] a b c d e f\nname", "[App]\nname", "[App] yes yes yes yes yes yes\nname . .", "[App]\nname . . . . . ."} {
		_, err := parsePolicy("test", text)
		require.Error(t, err, strings.ReplaceAll(text, "\n", " "))
	}
}
