package gateways

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate"
	"portico/internal/testdb"
)

// startGo is a gateway written with clients/go/gate: a guard for each product
// before a reverse proxy.
func startGo(t *testing.T, s setup) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.upstream})
	guarded := map[string]http.Handler{
		"/rates":  newGate(t, s, "currency-rates").Middleware(proxy),
		"/places": newGate(t, s, "geocoding").Middleware(proxy),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for path, product := range guarded {
			if r.URL.Path == r.URL.EscapedPath() && !strings.Contains(r.URL.Path, "//") && !strings.Contains(r.URL.Path, "..") &&
				(r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/")) {
				product.ServeHTTP(w, r)
				return
			}
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func newGate(t *testing.T, s setup, product string) *gate.Gate {
	t.Helper()
	starting, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	g, err := gate.New(starting, gate.Options{URL: "http://" + s.gate, Token: s.token, Product: product})
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.Close(context.Background()) }) // Portico may have ended already
	return g
}

// Verdicts of the Gate itself are counted like those of Portico.
func TestVerdictsOfTheGateAreCounted(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		app := w.newApp(t, w.generous)
		s := setup{gate: strings.TrimPrefix(w.server.Gate, "http://"), token: w.server.GatewayToken(t, organization, "edge")}
		g := newGate(t, s, "currency-rates")
		api := g.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		db := testdb.Open(t, url)
		counted := func() (n int) {
			require.NoError(t, db.QueryRowContext(t.Context(), `SELECT coalesce(sum(calls), 0) FROM usage_minutes WHERE code = 'VALID'`).Scan(&n))
			return n
		}
		before := counted() // the demo has calls
		const calls = 25
		for range calls {
			r := httptest.NewRequest(http.MethodGet, "/rates", nil)
			r.Header.Set("X-API-Key", app.key)
			a := httptest.NewRecorder()
			api.ServeHTTP(a, r)
			require.Equal(t, http.StatusOK, a.Code)
		}
		require.NoError(t, g.Close(t.Context()))
		require.Eventually(t, func() bool { return counted()-before >= calls }, 20*time.Second, 50*time.Millisecond)
		require.Equal(t, calls, counted()-before)
	})
}

// When Portico is unreachable the Gate continues for its Silence and then refuses.
func TestGateRefusesWhenPorticoIsUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testdb.EmptySQLite(t))
	app := w.newApp(t, w.generous)
	s := setup{gate: strings.TrimPrefix(w.server.Gate, "http://"), token: w.server.GatewayToken(t, organization, "edge"), upstream: newAPI(t)}
	g := &gateway{w, "http://" + startGo(t, s)}
	g.call(t, "/rates", "X-API-Key", app.key).reached(t)
	w.server.Kill()
	killed := time.Now()
	for {
		a := g.call(t, "/rates", "X-API-Key", app.key)
		if a.status != http.StatusOK {
			a.refused(t, http.StatusServiceUnavailable, "UNAVAILABLE")
			break
		}
		require.Less(t, time.Since(killed), gate.MaxSilence+time.Second, "it still lets calls through")
		time.Sleep(5 * time.Millisecond)
	}
}
