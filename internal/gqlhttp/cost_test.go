package gqlhttp_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/gqlhttp"
)

// toyPrices are the prices that the toy's schema does not determine.
func toyPrices() gqlhttp.Prices {
	return gqlhttp.Prices{
		Lengths: map[gqlhttp.FieldName]int{
			{Type: "Item", Field: "tags"}: 30, {Type: gqlhttp.AnyType, Field: "labels"}: 50,
		},
		Bases:    map[gqlhttp.FieldName]int{{Type: "Query", Field: "search"}: 100},
		Mutation: 10,
	}
}

func TestCostFollowsTheFormula(t *testing.T) {
	h := toyHandler(gqlhttp.Options{Prices: toyPrices()})
	for document, want := range map[string]float64{
		"{ __typename }":        0,
		"{ hello }":             1,
		"{ a: hello b: hello }": 2,
		"{ item { __typename id self { id name } } }":                    1 + 1 + (1 + 2),
		"{ ... { hello ... on Query { a: hello } } }":                    2,
		"{ ...F } fragment F on Query { hello item { id } }":             1 + 2,
		"{ item { ...F self { ...F } } } fragment F on Item { id name }": 1 + 2 + (1 + 2),
		"{ item { ... on Item { items(first: 9) { totalCount } } } }":    1 + (1 + 9),
		"{ items { totalCount } }":                                       1 + 20,
		"{ items(first: 3) { nodes { id name } } }":                      1 + 3*(1+2),
		"{ items(last: 4) { nodes { id name } } }":                       1 + 4*(1+2),
		"{ items(first: 9, last: 2) { totalCount } }":                    1 + 9,
		"{ items(first: 9, last: null) { totalCount } }":                 1 + 9,
		"{ items(first: null, last: 5) { totalCount } }":                 1 + 5,
		"{ items(first: 2, last: 5) { totalCount } }":                    1 + 5,
		"{ items(first: null) { totalCount } }":                          1 + 20,
		"{ items(first: 0) { totalCount } }":                             1 + 100,
		"{ items(last: 101) { totalCount } }":                            1 + 100,
		"{ items(first: 8) { __typename } }":                             1 + 8,
		"{ top { id name } }":                                            1 + 7*2,
		"{ top(first: 2) { id name } }":                                  1 + 2*2,
		`{ nodes(ids: ["a", "b", "c"]) { id name } }`:                    1 + 3*2,
		`{ nodes(ids: "a") { id name } }`:                                1 + 2,
		"{ item { tags } }":                                              1 + (1 + 30),
		"{ item { labels { key value } } }":                              1 + (1 + 50*2),
		"{ item { labels { __typename } } }":                             1 + (1 + 50),
		"{ items(first: 10) { nodes { labels { key } } } }":              1 + 10*(1+(1+50)),
		"{ search }":              100,
		"mutation { push(n: 1) }": 10,
		"mutation { __typename a: push(n: 1) ... { ...F } } fragment F on Mutation { b: push(n: 1) }": 20,
		"{ items(first: 2) { nodes { ... on Item { id ...F } } } } fragment F on Item { name }":       1 + 2*(1+2),
	} {
		a := query(t, h, document, "")
		require.Empty(t, a.JSON.Errors, document)
		require.Equal(t, map[string]any{"requested": want, "limit": 50_000.0}, a.JSON.Extensions.Cost, document)
	}
}

// Introspection is priced by how long its lists usually are, at a discount.
func TestCostOfIntrospection(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for document, want := range map[string]float64{
		"{ __schema { directives { args { name } } } }":           1 + (1+6*(1+3))/8,
		"{ __schema { types { fields { args { name } } } } }":     1 + (1+150*(1+12*(1+3)))/8,
		`{ __type(name: "Item") { fields { args { name } } } }`:   1 + (1+12*(1+3))/8,
		`{ __type(name: "Color") { enumValues { name } name } }`:  1 + (1+6+1)/8,
		`{ __type(name: "Filter") { inputFields { name } name }}`: 1 + (1+6+1)/8,
	} {
		a := query(t, h, document, "")
		require.Empty(t, a.JSON.Errors, document)
		require.Equal(t, want, a.JSON.Extensions.Cost["requested"], document)
	}
}

// A mutation without a price of its own costs what its fields do.
func TestCostOfMutationsWithoutAPrice(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	a := query(t, h, "mutation { a: push(n: 1) b: push(n: 1) }", "")
	require.Empty(t, a.JSON.Errors)
	require.Equal(t, 2.0, a.JSON.Extensions.Cost["requested"])
}

// A cost that no answer could hold is told as the greatest Int.
func TestCostSaturates(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.Depth = 50
	h := toyHandler(gqlhttp.Options{Limits: limits})
	deep := strings.Repeat("items(first: 100) { nodes { ", 6) + "id" + strings.Repeat(" } }", 6)
	a := query(t, h, "{ a: "+deep+" b: "+deep+" }", "")
	require.Equal(t, "COST", a.limit())
	require.Equal(t, float64(1<<31-1), a.JSON.Errors[0].Extensions["requested"])
}

