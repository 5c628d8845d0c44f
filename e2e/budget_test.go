package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/redislimits/redistest"
	"portico/internal/testdb"
)

// defaultBudgets returns the settings with the program's default budgets.
func defaultBudgets(extra ...string) []string {
	return append([]string{"PORTICO_USER_BUDGET=300000", "PORTICO_ORGANIZATION_BUDGET=3000000"}, extra...)
}

// flood creates apps until one is refused, at most n at a time, and returns how many
// were created.
func flood(t *testing.T, c *servertest.Client, most int) (created int64, refused *servertest.Answer) {
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
// a few seconds are not, and do not delay others.
func TestBudgets(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		s := servertest.Start(t, database, defaultBudgets()...)
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

		created, refused := flood(t, dev, 1620)
		require.NotNil(t, refused)
		require.Less(t, created, int64(400))
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

// All users and tokens of an organization share its budget, and none of another one.
func TestAnOrganizationsBudget(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t), "PORTICO_USER_BUDGET=0", "PORTICO_ORGANIZATION_BUDGET=50000")
	_, refused := flood(t, s.SignIn(t, "developer@demo.example"), 1000)
	require.NotNil(t, refused)
	require.Equal(t, `"cost";q=50000;w=60`, refused.Header.Get("RateLimit-Policy"))
	// The most expensive request is now refused to everyone in the organization.
	dear := `{ apps(first: 100) { nodes { a: labels { key value } b: labels { key } c: labels { key } } } }`
	for _, colleague := range []string{"admin@demo.example", "developer@globex.example"} {
		a := s.SignIn(t, colleague).Send(t, dear, nil)
		require.Equal(t, http.StatusTooManyRequests, a.Status, a.Raw)
		require.Equal(t, "BUDGET", a.Errors[0].Extensions["reason"])
	}
	s.SignIn(t, "admin@second.example").Must(t, dear, nil)
}

// A gateway's token that uses the API has a budget of its own, which it shares neither
// with its address nor with other tokens of the organization.
func TestTokensHaveBudgetsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t), defaultBudgets("PORTICO_USER_BUDGET=50000")...)
	token := func(organization, name string) *servertest.Client {
		return &servertest.Client{URL: s.URL, Token: s.GatewayToken(t, organization, name)}
	}
	// A second introspection is charged in full.
	busy, dear := token("demo", "busy"), `{ __schema { types { name } } s: __schema { types { fields { name } } } }`
	var refused *servertest.Answer
	for range 200 {
		if a := busy.Send(t, dear, nil); a.Status == http.StatusTooManyRequests {
			refused = a
			break
		}
	}
	require.NotNil(t, refused)
	for _, other := range []*servertest.Client{token("demo", "idle"), token("second", "idle"), s.Anonymous()} {
		a := other.Send(t, dear, nil)
		require.Empty(t, a.Errors, a.Raw)
		require.Contains(t, a.Raw, `"remaining":`)
	}
}

// An export is charged 10,000 and returns the remaining budget; a refusal contains
// Retry-After.
func TestExportsAreCharged(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t), "PORTICO_USER_BUDGET=50000")
	dev := s.SignIn(t, "developer@demo.example")
	export := func() (*http.Response, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			s.URL+"/usage.csv?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&interval=DAY&timeZone=Europe/Berlin", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+dev.Token)
		w, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer w.Body.Close()
		body, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		require.Equal(t, `"cost";q=50000;w=60`, w.Header.Get("RateLimit-Policy"))
		require.Regexp(t, `^"cost";r=\d+;t=\d+$`, w.Header.Get("RateLimit"))
		return w, string(body)
	}
	mistyped(t, s, dev.Token)
	first, body := export()
	require.Equal(t, http.StatusOK, first.StatusCode, body)
	require.Regexp(t, `^"cost";r=(39\d\d\d|40000);`, first.Header.Get("RateLimit"))
	for range 20 {
		if first, body = export(); first.StatusCode != http.StatusOK {
			break
		}
	}
	require.Equal(t, http.StatusTooManyRequests, first.StatusCode)
	require.Equal(t, "application/problem+json", first.Header.Get("Content-Type"))
	var problem struct {
		Code, Reason string
		RetryAfter   int
	}
	require.NoError(t, json.Unmarshal([]byte(body), &problem))
	require.Equal(t, []string{"RATE_LIMITED", "BUDGET"}, []string{problem.Code, problem.Reason})
	require.Positive(t, problem.RetryAfter)
	require.Equal(t, strconv.Itoa(problem.RetryAfter), first.Header.Get("Retry-After"))
}

