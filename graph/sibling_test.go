package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// A mutation that fails does not affect those beside it: not even the secret
// that is shown once.
func TestFailingMutationDoesNotAffectOthers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		for name, document := range map[string]string{
			"after":  `mutation($app: ID!, $no: ID!) { new: generateKey(input: {appId: $app}) { secret { rawKey } userErrors { code } } old: revokeKey(input: {credentialId: $no}) { credential { id } } }`,
			"before": `mutation($app: ID!, $no: ID!) { old: revokeKey(input: {credentialId: $no}) { credential { id } } new: generateKey(input: {appId: $app}) { secret { rawKey } userErrors { code } } }`,
		} {
			a := w.ask(t, w.tokens["developer"], document, map[string]any{"app": w.ids["app"], "no": madeUp(w.ids["key"])})
			require.Len(t, a.Errors, 1, "%s: %s", name, a.raw)
			require.Equal(t, []any{"old"}, a.Errors[0].Path, name)
			require.Equal(t, "NOT_FOUND", a.Errors[0].Extensions["code"], name)
			require.Nil(t, a.Data["old"], name)
			created, _ := a.Data["new"].(map[string]any)
			secret, _ := created["secret"].(map[string]any)
			require.NotEmpty(t, secret["rawKey"], a.raw)
			require.Empty(t, created["userErrors"], name)
		}
	})
}
