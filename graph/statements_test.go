package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/testdb"
)

const appPage = `query($id: ID!) { app(id: $id) {
  id referenceId name description labels { key value } createdAt updatedAt version
  account { id name status }
  credentials(first: 100) { totalCount nodes { id username secretHint name environment enabled status access expiresAt lastUsedAt createdAt } }
  productSubscriptions(first: 100) { totalCount nodes { id status badgeColor createdAt allowedTransitions
    product { id name title status } plan { id name kind rateLimit { limit per burst } quota { limit per } } } }
  viewerCan { update { allowed } }
} }`

const appList = `query($n: Int) { apps(first: $n) { totalCount nodes { id name createdAt account { id name } keyCounts { active } } pageInfo { hasNextPage endCursor } } }`

// counter records the statements of a test.
type counter struct {
	mu   sync.Mutex
	list []string
}

func (c *counter) note(_ context.Context, query string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, query)
}

// during returns the statements that f sends.
func (c *counter) during(f func()) []string {
	c.mu.Lock()
	c.list = nil
	c.mu.Unlock()
	f()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list
}

// The app page costs at most 4 statements whatever belongs to the app, of which
// Postgres gets the last three as one the second time, and a list of 50 apps at most 3, as many as a
// list of one. This includes authentication; nothing is cached between requests.
func TestStatementsDoNotMultiply(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		page := 4
		if strings.HasPrefix(url, "postgres") {
			page = 2
		}
		tenant := s.MustTenant(t, "count")
		small := s.MustApp(t, tenant.Developer, "small").App
		large := s.MustApp(t, tenant.Developer, "large").App
		id := large.GlobalID()
		for i := range 12 {
			s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: &id})
			p, plan := s.MustProduct(t, tenant.Admin, fmt.Sprintf("product-%d", i))
			s.MustRegister(t, tenant.Developer, large, p, plan)
		}
		for i := range 48 {
			s.MustApp(t, tenant.Developer, fmt.Sprintf("app %d", i))
		}
		for name, ctx := range map[string]context.Context{"developer": tenant.Developer, "administrator": tenant.Admin} {
			token := s.token(t, ctx)
			ask := func(document string, vars map[string]any) []string {
				s.ask(t, token, document, vars) // what is sent a second time is sent as one
				return c.during(func() {
					a := s.ask(t, token, document, vars)
					require.Empty(t, a.Errors, a.raw)
				})
			}
			one, many := ask(appPage, map[string]any{"id": small.GlobalID()}), ask(appPage, map[string]any{"id": large.GlobalID()})
			require.LessOrEqual(t, len(many), page, "%s:\n%s", name, strings.Join(many, "\n"))
			require.LessOrEqual(t, len(one), len(many), name)
			one, many = ask(appList, map[string]any{"n": 1}), ask(appList, map[string]any{"n": 50})
			require.LessOrEqual(t, len(many), 3, "%s:\n%s", name, strings.Join(many, "\n"))
			require.Len(t, one, len(many), name)
		}
	})
}

// Only the selected columns and totals are read.
func TestOnlySelectedColumnsAreRead(t *testing.T) {
	var c counter
	s := newServer(t, testdb.SQLite(t), database.Options{OnStatement: c.note})
	tenant := s.MustTenant(t, "narrow")
	s.MustApp(t, tenant.Developer, "one")
	token := s.token(t, tenant.Developer)
	list := c.during(func() { s.ask(t, token, `{ apps { nodes { name } } }`, nil) })
	require.Len(t, list, 2)
	require.NotContains(t, list[1], "description")
	require.NotContains(t, list[1], "labels")
	require.NotContains(t, strings.ToLower(list[1]), "count(")
	list = c.during(func() { s.ask(t, token, `{ apps { totalCount nodes { description } } }`, nil) })
	require.Contains(t, list[1], "description")
	require.Contains(t, strings.ToLower(list[1]), "count(")
}

