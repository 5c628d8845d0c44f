package e2e

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/limits/redistest"
	"portico/internal/testdb"
)

// usual are the budgets that hold where nothing is set, as the program has them.
func usual(extra ...string) []string {
	return append([]string{"PORTICO_USER_BUDGET=300000", "PORTICO_ORGANIZATION_BUDGET=3000000"}, extra...)
}

// flood creates apps until one is refused, at most n at a time, and returns how
// many were made.
func flood(t *testing.T, c *servertest.Client, most int) (made int64, refused *servertest.Answer) {
	t.Helper()
	var count atomic.Int64
	var first atomic.Pointer[servertest.Answer]
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for first.Load() == nil && count.Load() < int64(most) {
				a, err := c.Try(`mutation { createApp(input: {name: "Flood", generateKey: false}) { app { id } } }`, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if len(a.Errors) > 0 {
					first.CompareAndSwap(nil, a)
					return
				}
				count.Add(1)
			}
		})
	}
	all.Wait()
	return count.Load(), first.Load()
}

// A hundred pages and twenty keys at once are normal use; hundreds of apps in
// a few seconds are not, and hold up nobody else.
func TestBudgets(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		s := servertest.Start(t, database, usual()...)
		dev := s.SignIn(t, "developer@demo.example")
		app := dev.Must(t, `{ apps(first: 1) { nodes { id } } }`, nil)
		id := app.Text("apps", "nodes", 0, "id")
		var all sync.WaitGroup
		var failed atomic.Int64
		for i := range 120 {
			all.Go(func() {
				document := `query($id: ID!) { app(id: $id) { name labels { key value } credentials(first: 20) { nodes { name status environment } } timeline(first: 20) { nodes { type at } } } }`
				if i >= 100 {
					document = `mutation($id: ID!) { generateKey(input: {appId: $id}) { credential { id } secret { rawKey } userErrors { code field } } }`
				}
				if a, err := dev.Try(document, servertest.Vars{"id": id}); err != nil || len(a.Errors) > 0 {
					failed.Add(1)
				}
			})
		}
		all.Wait()
		require.Zero(t, failed.Load())

		made, refused := flood(t, dev, 1620)
		require.NotNil(t, refused)
		require.Less(t, made, int64(400))
		require.Equal(t, http.StatusTooManyRequests, refused.Status)
		require.Equal(t, []string{"RATE_LIMITED"}, refused.Codes())
		require.Equal(t, "BUDGET", refused.Errors[0].Extensions["reason"])
		require.NotZero(t, refused.Errors[0].Extensions["retryAfter"])
		require.NotEmpty(t, refused.Header.Get("Retry-After"))
		require.Regexp(t, `^"cost";q=300000;w=60$`, refused.Header.Get("RateLimit-Policy"))
		require.Regexp(t, `^"cost";r=\d+;t=\d+$`, refused.Header.Get("RateLimit"))
		require.Contains(t, refused.Raw, `"remaining":`)
		require.Contains(t, refused.Raw, `"resetsAt":`)

		s.SignIn(t, "developer@globex.example").Must(t, `{ apps(first: 1) { nodes { id } } }`, nil)
		s.SignIn(t, "developer@second.example").Must(t, `{ apps(first: 1) { nodes { id } } }`, nil)
	})
}

// Servers that share Redis share the budgets; when it goes, each keeps them by
// itself.
func TestBudgetsAreShared(t *testing.T) {
	t.Parallel()
	database, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has one server")
	}
	cache := redistest.New(t)
	secrets := "XDG_CONFIG_HOME=" + t.TempDir()
	one := servertest.Start(t, database, usual("REDIS_URL="+cache.URL(), secrets)...)
	two := servertest.Start(t, database, usual("REDIS_URL="+cache.URL(), secrets)...)
	dev := one.SignIn(t, "developer@demo.example")
	_, refused := flood(t, dev, 1620)
	require.NotNil(t, refused)
	there := &servertest.Client{URL: two.URL, Token: dev.Token}
	a, err := there.Try(`mutation { createApp(input: {name: "There", generateKey: false}) { app { id } } }`, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"RATE_LIMITED"}, a.Codes())
	cache.Stop()
	there.Must(t, `{ apps(first: 1) { nodes { id } } }`, nil)
}

// A page of a listed origin may ask with whatever headers its libraries add, at
// every route that a front end calls.
func TestPreflights(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t), "PORTICO_ALLOWED_ORIGINS=https://portal.example.com")
	for path, method := range map[string]string{"/graphql": http.MethodPost, "/usage.csv": http.MethodGet} {
		for origin, allowed := range map[string]bool{"https://portal.example.com": true, "https://evil.example": false} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.URL+path, nil)
			require.NoError(t, err)
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", method)
			r.Header.Set("Access-Control-Request-Headers", "apollographql-client-name,authorization,baggage,sentry-trace,traceparent")
			answer, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Less(t, answer.StatusCode, 300, path)
			require.Empty(t, answer.Header.Get("Access-Control-Allow-Credentials"))
			if !allowed {
				require.Empty(t, answer.Header.Get("Access-Control-Allow-Origin"), path)
				continue
			}
			require.Equal(t, origin, answer.Header.Get("Access-Control-Allow-Origin"), path)
			for _, header := range []string{"apollographql-client-name", "authorization", "baggage", "sentry-trace", "traceparent"} {
				require.Contains(t, strings.ToLower(answer.Header.Get("Access-Control-Allow-Headers")), header, path)
			}
		}
	}
}
