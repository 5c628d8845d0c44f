package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// hostileDocuments sends documents of each kind that costs far more to answer than to
// send, written for the real schema.
func hostileDocuments(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "hostile")
	app, _ := c.newApp(t, "Target")
	bodies := map[string]string{
		"a body of 5 MB":       body("{ apps { totalCount } }"+strings.Repeat(" ", 5<<20), nil),
		"a variable of 5 MB":   body("query($s: String) { apps(where: {nameContains: $s}) { totalCount } }", vars{"s": longText(5 << 20)}),
		"lists in variables":   `{"query":"{ apps { totalCount } }","variables":{"a":` + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000) + `}}`,
		"unclosed lists":       `{"variables":` + strings.Repeat("[", 50_000),
		"100k ids":             body("query($i: [ID!]!) { nodes(ids: $i) { id } }", vars{"i": strings.Split(strings.Repeat("x ", 80_000), " ")}),
		"no JSON":              `{"query": "mutation { changePassword(secret-in-a-broken-body`,
		"no document":          `{}`,
		"a document that ends": body("{ apps { nodes {", nil),
	}
	for name, document := range hostileTexts(app) {
		bodies[name] = body(document, nil)
	}
	for role, who := range map[string]*servertest.Client{"anonymous": s.Anonymous(), "developer": c.dev, "administrator": c.admin} {
		for name, content := range bodies {
			t.Run(role+": "+name, func(t *testing.T) {
				a := post(t, who, content)
				require.GreaterOrEqual(t, a.Status, 400)
				require.Less(t, a.Status, 500)
				require.NotEmpty(t, a.Codes())
				require.NotContains(t, a.Codes(), "INTERNAL")
				for _, e := range a.Errors {
					require.NotEmpty(t, e.Code())
					require.Equal(t, a.Header.Get("X-Request-Id"), e.Extensions["requestId"])
				}
				require.Nil(t, a.Data)
				require.LessOrEqual(t, len(a.Raw), 64<<10)
				require.Empty(t, a.Leaks())
				require.NotContains(t, a.Raw, "secret-in-a-broken-body")
			})
		}
	}
	require.Equal(t, 1, c.dev.Must(t, `{ apps { totalCount } }`, nil).Number("apps", "totalCount"), "the server is well")
}

// hostileTexts returns documents for the real schema.
func hostileTexts(app string) map[string]string {
	target := fmt.Sprintf(`app(id: %q)`, app)
	return map[string]string{
		"repeated fields":        "{ " + target + " {" + strings.Repeat(" name", 5_000) + " } }",
		"a few repeated fields":  "{ " + target + " {" + strings.Repeat(" name", 1_000) + " } }",
		"aliases":                "{ " + numbered("a%d: apps { totalCount } ", 60) + "}",
		"aliases inside":         "{ " + target + " { " + numbered("a%d: name ", 60) + "} }",
		"root fields":            "{ " + numbered("a%d: serverInfo { version } ", 30) + "}",
		"mutations":              "mutation { " + numbered(`a%d: createApp(input: {name: "x"}) { replayed } `, 30) + "}",
		"depth":                  "{ " + target + strings.Repeat(" { account { apps { nodes", 12) + " { id }" + strings.Repeat(" } }", 12) + " }" + " }",
		"deep inline fragments":  "{ " + target + strings.Repeat(" { ...", 100) + " { id }" + strings.Repeat(" }", 100) + " }",
		"exponential fragments":  "{ " + target + " { ...F0 } } " + doubling(30),
		"a cycle of fragments":   "{ " + target + " { ...A } } fragment A on App { account { apps { nodes { ...B } } } } fragment B on App { account { apps { nodes { ...A } } } }",
		"directives":             "{ " + target + " { name" + strings.Repeat(" @skip(if: false)", 60) + " } }",
		"unknown directives":     "{ " + target + " { name" + strings.Repeat(" @odd", 600) + " } }",
		"unknown fields":         "{ " + target + " { " + numbered("unknown%d ", 500) + "} }",
		"operations":             numbered("query Q%d { serverInfo { version } } ", 100),
		"pages in pages":         "{ apps(first: 100) { nodes { account { apps(first: 100) { nodes { credentials(first: 100) { nodes { id } } } } } } } }",
		"pages in pages, at end": "{ apps(last: 100) { nodes { timeline(last: 100) { nodes { subject { node { ... on App { timeline(last: 100) { nodes { id } } } } } } } } } }",
		"100 nodes with pages":   "{ nodes(ids: [" + strings.Repeat(`"x" `, 100) + "]) { ... on App { credentials(first: 100) { nodes { id accessControlList(first: 100) { nodes { id } } } } } } }",
		"introspections":         "{ " + numbered("a%d: __schema { types { name fields { name args { name type { name } } } } } ", 15) + "}",
		"a name of 60 kB":        "{ " + longText(60_000) + " }",
		"a string of 200 kB":     `{ apps(where: {nameContains: "` + longText(200_000) + `"}) { totalCount } }`,
		"an unclosed string":     `{ apps(where: {nameContains: "` + strings.Repeat(`\\`, 20_000),
		"nested literals":        "{ apps(where: " + strings.Repeat("{label: ", 200) + "{}" + strings.Repeat("}", 200) + ") { totalCount } }",
		"comments":               strings.Repeat("#\n", 40_000) + "{ serverInfo { version } }",
	}
}

// numbered concatenates a format with the numbers 0 to n-1.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// doubling returns a chain of fragments, each of which spreads the next twice.
func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "fragment F%d on App { ...F%d ... { ...F%d } } ", i, i+1, i+1)
	}
	return b.String() + fmt.Sprintf("fragment F%d on App { id }", n)
}

func body(document string, v vars) string {
	raw, err := json.Marshal(map[string]any{"query": document, "variables": v})
	if err != nil {
		panic(err) // texts and lists of texts always marshal
	}
	return string(raw)
}

// post sends a body unchanged and accepts the media type of GraphQL.
func post(t *testing.T, c *servertest.Client, content string) *servertest.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/graphql", strings.NewReader(content))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	return servertest.Read(t, w)
}
