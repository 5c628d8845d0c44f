package gqlhttp_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

// hostile returns bodies that cost far more to answer than to send.
func hostile() map[string]string {
	bodies := map[string]string{
		"body of 5 MB":          bodyOf("{ hello }"+strings.Repeat(" ", 5<<20), ""),
		"variable of 5 MB":      bodyOf("{ hello }", `{"x":"`+strings.Repeat("x", 5<<20)+`"}`),
		"variables nested 100k": bodyOf("{ hello }", strings.Repeat(`{"a":`, 25_000)+"1"+strings.Repeat("}", 25_000)),
		"lists nested 100k":     bodyOf("{ hello }", `{"a":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"}"),
		"unclosed lists 100k":   `{"variables":` + strings.Repeat("[", 100_000),
		"list variable of 100k": bodyOf("query($w: Filter) { search(where: $w) }", `{"w":{"and":[`+strings.Repeat("{},", 80_000)+`{}]}}`),
		"filter nested 50":      bodyOf("query($w: Filter) { search(where: $w) }", `{"w":`+strings.Repeat(`{"and":[`, 50)+`{}`+strings.Repeat("]}", 50)+"}"),
	}
	for name, document := range hostileDocuments() {
		bodies[name] = bodyOf(document, "")
	}
	return bodies
}

func hostileDocuments() map[string]string {
	name := strings.Repeat("x", 60_000)
	return map[string]string{
		"10k repeated fields":     "{ " + strings.Repeat("hello ", 10_000) + "}",
		"1k repeated fields":      "{ item { " + strings.Repeat("id ", 1000) + "} }",
		"repeated in fragments":   "{ item { ...A ...B } } fragment A on Item {" + strings.Repeat("id ", 80) + "} fragment B on Item {" + strings.Repeat("id ", 80) + "}",
		"nested repetition":       nested("self { id id ", 100, "} self { id id }"),
		"repetition inline":       "{ item {" + strings.Repeat("... {", 16) + strings.Repeat("id ", 99) + strings.Repeat("}", 16) + "} }",
		"repetition in each":      numbered("query Q%d { item { ...G } } ", 20) + "fragment G on Item { ... { ... { ... { " + strings.Repeat("id ", 90) + "} } } }",
		"deep selections":         nested("self { ", 400, "}"),
		"depth 25":                nested("self { ", 25, "}"),
		"deep inline fragments":   nested("... { ", 400, "}"),
		"deep selections 100k":    "{" + strings.Repeat("a{", 30_000),
		"exponential fragments":   doubling(40, "...F%d ...F%d"),
		"exponential via fields":  doubling(15, "self { ...F%d } b: self { ...F%d }"),
		"fragment cycle":          "{ item { ...A } } fragment A on Item { self { ...B } } fragment B on Item { self { ...A } }",
		"fragment in itself":      "{ item { ...A } } fragment A on Item { ...A }",
		"unused fragment cycle":   "{ hello } fragment A on Item { ...B } fragment B on Item { ...A }",
		"1k unknown directives":   "{ hello " + strings.Repeat("@odd ", 1000) + "}",
		"60 known directives":     "{ hello " + strings.Repeat("@skip(if: false) ", 60) + "}",
		"10k aliases":             "{ " + numbered("a%d: hello ", 10_000) + "}",
		"60 aliases":              "{ item { " + numbered("a%d: id ", 60) + "} }",
		"30 fields at the root":   "{ " + numbered("a%d: hello ", 30) + "}",
		"root through fragments":  "{ " + strings.Repeat("...F ", 10) + "} fragment F on Query { a: hello b: hello c: hello }",
		"many operations":         numbered("query Q%d { hello } ", 100),
		"many fragments":          "{ hello } " + numbered("fragment F%d on Item { id } ", 100),
		"many unknown fields":     "{ item { " + numbered("unknownField%d ", 600) + "} }",
		"name of 60 kB":           "{ " + name + " }",
		"argument of 60 kB":       "{ hello(" + name + ": 1) }",
		"enum of 60 kB":           "{ hello(color: " + name + ") }",
		"string of 60 kB as enum": `{ hello(color: "` + name + `") }`,
		"string of 200 kB":        `{ hello(name: "` + strings.Repeat("x", 200_000) + `") }`,
		"fragment of 60 kB":       "{ ..." + name + " }",
		"operation of 60 kB":      "query " + name + " { hello }",
		"100k comments":           strings.Repeat("#\n", 30_000) + "{ hello }",
		"literal nested 300":      "{ search(where: " + strings.Repeat("{and: [", 150) + strings.Repeat("]}", 150) + ") }",
		"unclosed string":         `{ hello(name: "` + strings.Repeat(`\\`, 20_000),
		"unclosed block string":   `{ hello(name: """` + strings.Repeat("\n x", 15_000),
		"pages in pages":          "{ items(first: 100) { nodes { items(first: 100) { nodes { items(first: 100) { totalCount } } } } } }",
		"100 ids with pages":      `{ nodes(ids: [` + strings.Repeat(`"x" `, 100) + `]) { items(first: 100) { nodes { id name self { id name } } } } }`,
		"many introspections":     "{ " + numbered("a%d: __schema { types { name fields { name args { name } } } } ", 15) + "... { " + numbered("b%d: __schema { types { name fields { name args { name type { name ofType { name } } } } } } ", 30) + "} }",
		"defer":                   "{ ... @defer { hello } }",
	}
}

func nested(open string, n int, closing string) string {
	return "{ item { " + strings.Repeat(open, n) + " id " + strings.Repeat(closing, n) + "} }"
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// doubling returns a chain of n fragments, each of which spreads the next twice.
func doubling(n int, spread string) string {
	var b strings.Builder
	b.WriteString("{ item { ...F0 } } ")
	for i := range n {
		fmt.Fprintf(&b, "fragment F%d on Item { "+spread+" } ", i, i+1, i+1)
	}
	fmt.Fprintf(&b, "fragment F%d on Item { id }", n)
	return b.String()
}

// If one of these passed, the test would not merely fail: most would run for
// minutes or crash it. The benchmark measures how long each takes.
func TestHostileRequestsAreRefused(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	bodies := hostile()
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		t.Run(name, func(t *testing.T) {
			a := send(t, h, post(bodies[name], "Accept", "application/graphql-response+json"))
			require.GreaterOrEqual(t, a.Code, 400)
			require.Less(t, a.Code, 500)
			require.NotEmpty(t, a.JSON.Errors)
			for _, e := range a.JSON.Errors {
				want := "BAD_USER_INPUT"
				if a.Code == http.StatusRequestEntityTooLarge {
					want = "TOO_LARGE"
				}
				require.Equal(t, want, e.Extensions["code"])
			}
			require.Nil(t, a.JSON.Data)
			require.LessOrEqual(t, a.Body.Len(), 64<<10)
			if len(bodies[name]) > 256<<10 {
				require.Equal(t, http.StatusRequestEntityTooLarge, a.Code)
			}
		})
	}
}

func BenchmarkHostile(b *testing.B) {
	h := toyHandler(gqlhttp.Options{})
	bodies := hostile()
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				send(b, h, post(bodies[name]))
			}
		})
	}
}

func TestReasonableRequestsPass(t *testing.T) {
	introspection, err := os.ReadFile("testdata/introspection.graphql")
	require.NoError(t, err)
	h := toyHandler(gqlhttp.Options{})
	for name, document := range map[string]string{
		"GraphiQL's introspection": string(introspection),
		"a page":                   "{ items { totalCount nodes { id name items(first: 50) { nodes { id name self { id name } } } } } }",
		"fragments used twice":     "{ a: item { ...F } b: item { ...F self { ...F } } } fragment F on Item { id name self { id } }",
		"20 mutations":             "mutation { " + numbered("a%d: push(n: 1) ", 20) + "}",
		"40 names":                 "{ item { " + strings.Repeat("id ", 40) + "} }",
		"a long text":              `{ hello(name: "` + strings.Repeat("x", 50_000) + `") }`,
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, query(t, h, document, "").JSON.Errors)
		})
	}
	t.Run("a list variable", func(t *testing.T) {
		a := query(t, h, "query($w: Filter) { search(where: $w) }", `{"w":{"and":[`+strings.Repeat("{},", 90)+`{"and":[{"name":"x"}]}]}}`)
		require.Empty(t, a.JSON.Errors)
	})
}

func TestPageSizesInVariablesCount(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	document := `query($n: Int) { items(first: $n) { nodes { items(first: $n) { nodes { items(first: $n) { totalCount } } } } } }`
	require.Empty(t, query(t, h, document, `{"n":10}`).JSON.Errors)
	require.Empty(t, query(t, h, document, "").JSON.Errors, "no size is the default size")
	for _, n := range []string{"100", "2147483648", "-1"} {
		require.Equal(t, "BAD_USER_INPUT", query(t, h, document, `{"n":`+n+`}`).code(), n)
	}
}
