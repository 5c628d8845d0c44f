package server

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"portico/internal/auth"
	"portico/internal/budget"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/export"
	"portico/internal/gqlhttp"
	"portico/internal/keyring"
	"portico/internal/telemetry"
	"portico/internal/testdb"
)

// ownPages returns the routes of the program's own pages and of its health, which a
// proxy need not publish.
func ownPages() []string {
	return []string{"/", "/dev/mail", "/dev/mail/*", "/healthz", "/playground", "/playground/*", "/readyz"}
}

// notForPages returns the routes that no page of another origin calls: browsers go to
// the first two, programs to the others. Every other route must allow listed origins.
func notForPages() []string {
	return []string{"/auth/{organization}/{provider}/start", "/auth/{organization}/{provider}/callback", "/oauth/token", "/v1/revoke", "/v1/secret-scanning"}
}

const listed, unlisted = "https://portal.example.com", "https://evil.example"

// testRouter returns the program's router with one listed origin.
func testRouter(t *testing.T, flags ...string) chi.Router {
	t.Helper()
	ring := filepath.Join(t.TempDir(), "keyring.json")
	require.NoError(t, keyring.CreateDevelopment(ring, clock.System{}))
	p := newProcess(Options{Config: testConfig(t, append(flags, "--dev", "--allowed-origins="+listed, "--database-url="+testdb.EmptySQLite(t), "--keyring="+ring)...),
		Log: slog.New(slog.DiscardHandler), Stdout: io.Discard})
	var err error
	p.traces, err = telemetry.NewTraces(t.Context(), p.version)
	require.NoError(t, err)
	require.NoError(t, p.open(t.Context()))
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	p.state, p.publicURL = newReadiness(p.Database, done()), p.config.PublicURL
	r, err := p.router()
	require.NoError(t, err)
	return r
}

// testConfig returns the configuration that these flags make, with all defaults.
func testConfig(t *testing.T, flags ...string) *config.Config {
	t.Helper()
	var c config.Config
	parser, err := kong.New(&c)
	require.NoError(t, err)
	_, err = parser.Parse(flags)
	require.NoError(t, err)
	c.Complete(func(string) string { return "" })
	return &c
}

// served returns the routes that front ends may call, with the methods that are
// not answered by 405.
func served(t *testing.T, r chi.Router) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	note := func(method, route string) {
		if w := call(r, method, route, nil); w.Code != http.StatusMethodNotAllowed && !slices.Contains(out[route], method) {
			out[route] = append(out[route], method)
		}
	}
	err := chi.Walk(r, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if slices.Contains(slices.Concat(ownPages(), notForPages()), route) || method == http.MethodOptions {
			return nil
		}
		note(method, route)
		if method == http.MethodGet {
			note(http.MethodHead, route)
		}
		return nil
	})
	require.NoError(t, err)
	return out
}

func call(h http.Handler, method, path string, header map[string]string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	h.ServeHTTP(w, r)
	return w
}

