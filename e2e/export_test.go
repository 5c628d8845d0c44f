package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// export asks for a list as a file.
func export(t testing.TB, by *servertest.Client, list string, parameters vars) (*http.Response, string) {
	t.Helper()
	values := url.Values{}
	for name, v := range parameters {
		text, ok := v.(string)
		if !ok {
			raw, err := json.Marshal(v)
			require.NoError(t, err)
			text = string(raw)
		}
		values.Set(name, text)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, by.URL+"/v1/exports/"+list+"?"+values.Encode(), nil)
	require.NoError(t, err)
	for name, all := range by.Header {
		r.Header[name] = all
	}
	if by.Token != "" {
		r.Header.Set("Authorization", "Bearer "+by.Token)
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w, string(body)
}

// exported returns the objects of a whole export.
func exported(t testing.TB, by *servertest.Client, list string, parameters vars) []map[string]any {
	t.Helper()
	all := vars{"format": "jsonl"}
	for name, v := range parameters {
		all[name] = v
	}
	w, body := export(t, by, list, all)
	require.Equal(t, http.StatusOK, w.StatusCode, body)
	out := []map[string]any{}
	for line := range strings.Lines(body) {
		var one map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &one), line)
		out = append(out, one)
	}
	return out
}

func valuesOf(rows []map[string]any, name string) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, fmt.Sprint(r[name]))
	}
	return out
}

// exports tests that each role exports what its lists show, that others see nothing of
// it, and that the log tells who has exported what.
func exports(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "exports")
	product, _ := c.newProduct(t, "exported", "MANUAL")
	c.newProduct(t, "unnamed", "MANUAL")
	var apps []string
	for i := range 80 { // more than a page
		app, _ := c.newApp(t, fmt.Sprintf("=SUM(A%02d)", i))
		apps = append(apps, app)
	}
	sub := c.register(t, apps[0], product)
	c.newUser(t, "Mem Member", "member@exports.example", c.account, "MEMBER")
	approver := c.admin.Do(t, "createUser", vars{"name": "Ada", "email": "ada@exports.example", "password": servertest.UserPassword, "role": "APPROVER"}, `user { id }`)
	c.admin.Do(t, "addApprover", vars{"productId": product, "userId": approver.Text("createUser", "user", "id")}, `product { id }`)
	_, reader := c.newToken(t, vars{"name": "reader", "scopes": []string{"ADMIN_READ"}})
	_, decider := c.newToken(t, vars{"name": "decider", "scopes": []string{"SUBSCRIPTIONS_DECIDE"}})
	_, shop := c.newToken(t, vars{"name": "shop", "scopes": []string{"PORTAL_READ"}, "accountId": c.account})
	gateway := &servertest.Client{URL: s.URL, Token: strings.TrimSpace(s.Run(t, "", "gateway", "create", "--organization", "exports", "--name", "edge"))}
	other := newOrganization(t, s, "exports-elsewhere")
	who := []*servertest.Client{c.admin, s.SignInWith(t, "ada@exports.example", servertest.UserPassword), c.dev,
		s.SignInWith(t, "member@exports.example", servertest.UserPassword), reader, shop, decider, gateway, s.Anonymous()}

	t.Run("roles", func(t *testing.T) {
		for list, statuses := range exportRoles() {
			for i, want := range strings.Fields(statuses) {
				parameters := vars{"format": "csv"}
				if list == "usage" {
					parameters["filter"], parameters["interval"] = vars{"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "timeZone": "UTC"}, "DAY"
				}
				w, body := export(t, who[i], list, parameters)
				require.Equal(t, want, fmt.Sprint(w.StatusCode), "%s by %d: %s", list, i, body)
			}
		}
	})
	t.Run("rows", func(t *testing.T) {
		slices.Reverse(apps)
		require.Equal(t, apps, valuesOf(exported(t, c.dev, "apps", nil), "id"), "newest first, as the list")
		require.Equal(t, apps, valuesOf(exported(t, c.admin, "apps", nil), "id"))
		require.Equal(t, apps, valuesOf(exported(t, shop, "apps", nil), "id"))
		byName := exported(t, c.dev, "apps", vars{"orderBy": vars{"field": "NAME", "direction": "DESC"}})
		require.True(t, slices.IsSortedFunc(valuesOf(byName, "name"), func(a, b string) int { return strings.Compare(b, a) }))
		require.Equal(t, []string{sub}, valuesOf(exported(t, who[1], "productSubscriptions", vars{"filter": vars{"status": []string{"WAITING"}}}), "id"))
		require.Equal(t, []string{product}, valuesOf(exported(t, who[1], "products", nil), "id"), "an approver's own")
		for _, client := range []*servertest.Client{other.admin, other.dev} {
			require.Empty(t, exported(t, client, "apps", nil))
			require.Empty(t, exported(t, client, "productSubscriptions", nil))
		}
		require.Equal(t, []string{"exports developer", "Mem Member"}, valuesOf(slices.DeleteFunc(exported(t, c.admin, "users", nil), func(u map[string]any) bool { return u["role"] != "PORTAL" }), "name"))
		require.NotContains(t, exported(t, c.dev, "events", nil)[0], "address", "which is for administrators")
		require.Contains(t, exported(t, c.admin, "events", nil)[0], "address")
	})
	t.Run("CSV", func(t *testing.T) { exportedTable(t, c) })
	t.Run("the log", func(t *testing.T) { exportLog(t, c, shop, other) })
	t.Run("an export that has ended is refused", func(t *testing.T) {
		c.admin.Do(t, "suspendAccount", vars{"accountId": c.account, "reason": "Unpaid."}, `account { id }`)
		w, body := export(t, c.dev, "apps", vars{"format": "csv"})
		require.Equal(t, http.StatusForbidden, w.StatusCode)
		require.Contains(t, body, `"ACCOUNT_SUSPENDED"`)
	})
	t.Run("bad input", func(t *testing.T) { badExports(t, c, other) })
}

