package gqlhttp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

const (
	plainJSON    = "application/json; charset=utf-8"
	responseJSON = "application/graphql-response+json; charset=utf-8"
)

func TestAcceptPicksTheMediaType(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for accept, want := range map[string]string{
		"":                                  plainJSON,
		"*/*":                               plainJSON,
		"application/*":                     plainJSON,
		"application/json":                  plainJSON,
		"application/graphql-response+json": responseJSON,
		"application/graphql-response+json, application/json;q=0.9": responseJSON,
		"application/json, application/graphql-response+json":       responseJSON,
		"application/graphql-response+json;q=0.1, application/json": plainJSON,
		"application/graphql-response+json;q=0, */*":                plainJSON,
		"text/html,application/xhtml+xml,*/*;q=0.8":                 plainJSON,
		"application/json; charset=utf-8":                           plainJSON,
	} {
		t.Run(accept, func(t *testing.T) {
			a := send(t, h, post(`{"query":"{ __typename }"}`, "Accept", accept))
			require.Equal(t, http.StatusOK, a.Code)
			require.Equal(t, want, a.Header().Get("Content-Type"))
		})
	}
	for _, accept := range []string{"text/html", "application/json;q=0", "application/json; charset=latin1"} {
		t.Run(accept, func(t *testing.T) {
			a := send(t, h, post(`{"query":"{ __typename }"}`, "Accept", accept))
			require.Equal(t, http.StatusNotAcceptable, a.Code)
			require.Equal(t, "BAD_USER_INPUT", a.code())
		})
	}
}

func TestAnswerHeaders(t *testing.T) {
	a := query(t, toyHandler(gqlhttp.Options{}), `{ hello(name: "you") }`, "")
	require.JSONEq(t, `{"data":{"hello":"you"},"extensions":{"cost":{"requested":1,"limit":50000}}}`, a.Body.String())
	require.Equal(t, "no-store", a.Header().Get("Cache-Control"))
	require.Equal(t, "nosniff", a.Header().Get("X-Content-Type-Options"))
	require.Equal(t, "Accept", a.Header().Get("Vary"))
}