// A page of a listed origin may call every route that is not the program's own
// page, by each method that it accepts, with any headers that its libraries
// add, and read the response's headers.
func TestPreflights(t *testing.T) {
	r := testRouter(t)
	routes := served(t, r)
	require.Subset(t, slices.Collect(maps.Keys(routes)), []string{"/graphql", "/session/graphql", "/usage.csv"})
	require.ElementsMatch(t, []string{http.MethodGet, http.MethodPost}, routes["/graphql"])
	require.ElementsMatch(t, []string{http.MethodGet, http.MethodHead}, routes["/usage.csv"])
	require.ElementsMatch(t, []string{http.MethodGet, http.MethodHead}, routes["/v1/exports/{list}"])
	const asked = "apollographql-client-name,authorization,baggage,sentry-trace,traceparent,x-portico-account"
	for route, methods := range routes {
		for _, method := range methods {
			preflight := map[string]string{"Origin": listed, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": asked}
			w := call(r, http.MethodOptions, route, preflight)
			require.Less(t, w.Code, 300, "%s %s", method, route)
			require.Equal(t, listed, w.Header().Get("Access-Control-Allow-Origin"), "%s %s", method, route)
			require.Contains(t, w.Header().Get("Access-Control-Allow-Methods"), method, route)
			for header := range strings.SplitSeq(asked, ",") {
				require.Contains(t, strings.ToLower(w.Header().Get("Access-Control-Allow-Headers")), header, route)
			}
			preflight["Origin"] = unlisted
			w = call(r, http.MethodOptions, route, preflight)
			require.Less(t, w.Code, 300, route)
			require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"), route)

			w = call(r, method, route, map[string]string{"Origin": listed})
			require.Equal(t, listed, w.Header().Get("Access-Control-Allow-Origin"), "%s %s", method, route)
			exposed := strings.Split(w.Header().Get("Access-Control-Expose-Headers"), ", ")
			readable := []string{"X-Request-Id", "Retry-After", "Ratelimit", "Ratelimit-Policy"}
			if strings.HasPrefix(route, export.Path) {
				readable = append(readable, "Content-Disposition") // the file's name
			}
			require.ElementsMatch(t, readable, exposed, "%s %s", method, route)
			// Only there is a cookie that a page may need.
			require.Equal(t, strings.HasPrefix(route, auth.SessionPath), w.Header().Get("Access-Control-Allow-Credentials") != "", route)
		}
	}
}

// Other methods than those of an export are refused as a problem that names those.
func TestExports_OtherMethods(t *testing.T) {
	r := testRouter(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace} {
		w := call(r, method, export.Path+"apps", map[string]string{"Origin": listed})
		require.Equal(t, http.StatusMethodNotAllowed, w.Code, method)
		require.Equal(t, "GET, HEAD, OPTIONS", w.Header().Get("Allow"), method)
		require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), method)
		require.Contains(t, w.Body.String(), `"status":405`, method)
		require.Contains(t, w.Body.String(), `"reason":"INVALID_ARGUMENT"`, method)
		if method == http.MethodPost { // the others a browser asks for before, in vain
			require.Equal(t, listed, w.Header().Get("Access-Control-Allow-Origin"))
		}
	}
}

// What the documentation and the examples publish is every route.
func TestRoutesArePublished(t *testing.T) {
	var routes []string
	err := chi.Walk(testRouter(t, "--portal-url=https://portal.example.com", "--public-url=https://api.example.com", "--secret-scanning-keys-url=https://keys.example.com"), func(_, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if !slices.Contains(ownPages(), route) {
			routes = append(routes, route)
		}
		return nil
	})
	require.NoError(t, err)
	require.Subset(t, routes, notForPages())
	for name, pattern := range map[string]string{
		"../../docs/operating.md":              "(?m)^\\| `PORTICO_ADDR` \\(8080\\) \\| (.*?) \\|",
		"../../deploy/kubernetes/ingress.yaml": `(?s)paths:(.*)`,
	} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		part := regexp.MustCompile(pattern).FindString(string(text))
		var published []string
		for _, found := range regexp.MustCompile("(?:`|path: )(/[\\w./-]+)").FindAllStringSubmatch(part, -1) {
			published = append(published, found[1])
		}
		for _, route := range routes {
			require.True(t, slices.ContainsFunc(published, func(p string) bool { return route == p || strings.HasPrefix(route, p+"/") }), "%s does not publish %s, but %v", name, route, published)
		}
	}
}

// The smallest budget that a setting allows is enough for the most expensive
// single request.
func TestTheSmallestBudgetAllowsTheMostExpensiveRequest(t *testing.T) {
	require.Equal(t, max(gqlhttp.DefaultLimits().Cost, budget.ExportCost), config.LeastBudget)
	require.GreaterOrEqual(t, budget.DefaultUser, config.LeastBudget)
}
