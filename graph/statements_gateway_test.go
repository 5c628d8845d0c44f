package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/verdict"
	"portico/internal/database"
	"portico/internal/gateway/presence"
	"portico/internal/identity"
	"portico/internal/testdb"
)

// What was seen of gateways is read for the whole page at once, and only where it is
// selected: a hundred gateways cost the statements of one.
func TestGatewaysAreReadTogether(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant := s.MustTenant(t, "gates")
		for i := range 100 {
			token, err := s.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: tenant.Organization.Slug, Name: fmt.Sprint("edge-", i), Hash: []byte{byte(i)}})
			require.NoError(t, err)
			for range 2 {
				s.saw(t, token, uuid.New(), func(g *presence.Gateway) {
					g.Count(verdict.Valid)
					g.Follows("", int64(i%3))
				})
			}
		}
		token := s.token(t, tenant.Admin)
		ask := func(selection string, n int) []string {
			return c.during(func() {
				a := s.ask(t, token, `query($n: Int) { gateways(first: $n) { nodes { `+selection+` } } }`, map[string]any{"n": n})
				require.Empty(t, a.Errors, a.raw)
				require.Len(t, a.Data["gateways"].(map[string]any)["nodes"], n)
				if strings.Contains(selection, "verdicts") {
					require.Equal(t, n, strings.Count(a.raw, `"verdicts":[{"code":"VALID","calls":2}]`), a.raw)
				}
			})
		}
		// viewer, tokens; rows of nodes, times of events
		for selection, want := range map[string]int{
			"serviceToken { name }": 2,
			"serviceToken { name status account { name } } lastSeenAt position lagMs verdicts { code calls }": 4,
		} {
			for _, n := range []int{1, 100} {
				sent := ask(selection, n)
				require.Len(t, sent, want, "%d of %s:\n%s", n, selection, strings.Join(sent, "\n"))
			}
		}
	})
}