func TestContentLengthIsExact(t *testing.T) {
	server := httptest.NewServer(toyHandler(gqlhttp.Options{}))
	defer server.Close()
	for _, body := range []string{`{"query":"{ hello fails }"}`, `{"query":"{"}`, `{"query":"{ hello }"}`} {
		response, err := http.Post(server.URL, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		// net/http fails a handler whose body and Content-Length differ.
		require.Positive(t, response.ContentLength)
		require.NoError(t, response.Body.Close())
		// The header must be set explicitly: net/http computes it for short
		// bodies only.
		a := send(t, toyHandler(gqlhttp.Options{}), post(body))
		require.Equal(t, strconv.Itoa(a.Body.Len()), a.Header().Get("Content-Length"))
	}
}

// Refusals have the headers that their status calls for.
func TestHeadersOfRefusals(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.BodyBytes = 100
	h := toyHandler(gqlhttp.Options{Limits: limits})
	of := func(r *http.Request) []string {
		header := send(t, h, r).Header()
		return []string{header.Get("Allow"), header.Get("Connection"), header.Get("Retry-After")}
	}
	require.Equal(t, []string{"", "", ""}, of(post("{")))
	require.Equal(t, []string{"", "", ""}, of(post("{}", "Content-Type", "text/plain")))
	require.Equal(t, []string{"", "close", ""}, of(post(strings.Repeat(" ", 101))))
	require.Equal(t, []string{"GET, POST", "", ""}, of(httptest.NewRequest(http.MethodPut, "/graphql", nil)))
}

// A URL's parameters are parsed as strictly as a body.
func TestMalformedURLParameters(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.Nesting = 3
	h := toyHandler(gqlhttp.Options{Limits: limits})
	for name, c := range map[string][2]string{
		"the query is not UTF-8":          {"query=%7Bhello(name:%22%ff%22)%7D", "The query is not UTF-8."},
		"the variables are not UTF-8":     {"query={hello}&variables=%7B%22a%22:%22%ff%22%7D", "must be a JSON object"},
		"the variables are no object":     {"query={hello}&variables=[1]", "must be a JSON object"},
		"something follows the variables": {"query={hello}&variables={}{}", "must be a JSON object"},
		"an end follows the variables":    {"query={hello}&variables={}}", "must be a JSON object"},
		"the variables nest":              {`query={hello}&variables={"a":[[[1]]]}`, "nests too deep"},
		"the extensions nest":             {`query={hello}&extensions={"a":[[[1]]]}`, "nests too deep"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/graphql", nil)
		r.URL.RawQuery = c[0]
		a := send(t, h, r)
		require.Equal(t, 400, a.Code, name)
		require.Contains(t, a.JSON.Errors[0].Message, c[1], name)
	}
	r := httptest.NewRequest(http.MethodGet, "/graphql", nil)
	r.URL.RawQuery = `query={hello}&variables={"a":[[1]]}`
	require.Empty(t, send(t, h, r).JSON.Errors)
}

func TestRequestErrorsDifferByMediaType(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for _, document := range []string{"{", "{ nothing }", "query($n: Int!) { push }", "# empty"} {
		plain := send(t, h, post(bodyOf(document, ""), "Accept", "application/json"))
		require.Equal(t, http.StatusOK, plain.Code, document)
		strict := send(t, h, post(bodyOf(document, ""), "Accept", "application/graphql-response+json"))
		require.Equal(t, http.StatusBadRequest, strict.Code, document)
		require.NotContains(t, strict.Body.String(), `"data"`)
		require.Equal(t, "BAD_USER_INPUT", strict.code())
	}
}

func TestMalformedRequests(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for name, c := range map[string]struct {
		body   string
		header []string
		status int
	}{
		"Form":            {`query=x`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		"Multipart":       {`x`, []string{"Content-Type", "multipart/form-data; boundary=x"}, 415},
		"NoContentType":   {`{"query":"{hello}"}`, []string{"Content-Type", ""}, 415},
		"OtherCharset":    {`{"query":"{hello}"}`, []string{"Content-Type", "application/json; charset=latin1"}, 415},
		"Compressed":      {`x`, []string{"Content-Encoding", "gzip"}, 415},
		"Empty":           {``, nil, 400},
		"NoJSON":          {`{"query": "hunter2`, nil, 400},
		"Null":            {`null`, nil, 400},
		"Batch":           {`[{"query":"{hello}"}]`, nil, 400},
		"NoQuery":         {`{"variables":{}}`, nil, 400},
		"EmptyQuery":      {`{"query":""}`, nil, 400},
		"QueryNoString":   {`{"query":{"hunter2":1}}`, nil, 400},
		"VariablesList":   {`{"query":"{hello}","variables":["hunter2"]}`, nil, 400},
		"ExtensionsText":  {`{"query":"{hello}","extensions":"hunter2"}`, nil, 400},
		"OperationNumber": {`{"query":"{hello}","operationName":1}`, nil, 400},
		"NoCloseBrace":    {`{"query":"{hello}","hunter2":1`, nil, 400},
		"NoValue":         {`{"query":"{hello}","hunter2":}`, nil, 400},
		"Trailing":        {`{"query":"{hello}"} {"hunter2":1}`, nil, 400},
		"TwiceUnknown":    {`{"query":"{hello}","hunter2":1,"hunter2":2}`, nil, 400},
		"TwiceWithin":     {`{"query":"{hello}","more":{"hunter2":1,"hunter2":2}}`, nil, 400},
		"NotUTF8":         {"{\"query\":\"{hello(name:\\\"hunter2\xff\\\")}\"}", nil, 400},
	} {
		t.Run(name, func(t *testing.T) {
			a := send(t, h, post(c.body, c.header...))
			require.Equal(t, c.status, a.Code)
			require.Equal(t, "BAD_USER_INPUT", a.code())
			require.NotContains(t, a.Body.String(), "hunter2", "the body is not repeated")
			require.NotContains(t, a.Body.String(), `"data"`)
		})
	}
}

func TestGoodBodies(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for _, body := range []string{
		`{"query":"{ hello }","variables":null,"operationName":null,"extensions":null}`,
		`{"query":"{ hello }","variables":{"unused":[1,{"a":"\\\"{[,"}]},"operationName":"","extensions":{"x":1}}`,
		`{"query":"{ hello }","id":"x","documentId":[{}],"more":{"query":1,"Query":2}}`,
	} {
		a := send(t, h, post(body))
		require.Equal(t, http.StatusOK, a.Code)
		require.Empty(t, a.JSON.Errors, body)
	}
}

func TestGet(t *testing.T) {
	toy := newToy()
	h := gqlhttp.New(toy, gqlhttp.Options{BodyOnly: []string{"item"}})
	get := func(params ...string) *reply {
		values := url.Values{}
		for i := 0; i < len(params); i += 2 {
			values.Set(params[i], params[i+1])
		}
		return send(t, h, httptest.NewRequest(http.MethodGet, "/graphql?"+values.Encode(), nil))
	}
	t.Run("OK", func(t *testing.T) {
		a := get("query", "query($n: String) { hello(name: $n) }", "variables", `{"n":"you"}`)
		require.JSONEq(t, `{"hello":"you"}`, string(a.JSON.Data))
	})
	t.Run("Mutation", func(t *testing.T) {
		a := get("query", "mutation { push(n: 1) }")
		require.Equal(t, http.StatusMethodNotAllowed, a.Code)
		require.Equal(t, "POST", a.Header().Get("Allow"))
		require.Empty(t, toy.pushed)
	})
	t.Run("BodyOnly", func(t *testing.T) {
		for _, document := range []string{"{ item { id } }", "{ hello x: item { id } }", "{ ... { ... on Query { item { id } } } }", "{ ...F } fragment F on Query { ...G } fragment G on Query { item { id } }"} {
			a := get("query", document)
			require.Equal(t, http.StatusMethodNotAllowed, a.Code, document)
			require.Equal(t, "POST", a.Header().Get("Allow"))
		}
	})
	t.Run("MutationBesideAQuery", func(t *testing.T) {
		a := get("query", "query A { hello } mutation B { push(n: 1) }", "operationName", "B")
		require.Equal(t, http.StatusMethodNotAllowed, a.Code)
		require.Empty(t, toy.pushed)
	})
	t.Run("BadVariables", func(t *testing.T) {
		require.Equal(t, http.StatusBadRequest, get("query", "{ hello }", "variables", "[1]").Code)
		require.Equal(t, http.StatusBadRequest, get("query", "{ hello }", "extensions", "{").Code)
	})
	t.Run("NoQuery", func(t *testing.T) {
		require.Equal(t, http.StatusBadRequest, get().Code)
	})
}

func TestOtherMethods(t *testing.T) {
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions} {
		a := send(t, toyHandler(gqlhttp.Options{}), httptest.NewRequest(method, "/graphql", nil))
		require.Equal(t, http.StatusMethodNotAllowed, a.Code)
		require.Equal(t, "GET, POST", a.Header().Get("Allow"))
	}
}

func TestOperationName(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	two := `query A { a: hello(name: "a") } query B { b: hello(name: "b") }`
	body := func(name string) string {
		return strings.TrimSuffix(bodyOf(two, ""), "}") + `,"operationName":"` + name + `"}`
	}
	require.JSONEq(t, `{"b":"b"}`, string(send(t, h, post(body("B"))).JSON.Data))
	for _, name := range []string{"", "C"} {
		a := send(t, h, post(body(name), "Accept", "application/graphql-response+json"))
		require.Equal(t, http.StatusBadRequest, a.Code)
		require.Equal(t, "BAD_USER_INPUT", a.code())
	}
}

func TestMutationsRunInOrder(t *testing.T) {
	toy := newToy()
	a := query(t, gqlhttp.New(toy, gqlhttp.Options{}),
		`mutation($a: Int!, $b: Int!) { a: push(n: $a) b: push(n: $b) }`, `{"a":1,"b":2}`)
	require.Empty(t, a.JSON.Errors)
	require.Equal(t, []int64{1, 2}, toy.pushed)
}

func TestSubscriptionsAreRefused(t *testing.T) {
	a := query(t, toyHandler(gqlhttp.Options{}), `subscription { ticks }`, "")
	require.Equal(t, "BAD_USER_INPUT", a.code())
}

func TestResolversSeeTheRequestsHeaders(t *testing.T) {
	a := send(t, toyHandler(gqlhttp.Options{}), post(`{"query":"{ headers }"}`, "X-Test", "seen"))
	require.JSONEq(t, `{"headers":"seen"}`, string(a.JSON.Data))
}
