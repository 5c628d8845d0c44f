package gqlhttp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

// edge is a limit with a document that just meets it and one that just exceeds
// it.
type edge struct {
	set              func(*gqlhttp.Limits)
	within, beyond   string
	requested, limit float64 // requested is 0 where counting stops
}

func edges() map[gqlhttp.LimitName]edge {
	return map[gqlhttp.LimitName]edge{
		gqlhttp.LimitDocumentBytes: {func(l *gqlhttp.Limits) { l.TextBytes = 10 }, "{  hello }", "{   hello }", 11, 10},
		gqlhttp.LimitTokens:        {func(l *gqlhttp.Limits) { l.Tokens = 4 }, "{ hello hello }", "{ a: hello }", 0, 4},
		gqlhttp.LimitNameBytes:     {func(l *gqlhttp.Limits) { l.Name = 6 }, "{ abcdef: hello }", "{ abcdefg: hello }", 7, 6},
		gqlhttp.LimitOperations:    {func(l *gqlhttp.Limits) { l.Operations = 2 }, "query A { hello } query B { hello }", "query A { hello } query B { hello } query C { hello }", 3, 2},
		gqlhttp.LimitFragments: {func(l *gqlhttp.Limits) { l.Fragments = 1 }, "{ ...A } fragment A on Query { hello }",
			"{ ...A } fragment A on Query { ...B } fragment B on Query { hello }", 2, 1},
		gqlhttp.LimitRootFields: {func(l *gqlhttp.Limits) { l.RootFields = 2 }, "{ a: hello ... { b: hello } }", "{ a: hello ... { b: hello ...F } } fragment F on Query { c: hello }", 3, 2},
		gqlhttp.LimitDepth:      {func(l *gqlhttp.Limits) { l.Depth = 3 }, "{ item { ... { id } } }", "{ item { ... { self { id } } } }", 4, 3},
		gqlhttp.LimitSelections: {func(l *gqlhttp.Limits) { l.Nodes = 5 }, "{ item { id ...F } } fragment F on Item { id name }",
			"{ item { id ...F } } fragment F on Item { id name self { id } }", 7, 5},
		gqlhttp.LimitAliases: {func(l *gqlhttp.Limits) { l.Aliases = 1 }, "{ a: hello hello: hello }", "{ a: hello b: hello }", 2, 1},
		gqlhttp.LimitDirectives: {func(l *gqlhttp.Limits) { l.Directives = 2 }, "{ hello @skip(if: false) @include(if: true) }",
			"{ hello @skip(if: false) ... @include(if: true) { ...F @include(if: true) } } fragment F on Query { hello }", 3, 2},
		gqlhttp.LimitRepetitions: {func(l *gqlhttp.Limits) { l.Pairs = 8 }, "{ hello hello a: hello b: hello c: hello d: hello }", "{ hello ... { hello } }", 9, 8},
		gqlhttp.LimitValueDepth: {func(l *gqlhttp.Limits) { l.Nesting = 4 }, `{ search(where: {and: [{and: [{}]}]}) }`,
			`{ search(where: {and: [{and: [{and: []}]}]}) }`, 0, 4},
		gqlhttp.LimitCost: {func(l *gqlhttp.Limits) { l.Cost = 2 }, "{ a: hello b: hello }", "{ a: hello b: hello c: hello }", 3, 2},
	}
}

// Each limit refuses what exceeds it by one, and is named in the refusal.
func TestEachLimitRefusesByItsName(t *testing.T) {
	for name, e := range edges() {
		t.Run(string(name), func(t *testing.T) {
			limits := gqlhttp.DefaultLimits()
			e.set(&limits)
			h := toyHandler(gqlhttp.Options{Limits: limits})
			body := strings.TrimSuffix(bodyOf(e.within, ""), "}")
			if name == gqlhttp.LimitOperations {
				body += `,"operationName":"A"`
			}
			require.Empty(t, send(t, h, post(body+"}")).JSON.Errors)
			a := query(t, h, e.beyond, "")
			want := map[string]any{"code": "BAD_USER_INPUT", "reason": reasonOf(name), "limit": string(name), "allowed": e.limit}
			if e.requested > 0 {
				want["requested"] = e.requested
			}
			require.NotEmpty(t, a.JSON.Errors)
			require.Equal(t, want, a.JSON.Errors[0].Extensions)
		})
	}
}

// reasonOf returns the fault's reason for a limit.
func reasonOf(name gqlhttp.LimitName) string {
	switch name {
	case gqlhttp.LimitCost:
		return "COST"
	case gqlhttp.LimitDepth, gqlhttp.LimitValueDepth:
		return "DEPTH"
	}
	return "DOCUMENT_SIZE"
}

