package servertest

import (
	"strings"
	"testing"
)

// GatewayToken creates the token of a gateway by the command line; flags are those of
// `portico gateway create`.
func (s *Server) GatewayToken(t testing.TB, organization, name string, flags ...string) string {
	t.Helper()
	return strings.TrimSpace(s.Run(t, "", append([]string{"gateway", "create", "--organization", organization, "--name", name}, flags...)...))
}
