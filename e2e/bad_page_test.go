package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// badPages tests page sizes and cursors, on lists at the root and inside.
func badPages(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "bad-pages")
	app, _ := c.newApp(t, "Listed")
	c.newApp(t, "Listed too")
	c.dev.Do(t, "generateKey", vars{"appId": app}, `credential { id }`)
	lists := []list{
		{c.dev, `apps(%s)`, []any{"apps"}},
		{c.dev, `events(%s)`, []any{"events"}},
		{c.dev, `products(%s)`, []any{"products"}},
		{c.admin, `accounts(%s)`, []any{"accounts"}},
		{c.admin, `users(%s)`, []any{"users"}},
		{c.admin, `productSubscriptions(%s)`, []any{"productSubscriptions"}},
		{c.dev, `app(id: "` + app + `") { credentials(%s)`, []any{"app", "credentials"}},
		{c.dev, `app(id: "` + app + `") { timeline(%s)`, []any{"app", "timeline"}},
		{c.dev, `viewer { accounts(%s)`, []any{"viewer", "accounts"}},
	}
	for i, l := range lists {
		t.Run(fmt.Sprint(l.path...), func(t *testing.T) {
			closing := ""
			for range l.path {
				closing += " }"
			}
			ask := func(arguments string) *servertest.Answer {
				return l.client.Send(t, "{ "+fmt.Sprintf(l.field, arguments)+" { nodes { id }"+closing+" }", nil)
			}
			for _, size := range []string{"-1", "0", "101", "1000", "2147483648", "99999999999999999999", "1.5", `"ten"`} {
				for _, end := range []string{"first", "last"} {
					requireError(t, ask(end+": "+size), "BAD_USER_INPUT")
				}
			}
			requireError(t, ask("first: 1, last: 1"), "BAD_USER_INPUT")
			require.Empty(t, ask("first: 1").Errors)
			require.Empty(t, ask("last: 100").Errors)

			whole, path := l.page(t, "first: 1")
			cursor := whole.Text(path("pageInfo", "endCursor")...)
			require.NotEmpty(t, cursor)
			require.Empty(t, ask(fmt.Sprintf("after: %q", cursor)).Errors, "untampered it is good")
			foreign, at := lists[(i+1)%len(lists)].page(t, "first: 1")
			for name, wrong := range map[string]string{
				"changed":      flip(cursor, 0),
				"changed end":  flip(cursor, len(cursor)-2),
				"shortened":    cursor[:len(cursor)-1],
				"lengthened":   cursor + "AA",
				"other list's": foreign.Text(at("pageInfo", "endCursor")...),
				"nonsense":     "nonsense",
				"not base64":   "'; DROP TABLE apps; --",
				"long":         longText(5000),
			} {
				for _, side := range []string{"after", "before"} {
					a := ask(fmt.Sprintf("%s: %q", side, wrong))
					require.Equal(t, []string{"BAD_USER_INPUT"}, a.Codes(), "%s %s: %s", name, side, a.Raw)
					requireError(t, a, "BAD_USER_INPUT")
				}
			}
		})
	}
	byName, path := list{c.dev, `apps(orderBy: {field: NAME}, %s)`, []any{"apps"}}.page(t, "first: 1")
	requireError(t, c.dev.Send(t, fmt.Sprintf(`{ apps(after: %q) { nodes { id } } }`, byName.Text(path("pageInfo", "endCursor")...)), nil), "BAD_USER_INPUT")
	a := c.dev.Send(t, `query($n: Int) { apps(first: $n) { nodes { id } } }`, vars{"n": -1})
	requireError(t, a, "BAD_USER_INPUT")
	ids := make([]any, 101)
	for i := range ids {
		ids[i] = app
	}
	requireError(t, c.dev.Send(t, `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": ids}), "BAD_USER_INPUT")
}

// flip changes one character of a cursor.
func flip(cursor string, at int) string {
	b := []byte(cursor)
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}
