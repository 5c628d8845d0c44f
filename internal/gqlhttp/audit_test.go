package gqlhttp_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

// TestAudit runs the public GraphQL-over-HTTP audits against the handler. They
// need Node and `npm ci` in the folder audit.
func TestAudit(t *testing.T) {
	if _, err := os.Stat("audit/node_modules/graphql-http"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the audits are not installed: run npm ci in internal/gqlhttp/audit")
		}
		t.Skip("the audits are not installed: run npm ci in internal/gqlhttp/audit")
	}
	server := httptest.NewServer(toyHandler(gqlhttp.Options{}))
	defer server.Close()
	out, err := exec.CommandContext(t.Context(), "node", "audit/audit.mjs", server.URL).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "61 passed, 0 failed")
}