// mistyped sends invalid exports and HEAD requests: they are charged the cost of the
// refusal.
func mistyped(t *testing.T, s *servertest.Server, token string) {
	t.Helper()
	const day = "?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&timeZone=Europe/Berlin&interval="
	for range 10 {
		for _, x := range []struct {
			method, query string
			status        int
		}{
			{"GET", "?from=yesterday", http.StatusBadRequest},
			{"GET", day + "MINUTE", http.StatusBadRequest}, // more than 400 points
			{"GET", strings.Replace(day, "to=2026-03-02", "to=2026-02-02", 1) + "DAY", http.StatusBadRequest},
			{"GET", day + "DAY&appId=app_1", http.StatusNotFound},
			{"HEAD", day + "DAY", http.StatusOK},
			{"HEAD", day + "MINUTE", http.StatusBadRequest},
		} {
			r, err := http.NewRequestWithContext(t.Context(), x.method, s.URL+"/usage.csv"+x.query, nil)
			require.NoError(t, err)
			r.Header.Set("Authorization", "Bearer "+token)
			w, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, w.Body.Close())
			require.Equal(t, x.status, w.StatusCode, "%s %s", x.method, x.query)
			require.Regexp(t, `^"cost";r=(49\d\d\d|50000);`, w.Header.Get("RateLimit"))
		}
	}
}

// Servers that share Redis share the budgets. When Redis fails, each counts by itself and
// reports that: once in the log, in a metric and in /readyz.
func TestBudgetsAreShared(t *testing.T) {
	t.Parallel()
	database, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has one server")
	}
	cache := redistest.New(t)
	secrets := "XDG_CONFIG_HOME=" + t.TempDir()
	one := servertest.Start(t, database, defaultBudgets("REDIS_URL="+cache.URL(), secrets)...)
	two := servertest.Start(t, database, defaultBudgets("REDIS_URL="+cache.URL(), secrets)...)
	dev := one.SignIn(t, "developer@demo.example")
	_, refused := flood(t, dev, 1620)
	require.NotNil(t, refused)
	// The budget is refilled meanwhile, by a few apps a second; one of its own would pay for 100.
	_, refused = flood(t, &servertest.Client{URL: two.URL, Token: dev.Token}, 100)
	require.NotNil(t, refused, "the other server counts the same budget")
	require.Equal(t, []string{"RATE_LIMITED"}, refused.Codes())
	require.JSONEq(t, `{"status": "ok"}`, page(t, one.URL+"/readyz"))

	cache.Stop()
	colleague := one.SignIn(t, "developer@globex.example")
	for _, s := range []*servertest.Server{one, two} {
		for _, c := range []*servertest.Client{dev, colleague} {
			c = &servertest.Client{URL: s.URL, Token: c.Token}
			created, refused := flood(t, c, 1620)
			require.NotNil(t, refused, "it goes on counting")
			require.Less(t, created, int64(400))
		}
		require.Equal(t, 1, strings.Count(s.Log(), "keeps the budgets of the API's callers by itself"), s.Log())
		require.Contains(t, page(t, s.URL+"/readyz"), "keeps limits and budgets by itself")
		require.Regexp(t, `(?m)^portico_api_local_budgets_total [1-9]`, page(t, s.Ops+"/metrics"))
	}
	cache.Restart()
	require.EventuallyWithT(t, func(c *assert.CollectT) { // Redis may take longer than a server waits
		assert.JSONEq(c, `{"status": "ok"}`, page(t, one.URL+"/readyz"))
	}, waitForOthers, pollOthers)
}

// page returns the body at a URL.
func page(t *testing.T, url string) string {
	t.Helper()
	w, err := http.Get(url)
	require.NoError(t, err)
	defer w.Body.Close()
	require.Equal(t, http.StatusOK, w.StatusCode, url)
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return string(body)
}
