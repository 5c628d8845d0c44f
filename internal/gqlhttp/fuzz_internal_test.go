package gqlhttp

import (
	"context"
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
)

// plainSchema has one field for each way in which a field is priced.
type plainSchema struct{ schema *ast.Schema }

func (s plainSchema) Schema() *ast.Schema { return s.schema }

func (plainSchema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (plainSchema) Exec(context.Context) graphql.ResponseHandler { panic("nothing is run") }

func plainHandler(change func(*Limits)) *Handler {
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "plain.graphql", Input: `
		interface Thing { id: ID }
		type Item implements Thing { id: ID, name: String, tags: [String!], self: Item, items(first: Int, last: Int): Items }
		type Items { nodes: [Item], totalCount: Int }
		type Query { item: Item, thing: Thing, items(first: Int, last: Int): Items, top(first: Int = 7): [Item], nodes(ids: [ID!]!): [Item], report: Int }
		type Mutation { push(n: Int): Item, report: Int }`})
	limits := DefaultLimits()
	change(&limits)
	return New(plainSchema{schema}, Options{Limits: limits, Prices: Prices{
		Lengths:  map[FieldName]int{{"Item", "tags"}: 30},
		Bases:    map[FieldName]int{{"Query", "report"}: 100},
		Mutation: 10,
	}})
}

// FuzzGuardAndCost compares the guard's measures and the cost with those of the
// document with every fragment expanded.
func FuzzGuardAndCost(f *testing.F) {
	for _, seed := range []string{
		"{ item { id name } }",
		"{ items(first: 3) { nodes { ...F ... on Item { self { ...F } } } } } fragment F on Item { id tags }",
		"{ items(last: 7) { nodes { items(first: null, last: 5) { totalCount nodes { __typename } } } } }",
		"query A { a: item { id @skip(if: true) } } query B @include(if: true) { b: report }",
		"mutation { push(n: 1) { id } ...M } fragment M on Mutation { again: push(n: 2) { name } report __typename }",
		"{ thing { id ... on Item { tags } ...G } } fragment G on Thing { __typename id ... { id } }",
		`{ nodes(ids: ["a", "b"]) { id } top { id } t: top(first: 200) { tags } }`,
		"{ ...A ...A } fragment A on Query { ...B ...B } fragment B on Query { item { ...C self { ...C } } } fragment C on Item { id tags }",
		"query($x: Int = 3 @deprecated) { item { id } }",
		"query($n: Int, $m: Int = 4) { items(first: $n, last: $m) { nodes { ...F } } top(first: $n) { id } t: top(first: $m) { tags } } fragment F on Item { items(last: $n) { totalCount } }",
		"query($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { id } one: nodes(ids: [$id, $id]) { id } }",
		"mutation($n: Int = 1000) { push(n: $n) { items(first: $n) { nodes { tags } } } }",
	} {
		for _, n := range []int64{-1, 0, 1, 17, 101} {
			f.Add(seed, n)
		}
	}
	// Small limits keep the reference implementation fast enough.
	h := plainHandler(func(l *Limits) { l.Nodes, l.Tokens, l.CacheEntries = 300, 300, 0 })
	f.Fuzz(func(t *testing.T, text string, n int64) {
		doc, errs := h.prepare(context.Background(), text)
		if errs != nil || introspects(text) {
			return
		}
		aliases, directives := slowCounts(doc.QueryDocument)
		g := measure(doc.QueryDocument, h.options.Limits)
		require.Equal(t, []int{aliases, directives}, []int{g.aliases, g.directives})
		for _, op := range doc.Operations {
			nodes, depth, fields := slowExtent(op.SelectionSet)
			e := g.selections(op.SelectionSet)
			require.Equal(t, extent{nodes, depth, fields}, e)
			require.LessOrEqual(t, nodes, h.options.Limits.Nodes)
			require.LessOrEqual(t, depth, h.options.Limits.Depth)
			require.LessOrEqual(t, fields, h.options.Limits.RootFields)

			if variables, err := validator.VariableValues(h.schema.Schema(), op, variablesOf(op, n)); err == nil {
				comparePrice(t, h, op, variables)
			}
		}
	})
}

// variablesOf returns values for an operation's variables as a request has them:
// n chooses which are absent, null, or given, and is what numbers are and how
// long lists are.
func variablesOf(op *ast.OperationDefinition, n int64) map[string]any {
	out := map[string]any{}
	for i, v := range op.VariableDefinitions {
		switch choice := (uint64(n) + uint64(i)) % 4; {
		case choice == 0 && !v.Type.NonNull:
		case choice == 1 && !v.Type.NonNull:
			out[v.Variable] = nil
		case v.Type.Elem != nil:
			out[v.Variable] = slices.Repeat([]any{"a"}, int(uint64(n)%120))
		case v.Type.NamedType == "Int":
			out[v.Variable] = json.Number(strconv.FormatInt(n, 10))
		case v.Type.NamedType == "Boolean":
			out[v.Variable] = n%2 == 0
		default:
			out[v.Variable] = "a"
		}
	}
	return out
}

