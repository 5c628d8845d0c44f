package gqlhttp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

// Text in which a decoder would substitute U+FFFD is refused, wherever it
// occurs.
func TestUnpairedSurrogatesAreRefused(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for name, body := range map[string]string{
		"a variable":         bodyOf("query($n: String) { hello(name: $n) }", `{"n":"\ud800"}`),
		"a low half":         bodyOf("query($n: String) { hello(name: $n) }", `{"n":"a\uDFFFb"}`),
		"two high halves":    bodyOf("query($n: String) { hello(name: $n) }", `{"n":"\ud800\ud800"}`),
		"a variable's name":  bodyOf("{ hello }", `{"\udc00":1}`),
		"a field's name":     bodyOf("query($w: Filter) { search(where: $w) }", `{"w":{"\ud83d":1}}`),
		"an ignored member":  `{"query":"{ hello }","id":"\ud800"}`,
		"a member's name":    `{"query":"{ hello }","\ud800":1}`,
		"an operation":       `{"query":"{ hello }","operationName":"\ud800"}`,
		"the query":          `{"query":"{ hello #\ud800\n }"}`,
		"an extension":       `{"query":"{ hello }","extensions":{"x":["\ud800"]}}`,
		"a literal":          bodyOf(`{ hello(name: "\ud800") }`, ""),
		"a literal, low":     bodyOf(`{ hello(name: "é \uDC00") }`, ""),
		"a literal, reverse": bodyOf(`{ hello(name: "\udc00\ud800") }`, ""),
		"a default":          bodyOf(`query($n: String = "\ud83d \ude00") { hello(name: $n) }`, ""),
		"not UTF-8":          "{\"query\":\"{ hello(name: \\\"\xff\\\") }\"}",
	} {
		a := send(t, h, post(body, "Accept", "application/graphql-response+json"))
		require.Equal(t, http.StatusBadRequest, a.Code, name)
		require.Equal(t, "BAD_USER_INPUT", a.code(), name)
		require.Regexp(t, "half a character|not UTF-8", a.Body.String(), name)
	}
	for parameter, value := range map[string]string{"variables": `{"n":"\ud800"}`, "extensions": `{"n":"\udc00"}`, "operationName": "\xff", "query": "{ hello(name: \"\xff\") }"} {
		q := url.Values{"query": {"query($n: String) { hello(name: $n) }"}}
		q.Set(parameter, value)
		a := send(t, h, httptest.NewRequest(http.MethodGet, "/graphql?"+q.Encode(), nil))
		require.Equal(t, http.StatusBadRequest, a.Code, parameter)
	}
}

func TestSurrogatePairsPass(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for name, body := range map[string]string{
		"a pair":             bodyOf("query($n: String) { hello(name: $n) }", `{"n":"\ud83d\ude00"}`),
		"a pair, literal":    bodyOf(`{ hello(name: "\ud83d\ude00") }`, ""),
		"braces":             bodyOf(`{ hello(name: "\u{1F600}") }`, ""),
		"as it is":           bodyOf(`{ hello(name: "😀") }`, ""),
		"U+FFFD":             bodyOf(`{ hello(name: "\ufffd �") }`, ""),
		"a backslash and u":  bodyOf("query($n: String) { hello(name: $n) }", `{"n":"\\ud800"}`),
		"in a block":         bodyOf(`{ hello(name: """\ud800 �""") }`, ""),
		"letters before one": bodyOf(`{ a: hello(name: "éé😀") b: hello(name: "�\ud83d\ude00") }`, ""),
	} {
		a := send(t, h, post(body))
		require.Equal(t, http.StatusOK, a.Code, "%s: %s", name, a.Body)
		require.Empty(t, a.JSON.Errors, name)
	}
}
