package gateways

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// With the lines marked #cors a preflight, and no other request, reaches the API without an
// API key. Without them it is refused.
func TestPreflightsPassWithCORS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testdb.EmptySQLite(t))
	key := w.newApp(t, w.generous).key
	for name, start := range map[string]start{"nginx": startNginx, "caddy": startCaddy, "haproxy": startHAProxy, "envoy": startEnvoy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup{gate: strings.TrimPrefix(w.server.Gate, "http://"), token: w.server.GatewayToken(t, organization, "cors-"+name), upstream: newAPI(t)}
			(&gateway{w, "http://" + start(t, s)}).preflights(t, key, false)
			s.cors = true
			(&gateway{w, "http://" + start(t, s)}).preflights(t, key, true)
		})
	}
}

func (g *gateway) preflights(t *testing.T, key string, pass bool) {
	t.Helper()
	origin, wants := []string{"Origin", "https://app.example"}, []string{"Access-Control-Request-Method", "PUT"}
	both := append(append([]string{"X-Portico-Account", "forged", "X-Portico-App", "forged", "X_Portico_Plan", "forged", "Upgrade", "h2c", "X-API-Key", "junk"}, origin...), wants...)
	ask := func(method, target string, headers ...string) (reached bool) {
		response, conn, _ := g.raw(t, method, target, append(headers, "Connection", "close")...)
		require.NoError(t, conn.Close())
		for name, values := range response.Header {
			require.NotContains(t, values, "forged", name)
		}
		return response.Header.Get("Got-Target") != ""
	}
	for _, target := range []string{"/rates/1", "/places", "/rates?a=b"} {
		require.Equal(t, pass, ask(http.MethodOptions, target, append(origin, wants...)...), target)
	}
	for _, no := range [][]string{nil, origin, wants} {
		require.False(t, ask(http.MethodOptions, "/rates", no...), "%q is no preflight", no)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, "options", "OPTIONSX"} {
		require.False(t, ask(method, "/rates", both...), method)
	}
	for _, target := range []string{"/other", "/rates/..;/other", "/rates#", "/rates/../other"} {
		require.False(t, ask(http.MethodOptions, target, append(origin, wants...)...), target)
	}
	require.True(t, ask(http.MethodGet, "/rates", append(append(origin, wants...), "X-API-Key", key)...))
	if pass {
		h := g.preflight(t, "/rates", "Origin", "https://app.example", "Access-Control-Request-Method", "PUT", "X-Portico-Account", "forged", "X-Portico-App", "forged",
			"X-Portico-Code", "forged", "X-API-Key", "forged", "Authorization", "forged")
		for name, values := range h {
			require.NotContains(t, values, "forged", name)
		}
		require.Equal(t, []string{"https://app.example"}, h["Origin"])
	}
}

// preflight returns the headers that reached the API.
func (g *gateway) preflight(t *testing.T, path string, headers ...string) http.Header {
	t.Helper()
	return g.ask(t, http.MethodOptions, path, headers...).reached(t)
}
