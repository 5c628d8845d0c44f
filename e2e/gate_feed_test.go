package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate"
	"portico/e2e/servertest"
	"portico/internal/testdb"
	"portico/internal/testdb/network"
)

// protectedAPI is an API behind the Go middleware.
type protectedAPI struct {
	*gate.Gate
	api http.Handler
}

// newProtectedAPI returns an API whose middleware follows a server; more changes its
// options.
func newProtectedAPI(t *testing.T, s *servertest.Server, token, product string, more ...func(*gate.Options)) *protectedAPI {
	t.Helper()
	o := gate.Options{URL: s.Gate, Token: token, Product: product}
	for _, change := range more {
		change(&o)
	}
	starting, cancel := context.WithTimeout(t.Context(), waitForOthers)
	defer cancel()
	g, err := gate.New(starting, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.Close(context.Background()) }) // Portico may be unreachable
	return &protectedAPI{g, g.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))}
}

// code calls the API and returns the code of the middleware's verdict.
func (g *protectedAPI) code(raw string) string {
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	r.Header.Set("X-API-Key", raw)
	g.api.ServeHTTP(w, r)
	if w.Code == http.StatusOK {
		return "VALID"
	}
	return w.Header().Get("X-Portico-Code")
}

// A node that lost its database answers for its grace time; the gateways that follow it
// count 5 s from when it last read the log, not from its last message.
func TestTheMiddlewareRefusesWhenItsNodeIsCutOff(t *testing.T) {
	t.Parallel()
	for name, grace := range map[string]string{"no grace": "0s", "a minute's grace": "60s"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct, ok := testdb.EmptyPostgres(t)
			if !ok {
				t.Skip("SQLite has no network")
			}
			between, through := network.New(t, direct)
			secrets, ring := "XDG_CONFIG_HOME="+t.TempDir(), t.TempDir()+"/ring.json"
			out, err := servertest.Command(t, direct, []string{secrets}, "keys", "create", "--keyring", ring).CombinedOutput()
			require.NoError(t, err, string(out))
			well := servertest.Start(t, direct, secrets, "PORTICO_KEYRING="+ring)
			cutOff := servertest.Start(t, direct, secrets, "PORTICO_KEYRING="+ring, "DATABASE_URL="+through, "PORTICO_GATE_GRACE="+grace)
			c := newOrganization(t, well, "cut-off")
			product := c.limitedProduct(t, "orders", nil)
			app, _ := c.newApp(t, "Shop")
			id, raw := c.newKey(t, app)
			c.register(t, app, product)
			g := newProtectedAPI(t, cutOff, well.GatewayToken(t, "cut-off", "edge-1", "--keyring", ring), "orders")
			require.Eventually(t, func() bool { return g.code(raw) == "VALID" }, waitForOthers, pollOthers)
			c.cutAndRevoke(t, between, g, id, raw)
			between.Restore()
			require.Eventually(t, func() bool { return g.code(raw) == "REVOKED" }, waitForOthers, pollOthers)
		})
	}
}

// cutAndRevoke requires that a credential revoked during a cut is refused in time.
func (c *actors) cutAndRevoke(t *testing.T, between *network.Network, g *protectedAPI, id, raw string) {
	t.Helper()
	between.Silence()
	silent := time.Now()
	c.dev.Do(t, "revokeKey", vars{"credentialId": id}, `credential { status }`)
	require.Equal(t, "VALID", g.code(raw), "the gateway cannot know yet")
	for time.Since(silent) < 2*cutOff {
		asked := time.Now()
		code := g.code(raw)
		if asked.Sub(silent) > cutOff {
			require.Equal(t, "UNAVAILABLE", code, "%s after the cut", asked.Sub(silent))
		}
		time.Sleep(time.Millisecond) // the node's machine is this one
	}
}