// exportRoles returns the status of each list for an administrator, an approver, an owner,
// a member, tokens that read the organization, an account, and decide, a gateway, and nobody.
func exportRoles() map[string]string {
	return map[string]string{
		"accounts":             "200 404 404 404 200 404 403 404 401",
		"apps":                 "200 404 200 200 200 200 403 404 401",
		"credentials":          "200 404 200 200 200 200 403 404 401",
		"events":               "200 404 200 200 200 200 403 404 401",
		"gateways":             "200 404 404 404 200 404 403 404 401",
		"keyRequests":          "200 200 200 200 200 200 200 404 401",
		"productSubscriptions": "200 200 200 200 200 200 200 404 401",
		"products":             "200 200 200 200 200 200 403 404 401",
		"serviceTokens":        "200 404 404 404 200 404 403 404 401",
		"sessions":             "200 200 200 200 403 403 403 404 401",
		"signUps":              "200 404 404 404 200 404 403 404 401",
		"usage":                "200 404 200 200 200 200 403 404 401",
		"users":                "200 404 404 404 200 404 403 404 401",
		"nothing":              "404 404 404 404 404 404 404 404 401",
	}
}

// exportedTable tests the table of keys: its columns, and that it has no secret.
func exportedTable(t *testing.T, c *actors) {
	a := c.dev.Do(t, "createApp", vars{"name": "Keyed, \"quoted\""}, `app { id } credential { id } secret { rawKey }`)
	app, secret := a.Text("createApp", "app", "id"), a.Text("createApp", "secret", "rawKey")
	w, body := export(t, c.dev, "credentials", vars{"format": "csv", "filter": vars{"status": []string{"ACTIVE"}}})
	require.Equal(t, http.StatusOK, w.StatusCode, body)
	require.Equal(t, `attachment; filename="credentials.csv"`, w.Header.Get("Content-Disposition"))
	require.Equal(t, "no-store", w.Header.Get("Cache-Control"))
	require.Equal(t, "nosniff", w.Header.Get("X-Content-Type-Options"))
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 82)
	at := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	require.Equal(t, a.Text("createApp", "credential", "id"), at(rows[1], "id"))
	require.Equal(t, app, at(rows[1], "app.id"))
	require.Equal(t, `Keyed, "quoted"`, at(rows[1], "app.name"))
	require.Equal(t, "'=SUM(A79)", at(rows[2], "app.name"))
	created, err := time.Parse(time.RFC3339, at(rows[1], "createdAt"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), created, time.Hour)
	require.NotContains(t, body, secret)
	require.NotContains(t, body, secret[len(secret)-8:])
}