func TestCostUsesValuesOfVariables(t *testing.T) {
	h := toyHandler(gqlhttp.Options{Prices: toyPrices()})
	for _, c := range []struct {
		document, variables string
		want                float64
	}{
		{"query($n: Int) { items(first: $n) { totalCount } }", `{"n":7}`, 8},
		{"query($n: Int) { items(first: $n) { totalCount } }", `{"n":70}`, 71},
		{"query($n: Int) { items(last: $n) { totalCount } }", `{"n":7}`, 8},
		{"query($n: Int) { items(first: $n) { totalCount } }", `{}`, 21},
		{"query($n: Int = 6) { items(first: $n) { totalCount } }", ``, 7},
		{"query($f: Int, $l: Int) { items(first: $f, last: $l) { totalCount } }", `{"f":null,"l":90}`, 91},
		{"query($ids: [ID!]!) { nodes(ids: $ids) { id } }", `{"ids":["a","b"]}`, 3},
		{"query($id: ID!) { nodes(ids: [$id, $id]) { id } }", `{"id":"a"}`, 3},
	} {
		a := query(t, h, c.document, c.variables)
		require.Empty(t, a.JSON.Errors, c.document)
		require.Equal(t, c.want, a.JSON.Extensions.Cost["requested"], "%s %s", c.document, c.variables)
	}
}

// A refusal for cost contains the numbers, even if the cost is hidden in a
// fragment or variable.
func TestCostRefusalContainsTheNumbers(t *testing.T) {
	h := toyHandler(gqlhttp.Options{Prices: toyPrices()})
	const inner = "items(first: 100) { nodes { items(last: 100) { nodes { id name tags } } } }"
	for name, c := range map[string]struct {
		document string
		want     float64
	}{
		"plainly":             {"{ " + inner + " }", 1 + 100*(1+1+100*(1+2+31))},
		"by an inline":        {"{ ... { ... on Query { " + inner + " } } }", 1 + 100*(1+1+100*(1+2+31))},
		"by a named fragment": {"{ ...F } fragment F on Query { " + inner + " }", 1 + 100*(1+1+100*(1+2+31))},
		"by last alone":       {"{ items(last: 100) { nodes { items(last: 100) { nodes { items(last: 9) { totalCount } } } } } }", 1 + 100*(1+1+100*(1+10))},
		"by aliases":          {"{ " + numbered("a%d: items(first: 100) { nodes { labels { key } } } ", 20) + "}", 20 * (1 + 100*(1+51))},
		"beyond 32 bits":      {"{ items(first: 100) { nodes { items(first: 100) { nodes { items(first: 100) { nodes { items(first: 100) { nodes { items(first: 100) { totalCount } } } } } } } } } }", 1<<31 - 1},
		"by ids":              {"{ nodes(ids: [" + numbered(`"%d" `, 100) + "]) { items(first: 100) { nodes { id name self { id name } } } } }", 1 + 100*(1+100*(1+5))},
		"by the whole schema": {"{ a: __schema { types { fields { name } } } " + numbered("b%d: __schema { types { fields { args { name } } } } ", 10) + "}", 1 + (1+150*(1+12))/8 + 10*(1+1+150*(1+12*(1+3)))},
		"by a plain list":     {"{ items(first: 100) { nodes { a: labels { key value } b: labels { key value } c: labels { key value } d: labels { key value } e: labels { key value } } } }", 1 + 100*(1+5*101)},
	} {
		t.Run(name, func(t *testing.T) {
			a := query(t, h, c.document, "")
			require.Len(t, a.JSON.Errors, 1)
			require.Nil(t, a.JSON.Data)
			e := a.JSON.Errors[0]
			require.Equal(t, map[string]any{"code": "BAD_USER_INPUT", "reason": "COST", "limit": "COST", "requested": c.want, "allowed": 50_000.0}, e.Extensions)
			require.Contains(t, e.Message, "at most 50000")
			require.Len(t, e.Locations, 1)
			require.Equal(t, map[string]any{"requested": c.want, "limit": 50_000.0}, a.JSON.Extensions.Cost)
		})
	}
}

func TestFailedAnswersContainCost(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	require.Equal(t, 2.0, query(t, h, "{ fails hello }", "").JSON.Extensions.Cost["requested"])
	require.Nil(t, query(t, h, "{ nothing }", "").JSON.Extensions.Cost, "what is no operation has no cost")
}

// fixedBudget is a Budget with a fixed amount.
type fixedBudget struct {
	left    int
	settled []bool
}

func (p *fixedBudget) Take(_ context.Context, c *gqlhttp.Cost) error {
	if c.Charged > p.left {
		return fault.RetryAfter(fault.CodeRateLimited, fault.ReasonBusy, 1500*time.Millisecond, "That is too much for now.")
	}
	p.left -= c.Charged
	left := p.left
	c.Remaining, c.ResetsAt, c.Budget, c.Window = &left, time.Unix(0, 0), 3, time.Minute
	return nil
}