// comparePrice compares an operation's price with the slow one, and with the
// most that it could be with other variables.
func comparePrice(t *testing.T, h *Handler, op *ast.OperationDefinition, variables map[string]any) {
	t.Helper()
	want := slowPrice(h.options.Prices, op, variables)
	if most := big.NewInt(maxCost); want.Cmp(most) > 0 {
		want = most
	}
	got, varies := h.price(op, variables)
	require.Equal(t, want.Int64(), int64(got.cost))
	require.Equal(t, got.cost, got.charged)
	most, _ := h.price(op, nil)
	require.GreaterOrEqual(t, most.cost, got.cost)
	if !varies {
		require.Equal(t, most, got)
	}
}

// FuzzBody compares the decoding of a body with that of encoding/json.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"query":"{ a }"}`, `{"query":"{ a }","variables":{"n":[1.50,"x",null,{"a":true}]},"id":[{}],"operationName":"A","extensions":{}}`,
		`{"qu\u0065ry":"{ a }","query":"b"}`, `{"Query":"{ a }"}`, `{"query":"{ a }","variables":{"a":1,"a":2}}`, `[{"query":"x"}]`,
		`{"query":"\ud800"}`, `{"query":"a"} `, `{"query":"a"}x`, `{"query":"a","variables":[]}`, `{"query":"[{,\"","variables":null,}`, `{"":{},"query":"a"}`,
	} {
		f.Add([]byte(seed))
	}
	limits := DefaultLimits()
	f.Fuzz(func(t *testing.T, body []byte) {
		var loose map[string]any
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.UseNumber()
		err := d.Decode(&loose)
		req, no := decodeBody(body, limits)
		if no != nil {
			if err != nil || loose == nil {
				return
			}
			// The refusal may be due to duplicate members; encoded again, only
			// those that differ in case remain.
			again(t, loose, limits)
			return
		}
		require.NoError(t, err)
		require.True(t, json.Valid(body))
		require.Equal(t, loose["query"], req.Query)
		name, _ := loose["operationName"].(string)
		require.Equal(t, name, req.OperationName)
		variables, _ := loose["variables"].(map[string]any)
		require.Equal(t, len(variables), len(req.Variables))
		if len(variables) > 0 {
			require.Equal(t, variables, req.Variables)
		}
	})
}

// again decodes a request that was encoded from what encoding/json decoded.
func again(t *testing.T, loose map[string]any, limits Limits) {
	seen := map[string]bool{}
	for name := range loose {
		if known := memberNamed(name); known != "" {
			if seen[known] {
				return
			}
			seen[known] = true
		}
	}
	text, isText := loose["query"].(string)
	_, named := loose["operationName"].(string)
	_, variables := loose["variables"].(map[string]any)
	_, extensions := loose["extensions"].(map[string]any)
	if !isText || text == "" || !named && loose["operationName"] != nil || !variables && loose["variables"] != nil || !extensions && loose["extensions"] != nil {
		return
	}
	body, err := json.Marshal(loose)
	require.NoError(t, err)
	if checkShape(body, limits) != nil {
		return
	}
	req, no := decodeBody(body, limits)
	require.Nil(t, no, "%s", body)
	require.Equal(t, text, req.Query)
}

// FuzzAccept verifies that the chosen media type was accepted, and that repeated
// header lines mean the same as one.
func FuzzAccept(f *testing.F) {
	for _, seed := range []string{
		"", "*/*", "application/json", "application/graphql-response+json;q=0.5, */*;q=0.1", "text/html, application/*;q=0.8",
		`application/json; charset="utf-8"`, "application/json;q=0", "APPLICATION/JSON", "application/json;q=x,*/*;q=-1", "a,,b;;", "*/*;q=NaN", "*/*;q=Inf",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		got := negotiate(accept)
		lines := http.Header{"Accept": strings.Split(accept, ",")}
		require.Equal(t, negotiate(strings.Join(lines["Accept"], ",")), negotiate(accepted(lines)))
		lower := strings.ToLower(accept)
		switch got {
		case "":
			require.NotEmpty(t, accept)
		case responseType:
			require.Contains(t, lower, responseType)
		case jsonType:
			require.True(t, accept == "" || strings.Contains(lower, jsonType) || strings.Contains(lower, "*/*") || strings.Contains(lower, "application/*"))
		default:
			t.Fatalf("%q is none of ours", got)
		}
		if got != "" && accept != "" {
			require.Equal(t, got, negotiate(accept+",text/html"), "what else is taken makes no difference")
		}
	})
}
