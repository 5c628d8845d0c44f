package e2e

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// audits runs the public GraphQL-over-HTTP audits. They need Node and `npm ci`
// in their folder.
func audits(t *testing.T, s *servertest.Server) {
	const folder = "../internal/gqlhttp/audit/"
	if _, err := os.Stat(folder + "node_modules/graphql-http"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the audits are not installed: run npm ci in internal/gqlhttp/audit")
		}
		t.Skip("the audits are not installed: run npm ci in internal/gqlhttp/audit")
	}
	out, err := exec.CommandContext(t.Context(), "node", folder+"audit.mjs", s.URL+"/graphql").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "61 passed, 0 failed")
}