// The nesting of values is bounded everywhere in a document.
func TestDeepValuesAreRefusedEverywhere(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.Nesting = 4
	h := toyHandler(gqlhttp.Options{Limits: limits})
	const deep = `{and: [{and: [{and: []}]}]}`
	for place, document := range map[string]string{
		"argument":             "{ search(where: " + deep + ") }",
		"default":              "query($w: Filter = " + deep + ") { search(where: $w) }",
		"below":                "{ item { items(first: " + deep + ") { totalCount } } }",
		"inline":               "{ ... { search(where: " + deep + ") } }",
		"fragment":             "{ ...F } fragment F on Query { search(where: " + deep + ") }",
		"directive":            "{ hello @skip(if: " + deep + ") }",
		"operation's":          "query @skip(if: " + deep + ") { hello }",
		"variable's directive": "query($n: Int @skip(if: " + deep + ")) { items(first: $n) { totalCount } }",
	} {
		require.Equal(t, "VALUE_DEPTH", query(t, h, document, "").limit(), place)
	}
}

// A fragment that is not spread is measured too.
func TestUnusedFragmentsAreMeasured(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.Depth = 3
	h := toyHandler(gqlhttp.Options{Limits: limits})
	require.Equal(t, "DEPTH", query(t, h, "{ hello } fragment F on Item { self { self { self { id } } } }", "").limit())
}

// A repetition costs more inside an inline fragment, and only there.
func TestRepetitionsInInlineFragments(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.Pairs = 8
	h := toyHandler(gqlhttp.Options{Limits: limits})
	for document, want := range map[string]string{
		"{ ... { a: hello } hello hello }":            "",            // 2² + 2²
		"{ ... { item { id id } } }":                  "",            // 2² + 2²
		"{ ... { item { id } hello } }":               "REPETITIONS", // 2² + 1 + 2²
		"{ ... { item { id } ... { name: hello } } }": "REPETITIONS", // 2² + 1 + 3²
	} {
		a := query(t, h, document, "")
		require.Equal(t, want, a.limit(), document)
		require.Equal(t, want != "", len(a.JSON.Errors) > 0, document)
	}
}

// Answers are sent in one piece.
func TestDeferAndStreamAreRefused(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for _, document := range []string{"{ ... @defer { hello } }", "{ nodes(ids: []) @stream { id } }"} {
		a := query(t, h, document, "")
		require.NotEmpty(t, a.JSON.Errors, document)
		require.Contains(t, a.JSON.Errors[0].Message, "is not supported", document)
	}
}

// Directives are counted everywhere in a document.
func TestDirectivesCountEverywhere(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.Directives = 1
	h := toyHandler(gqlhttp.Options{Limits: limits})
	const two = "@skip(if: false) @include(if: true)"
	for place, document := range map[string]string{
		"field":    "{ hello " + two + " }",
		"inline":   "{ ... " + two + " { hello } }",
		"spread":   "{ ...F " + two + " } fragment F on Query { hello }",
		"fragment": "{ ...F } fragment F on Query " + two + " { hello }",
		"query":    "query " + two + " { hello }",
		"variable": "query($n: Int " + two + ") { items(first: $n) { totalCount } }",
	} {
		require.Equal(t, "DIRECTIVES", query(t, h, document, "").limit(), place)
	}
}

// The shape of a body is measured outside of strings only.
func TestShapeOfBody(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.Nesting, limits.Values = 4, 12
	h := toyHandler(gqlhttp.Options{Limits: limits})
	for variables, want := range map[string]string{
		`{"a":[[1]]}`:                                 "",
		`{"a":[[[1]]]}`:                               "BODY_DEPTH",
		`{"a":{"b":{"c":{}}}}`:                        "BODY_DEPTH",
		`{"a":[[]],"b":[[]],"c":{"d":{}}}`:            "",
		`{"a":"[[[[[[{{{{{{"}`:                        "",
		`{"a":",,,,,,,,,,,,,,,,"}`:                    "",
		`{"a":"]]]]}}}}","b":[[[1]]]}`:                "BODY_DEPTH",
		`{"a":"\"[[[[[[","b":[[1]]}`:                  "",
		`{"a":"\\","b":[[[1]]]}`:                      "BODY_DEPTH",
		`{"a":"\\\"]]]","b":[[[1]]]}`:                 "BODY_DEPTH",
		`{"]]]]]]":[[[1]]]}`:                          "BODY_DEPTH",
		`{"[[[[[[,,,,,,,,,,,,":1}`:                    "",
		`{"a":[1,2,3,4,5,6,7,8]}`:                     "",
		`{"a":[1,2,3,4,5,6,7,8,9,10,11,12]}`:          "BODY_VALUES",
		`{"a":[{},{},{},{},{},{}]}`:                   "BODY_VALUES",
		`{"a":"\",\",\",\",\",\",\",\",\",\",\",\""}`: "",
	} {
		a := query(t, h, "{ hello }", variables)
		require.Equal(t, want, a.limit(), variables)
		require.Equal(t, want != "", len(a.JSON.Errors) > 0, variables)
	}
	// The two objects, the comma between the members, the list, and its commas.
	list := `{"a":[` + strings.Repeat("1,", limits.Values-4)
	require.Empty(t, query(t, h, "{ hello }", list+`1]}`).limit(), "as many as may be")
	require.Equal(t, "BODY_VALUES", query(t, h, "{ hello }", list+`1,1]}`).limit())
	// An unterminated string is not JSON; its content does not count as
	// punctuation.
	open := send(t, h, post(`{"query":"[[[[[[[[,,,,,,,,,,,,,,`))
	require.Equal(t, 400, open.Code)
	require.Empty(t, open.limit())
}