// Nested lists are read for all parents at once, and so is what depends on them.
func TestNestedListsAreReadTogether(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant := s.MustTenant(t, "nest")
		for i := range 5 {
			a := s.MustApp(t, tenant.Developer, fmt.Sprint("app", i)).App
			id := a.GlobalID()
			for range i {
				s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: &id})
			}
		}
		var got answer
		list := c.during(func() {
			got = s.ask(t, s.token(t, tenant.Admin), `{ accounts { nodes { apps(first: 3) { totalCount nodes { name
				credentials(first: 2) { totalCount pageInfo { hasNextPage } nodes { status app { name } account { name } timeline { nodes { type actor { name } } } } } } } } } }`, nil)
		})
		require.Empty(t, got.Errors, got.raw)
		// viewer, accounts, apps, credentials with their apps and accounts, timelines, actors
		require.LessOrEqual(t, len(list), 6, strings.Join(list, "\n"))
		account := got.Data["accounts"].(map[string]any)["nodes"].([]any)[0].(map[string]any)
		apps := account["apps"].(map[string]any)
		require.EqualValues(t, 5, apps["totalCount"])
		names := []any{}
		for _, n := range apps["nodes"].([]any) {
			app := n.(map[string]any)
			names = append(names, app["name"])
			keys := app["credentials"].(map[string]any)
			more := keys["pageInfo"].(map[string]any)["hasNextPage"].(bool)
			require.Equal(t, keys["totalCount"].(float64) > 2, more)
			require.LessOrEqual(t, len(keys["nodes"].([]any)), 2)
		}
		require.Equal(t, []any{"app4", "app3", "app2"}, names, "newest first")
	})
}

// Several mutations in one request: each is answered with what is true after it.
func TestMutationsDoNotReturnStaleRows(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	tenant := s.MustTenant(t, "fresh")
	id := s.MustApp(t, tenant.Developer, "old").App.GlobalID()
	key := `generateKey(input: {appId: $id}) { credential { app { name version keyCounts { active } credentials { totalCount } } } }`
	a := s.ask(t, s.token(t, tenant.Developer), `mutation($id: ID!) {
		a: updateApp(input: {appId: $id, name: "n1"}) { app { name } } b: `+key+`
		c: updateApp(input: {appId: $id, name: "n2"}) { app { name } } d: `+key+` }`, map[string]any{"id": id})
	require.Empty(t, a.Errors, a.raw)
	for field, want := range map[string]string{
		"b": `{"name":"n1","version":2,"keyCounts":{"active":2},"credentials":{"totalCount":2}}`,
		"d": `{"name":"n2","version":3,"keyCounts":{"active":3},"credentials":{"totalCount":3}}`,
	} {
		got, err := json.Marshal(a.Data[field].(map[string]any)["credential"].(map[string]any)["app"])
		require.NoError(t, err)
		require.JSONEq(t, want, string(got), field)
	}
}

// Arguments that are nullable must be so on purpose.
func TestNullableArguments(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	tenant := s.MustTenant(t, "nulls")
	s.MustApp(t, tenant.Developer, "one")
	token := s.token(t, tenant.Admin)
	for _, root := range []string{"apps", "accounts", "products", "productSubscriptions", "users", "events"} {
		a := s.ask(t, token, `{ `+root+`(where: null, first: null, after: null, last: null, before: null) { totalCount nodes { id } } }`, nil)
		require.Empty(t, a.Errors, a.raw)
	}
	for _, root := range []string{"apps", "accounts", "products", "productSubscriptions", "events"} {
		a := s.ask(t, token, `{ `+root+`(orderBy: null) { totalCount } }`, nil)
		require.Len(t, a.Errors, 1, a.raw)
		require.Equal(t, "BAD_USER_INPUT", a.Errors[0].Extensions["code"])
	}
}

// generateKey sends one statement for each thing it must do: read the person, begin,
// lock the app, insert the key with its event, and commit. SQLite takes three to insert.
func TestStatementsOfGenerateKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant := s.MustTenant(t, "count")
		id := s.MustApp(t, tenant.Developer, "app").App.GlobalID()
		want := 5
		if s.Database.Dialect() == dialect.SQLite {
			want = 7
		}
		for _, ctx := range []context.Context{tenant.Developer, tenant.Admin} {
			token := s.token(t, ctx)
			list := c.during(func() {
				a := s.ask(t, token, `mutation($id: ID!) { generateKey(input: {appId: $id}) { credential { id status createdAt } secret { rawKey } userErrors { code } } }`, map[string]any{"id": id})
				require.Empty(t, a.Errors, a.raw)
			})
			require.Len(t, list, want, strings.Join(list, "\n"))
		}
	})
}