func (p *fixedBudget) Settle(_ context.Context, c *gqlhttp.Cost, ran bool) {
	p.settled = append(p.settled, ran)
	*c.Remaining++
}

func TestBudgetIsTakenAndSettled(t *testing.T) {
	p := &fixedBudget{left: 3 + 1} // for reading the document
	toy := newToy()
	h := gqlhttp.New(toy, gqlhttp.Options{Budget: p})
	a := query(t, h, "{ a: text(size: 1) b: text(size: 1) }", "")
	require.Equal(t, map[string]any{"requested": 2.0, "limit": 50_000.0, "remaining": 2.0, "resetsAt": "1970-01-01T00:00:00Z"}, a.JSON.Extensions.Cost)
	require.Equal(t, []bool{true}, p.settled)
	require.Equal(t, []string{`"cost";q=3;w=60`, `"cost";r=2;t=0`}, []string{a.Header().Get("RateLimit-Policy"), a.Header().Get("RateLimit")})

	a = query(t, h, "{ a: text(size: 1) b: text(size: 1) }", "")
	require.Equal(t, http.StatusTooManyRequests, a.Code)
	require.Equal(t, "2", a.Header().Get("Retry-After"))
	require.Equal(t, "RATE_LIMITED", a.code())
	require.Equal(t, 2.0, a.JSON.Errors[0].Extensions["retryAfter"])
	require.Equal(t, 2.0, a.JSON.Extensions.Cost["requested"])
	require.Equal(t, int64(2), toy.texts.Load(), "what is refused does not run")
	require.Len(t, p.settled, 1)
}

// The budget is charged a tenth of the cost of introspection, once, and the full
// cost of everything else.
func TestIntrospectionIsChargedLess(t *testing.T) {
	for document, want := range map[string][2]int{
		"{ __schema { types { fields { name } } } }":                                           {1 + 150*13/8, 1 + 150*13/80},
		"{ ...S } fragment S on Query { __schema { types { fields { name } } } }":              {1 + 150*13/8, 1 + 150*13/80},
		"{ __schema { types { name } } a: text(size: 1) }":                                     {1 + 151/8 + 1, 1 + 151/80 + 1},
		"{ a: __schema { types { name } } b: __schema { types { name } } }":                    {1 + 151/8 + 1 + 151, 1 + 151/80 + 1 + 151},
		"{ items(first: 3) { nodes { id } } }":                                                 {1 + 3*2, 1 + 3*2},
		"query($n: Int = 3) { items(first: $n) { nodes { id } } __schema { types { name } } }": {1 + 3*2 + 1 + 151/8, 1 + 3*2 + 1 + 151/80},
	} {
		p := &fixedBudget{left: 10_000}
		a := query(t, gqlhttp.New(newToy(), gqlhttp.Options{Budget: p}), document, "")
		require.Empty(t, a.JSON.Errors, document)
		require.EqualValues(t, want[0], a.JSON.Extensions.Cost["requested"], document)
		require.Equal(t, 10_000-want[1]-1-len(document)/64, p.left, document)
		if want[0] == want[1] {
			require.NotContains(t, a.JSON.Extensions.Cost, "charged", document)
		} else {
			require.EqualValues(t, want[1], a.JSON.Extensions.Cost["charged"], document)
		}
	}
}

// A document that is not cached is charged before it is read, by its length and
// whatever the outcome; a cached one costs only its operation.
func TestReadingIsCharged(t *testing.T) {
	broken := "{ hello " + strings.Repeat(" ", 640) + "nothing }"
	for document, want := range map[string]int{
		"{ nothing }": 1, "{": 1, broken: 11, strings.Repeat("x", 1<<20): 1 + 1<<10,
		"{ items(first: 100) { nodes { items(first: 100) { nodes { items(first: 100) { totalCount } } } } } }": 2,
	} {
		p := &fixedBudget{left: 10_000}
		limits := gqlhttp.DefaultLimits()
		limits.BodyBytes = 2 << 20
		a := query(t, gqlhttp.New(newToy(), gqlhttp.Options{Budget: p, Limits: limits}), document, "")
		require.NotEmpty(t, a.JSON.Errors)
		require.Equal(t, 10_000-want, p.left, "%.40s", document)
		require.Empty(t, p.settled, "it is no operation")
	}
	p := &fixedBudget{left: 3}
	h := gqlhttp.New(newToy(), gqlhttp.Options{Budget: p})
	require.Equal(t, "BAD_USER_INPUT", query(t, h, "{ nothing }", "").code())
	require.Empty(t, query(t, h, "{ hello }", "").JSON.Errors)
	require.Zero(t, p.left)
	for _, document := range []string{"{ nothing }", "{", "{ hello }"} {
		a := query(t, h, document, "")
		require.Equal(t, http.StatusTooManyRequests, a.Code, document)
		require.Equal(t, "RATE_LIMITED", a.code(), document)
	}
	p.left = 1
	require.Empty(t, query(t, h, "{ hello }", "").JSON.Errors, "it is known")
}