func TestRefusalOfLargeBodyNamesLimit(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.BodyBytes = 100
	a := send(t, toyHandler(gqlhttp.Options{Limits: limits}), post(bodyOf("{ hello }"+strings.Repeat(" ", 100), "")))
	require.Equal(t, "BODY_BYTES", a.limit())
	require.Equal(t, "TOO_LARGE", a.code())
}

// A duplicate name may mean one thing to this server and another to a proxy in
// front of it.
func TestDuplicateMembersAreRefused(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for _, body := range []string{
		`{"query":"{ hello }","query":"{ hello }"}`,
		`{"query":"{ hello }","qu\u0065ry":"{ item { id } }"}`,
		`{"query":"{ hello }","Query":"{ item { id } }"}`,
		`{"QUERY":null,"query":"{ hello }"}`,
		`{"query":"{ hello }","variables":{},"variables":null}`,
		`{"query":"{ hello }","variables":{},"variable\u017f":{}}`,
		`{"query":"{ hello }","operationName":null,"operationname":null}`,
		`{"query":"{ hello }","extensions":{},"extensions":{}}`,
		`{"query":"{ hello }","variables":{"a":1,"a":2}}`,
		`{"query":"{ hello }","variables":{"a":[{"b":1,"\u0062":2}]}}`,
		`{"query":"{ hello }","extensions":{"a":{"b":1,"b":1}}}`,
	} {
		a := send(t, h, post(body))
		require.Equal(t, 400, a.Code, body)
		require.Contains(t, a.JSON.Errors[0].Message, "twice", body)
	}
	for _, address := range []string{
		"query={hello}&query={hello}", "query={hello}&Query={hello}", "query={hello}&variables={}&variables=",
		`query={hello}&variables={"a":1,"a":1}`, "query={hello}&operationName=&operationName=",
	} {
		r := post("")
		r.Method, r.URL.RawQuery = "GET", address
		a := send(t, h, r)
		require.Equal(t, 400, a.Code, address)
		require.Contains(t, a.JSON.Errors[0].Message, "twice", address)
	}
	r := post("")
	r.Method, r.URL.RawQuery = "GET", "query={hello}&id=1&id=2&variables={}"
	require.Empty(t, send(t, h, r).JSON.Errors)
}

// Members have one spelling; all others are ignored.
func TestOtherMembersAreIgnored(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	a := send(t, h, post(`{"id":"abc","documentId":{"a":[1,"}"]},"query":"query($n: String) { hello(name: $n) }","Variables":{"n":"other"},"variables":{"n":"you"}}`))
	require.Contains(t, a.JSON.Errors[0].Message, "twice")
	a = send(t, h, post(`{"id":"abc","documentId":{"a":[1,"}"]},"query":"query($n: String) { hello(name: $n) }","variables":{"n":"you"}}`))
	require.JSONEq(t, `{"hello":"you"}`, string(a.JSON.Data))
	require.Contains(t, send(t, h, post(`{"QUERY":"{ hello }"}`)).JSON.Errors[0].Message, "no query")
}

func TestAcceptOnSeveralLinesIsOneList(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for want, lines := range map[string][]string{
		responseJSON: {"text/html", "application/graphql-response+json"},
		plainJSON:    {"application/json", "application/graphql-response+json;q=0.5"},
	} {
		r := post(`{"query":"{ hello }"}`)
		r.Header["Accept"] = lines
		a := send(t, h, r)
		require.Equal(t, 200, a.Code)
		require.Equal(t, want, a.Header().Get("Content-Type"))
	}
	r := post(`{"query":"{ hello }"}`)
	r.Header["Accept"] = []string{"text/html", "image/png"}
	require.Equal(t, 406, send(t, h, r).Code)
}