// exportLog tests the events of exports.
func exportLog(t *testing.T, c *actors, shop *servertest.Client, other *actors) {
	const log = `{ events(where: {type: [LIST_EXPORTED]}, first: 1) { nodes { actor { name role } subject { type name } changes { field after } } } }`
	order := vars{"field": "NAME", "direction": "ASC"}
	exported(t, shop, "apps", vars{"orderBy": order})
	for _, by := range []*servertest.Client{c.dev, c.admin} {
		a := by.Must(t, log, nil)
		require.JSONEq(t, `{"actor": {"name": "shop", "role": "PORTAL"}, "subject": {"type": "Account", "name": "exports account"}, "changes": [
			{"field": "list", "after": "apps"}, {"field": "format", "after": "jsonl"}, {"field": "orderBy", "after": "{\"direction\":\"ASC\",\"field\":\"NAME\"}"},
			{"field": "rows", "after": "81"}, {"field": "complete", "after": "true"}]}`, marshal(t, a.At("events", "nodes", 0)))
	}
	exported(t, c.admin, "users", vars{"filter": vars{"role": []string{"PORTAL"}}})
	a := c.admin.Must(t, log, nil)
	require.JSONEq(t, `{"actor": {"name": "First Administrator", "role": "ADMIN"}, "subject": {"type": "Organization", "name": "The organization exports"}, "changes": [
		{"field": "list", "after": "users"}, {"field": "format", "after": "jsonl"}, {"field": "filter", "after": "{\"role\":[\"PORTAL\"]}"},
		{"field": "rows", "after": "2"}, {"field": "complete", "after": "true"}]}`, marshal(t, a.At("events", "nodes", 0)))
	require.Equal(t, "shop", c.dev.Must(t, log, nil).Text("events", "nodes", 0, "actor", "name"), "the organization's is none of an account's business")
	require.NotContains(t, other.admin.Must(t, log, nil).Raw, "shop")
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

func badExports(t *testing.T, c, other *actors) {
	app, _ := other.newApp(t, "Theirs")
	for name, x := range map[string]struct {
		list       string
		parameters vars
		code       string
	}{
		"an unknown format":        {"apps", vars{"format": "xlsx"}, "BAD_USER_INPUT"},
		"an unknown field":         {"apps", vars{"format": "csv", "filter": vars{"nosuch": 1}}, "BAD_USER_INPUT"},
		"a wrong type":             {"users", vars{"format": "csv", "filter": vars{"role": []string{"KING"}}}, "BAD_USER_INPUT"},
		"an unknown order":         {"apps", vars{"format": "csv", "orderBy": vars{"field": "WEIGHT"}}, "BAD_USER_INPUT"},
		"a member twice":           {"apps", vars{"format": "csv", "filter": `{"a":1,"a":2}`}, "BAD_USER_INPUT"},
		"10 kB":                    {"apps", vars{"format": "csv", "filter": vars{"labels": strings.Repeat("x", 10_000)}}, "BAD_USER_INPUT"},
		"contradictory times":      {"usage", vars{"format": "csv", "interval": "DAY", "filter": vars{"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z", "timeZone": "UTC"}}, "BAD_USER_INPUT"},
		"an interval that is none": {"usage", vars{"format": "csv", "interval": "YEAR", "filter": vars{"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "timeZone": "UTC"}}, "BAD_USER_INPUT"},
		"somebody else's app":      {"usage", vars{"format": "csv", "interval": "DAY", "filter": vars{"appIds": []string{app}, "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "timeZone": "UTC"}}, "NOT_FOUND"},
		"an unknown list":          {"nothing", vars{"format": "csv"}, "NOT_FOUND"},
	} {
		w, body := export(t, c.admin, x.list, x.parameters)
		require.Contains(t, []int{http.StatusBadRequest, http.StatusNotFound}, w.StatusCode, name)
		require.Equal(t, "application/problem+json", w.Header.Get("Content-Type"), name)
		require.Contains(t, body, `"code":"`+x.code+`"`, name)
		require.Contains(t, body, `"requestId":"`+w.Header.Get("X-Request-Id")+`"`, name)
	}
}

// The pages of an export are charged, which is told; one that cannot pay for the first is
// refused, and one that has begun waits for the budget.
func TestListExportsAreCharged(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t), "PORTICO_USER_BUDGET=50000")
	c := newOrganization(t, s, "charged")
	for i := range 80 {
		c.newApp(t, fmt.Sprintf("App %d", i))
		if i%20 == 19 {
			c.dev = s.SignInWith(t, c.newMember(t, i), servertest.UserPassword) // with a budget of its own
		}
	}
	w, body := export(t, c.dev, "apps", vars{"format": "csv"})
	require.Equal(t, http.StatusOK, w.StatusCode, body)
	require.Equal(t, `"cost";q=50000;w=60`, w.Header.Get("RateLimit-Policy"))
	require.Regexp(t, `^"cost";r=49[78]\d\d;`, w.Header.Get("RateLimit"), "a page of 75 costs 150, and its document a little")
	for { // spend the rest, but for less than a page costs
		a := c.dev.Send(t, `{ apps(first: 100) { nodes { labels { key value } } } }`, nil)
		if a.Status == http.StatusTooManyRequests {
			break
		}
	}
	for w.StatusCode == http.StatusOK {
		w, body = export(t, c.dev, "credentials", vars{"format": "csv"})
	}
	require.Equal(t, http.StatusTooManyRequests, w.StatusCode)
	require.Contains(t, body, `"reason":"BUDGET"`)
	require.NotEmpty(t, w.Header.Get("Retry-After"))
}

// newMember creates a member of the account, and returns the address.
func (c *actors) newMember(t *testing.T, i int) string {
	t.Helper()
	email := fmt.Sprintf("member-%d@charged.example", i)
	c.newUser(t, "Member", email, c.account, "MEMBER")
	return email
}
