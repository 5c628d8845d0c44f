package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// Keys of another portal are imported beside the running server. Callers send them as
// ever, and what ends other keys ends them.
func importedKeys(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "moving")
	gateway := newGatewayClient(t, s, "moving", "edge-1")
	product := c.limitedProduct(t, "orders", nil)
	reference := uuid.NewString()
	app := c.dev.Do(t, "createApp", vars{"name": "Shop", "referenceId": reference, "generateKey": false}, `app { id }`).Text("createApp", "app", "id")
	c.register(t, app, product)

	file := filepath.Join(t.TempDir(), "keys.jsonl")
	username, password := uuid.NewString(), uuid.NewString()
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(fmt.Sprintf(`{"app":"APP","username":"alice","secret":"wonderland-1865"}
{"app":"APP","sha256":"2a3b5c1f8f9f3e3b0f5d1a6d7e8c9b0a1f2e3d4c5b6a79881726354433221100"}
{"app":"APP","key":"a-token-of-the-old-portal","expiresAt":"2099-01-01T00:00:00Z"}
{"app":"APP","username":%q,"secret":%q}
{"app":"APP","key":"hunter2"}
`, username, password), "APP", reference)), 0o600))
	run := func() (out, words string, err error) {
		command := s.Command(t, "import", "--organization=moving", "--environment=PRODUCTION", file)
		var stdout, stderr strings.Builder
		command.Stdout, command.Stderr = &stdout, &stderr
		err = command.Run()
		return stdout.String(), stderr.String(), err
	}
	out, words, err := run()
	require.Error(t, err)
	require.Contains(t, words, "5 lines: 4 keys imported, 0 there already, 1 refused.")
	require.JSONEq(t, `{"line":5,"field":"key","code":"INVALID","message":"This is too easy to guess: at least 8 characters are needed."}`, out)
	require.NotContains(t, out+words, "hunter2")

	basic := func(username, password string) vars {
		return vars{"username": username, "password": password, "product": "orders"}
	}
	require.Equal(t, "VALID", gateway.verify(t, basic(username, password)).Code, "a pair of UUIDs is a key like any other")
	require.Equal(t, "MALFORMED", gateway.verify(t, basic("alice", "wonderland-1865")).Code)
	c.admin.Do(t, "updateOrganization", vars{"importedKeys": true}, `organization { importedKeys }`)
	require.Equal(t, "VALID", gateway.verify(t, basic("alice", "wonderland-1865")).Code)
	require.Equal(t, "VALID", gateway.code(t, "a-token-of-the-old-portal", "orders"))
	require.Equal(t, "NOT_FOUND", gateway.verify(t, basic("alice", "wonderland-1866")).Code)
	require.Equal(t, app, gateway.verify(t, basic("alice", "wonderland-1865")).App)

	// As a proxy asks, with the caller's own header.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Gate+"/v1/authorize", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("alice:wonderland-1865")))
	r.Header.Set("X-Portico-Gateway-Token", gateway.token)
	r.Header.Set("X-Portico-Product", "orders")
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, w.Body.Close())
	require.Equal(t, http.StatusOK, w.StatusCode)

	keys := c.dev.Must(t, `query($id: ID!) { app(id: $id) { credentials(orderBy: {field: CREATED_AT, direction: ASC}) { nodes { id name imported secretHint rawKeyHint environment } } } }`, vars{"id": app})
	require.Len(t, keys.List("app", "credentials", "nodes"), 4)
	alice := ""
	for i := range 4 {
		at := func(field string) any { return keys.At("app", "credentials", "nodes", i, field) }
		require.Equal(t, []any{true, "", nil, "PRODUCTION"}, []any{at("imported"), at("secretHint"), at("rawKeyHint"), at("environment")})
		if at("name") == "alice" {
			alice, _ = at("id").(string)
		}
	}
	found := c.admin.Must(t, `query($in: CredentialByKeyInput!) { credentialByKey(input: $in) { id } }`, vars{"in": vars{"key": "alice:wonderland-1865"}})
	require.Equal(t, alice, found.Text("credentialByKey", "id"))
	c.dev.Do(t, "revokeKey", vars{"credentialId": alice}, `credential { id }`)
	require.Equal(t, "REVOKED", gateway.verify(t, basic("alice", "wonderland-1865")).Code)

	out, words, err = run()
	require.Error(t, err)
	require.Contains(t, words, "5 lines: 0 keys imported, 3 there already, 2 refused.")
	require.Contains(t, out, `"code":"KEY_REVOKED"`)
	require.Equal(t, "REVOKED", gateway.verify(t, basic("alice", "wonderland-1865")).Code)
	c.admin.Do(t, "updateOrganization", vars{"importedKeys": false}, `organization { importedKeys }`)
	require.Equal(t, "MALFORMED", gateway.code(t, "a-token-of-the-old-portal", "orders"))
	require.Equal(t, "VALID", gateway.verify(t, basic(username, password)).Code)
}
