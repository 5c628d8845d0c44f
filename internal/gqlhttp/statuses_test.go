package gqlhttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/gqlhttp"
)

// refusingBudget is a Budget that refuses every operation with its error.
type refusingBudget struct{ err error }

func (t refusingBudget) Take(context.Context, *gqlhttp.Cost) error { return t.err }
func (refusingBudget) Settle(context.Context, *gqlhttp.Cost, bool) {}

func refusing(code fault.Code, reason fault.Reason, after time.Duration) gqlhttp.Options {
	return gqlhttp.Options{Budget: refusingBudget{fault.RetryAfter(code, reason, after, "Try again.")}}
}

// outcome is a row of the table of HTTP statuses: what is sent to which server.
type outcome struct {
	options gqlhttp.Options
	broken  bool
	request func() *http.Request
}

func outcomes() map[string]outcome {
	ask := func(document string) func() *http.Request {
		return func() *http.Request { return post(bodyOf(document, "")) }
	}
	sent := func(method, target string, header ...string) func() *http.Request {
		return func() *http.Request {
			r := httptest.NewRequest(method, target, strings.NewReader(`{"query":"{hello}"}`))
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			return r
		}
	}
	asJSON := []string{"Content-Type", "application/json"}
	dead := func(context.Context) error {
		return fault.New(fault.CodeUnauthenticated, fault.ReasonSessionExpired, "Gone.")
	}
	return map[string]outcome{
		"ran":         {request: ask(`{ hello(name: "you") }`)},
		"ran in part": {request: ask(`{ hello(name: "you") later }`)},
		"later":       {request: ask("{ __typename later }")},
		"signed out": {options: gqlhttp.Options{UnknownName: func(context.Context) error {
			return fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
		}}, request: ask("{ secret }")},
		"document":        {request: ask("{ nothing }")},
		"persisted":       {request: func() *http.Request { return post(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}`) }},
		"invalid token":   {options: gqlhttp.Options{AuthError: dead}, request: ask("{ hello }")},
		"malformed":       {request: func() *http.Request { return post(`{"query"`) }},
		"method":          {request: sent("PUT", "/graphql", asJSON...)},
		"mutation by GET": {request: sent("GET", "/graphql?query=mutation%7Bpush(n:1)%7D")},
		"accept":          {request: sent("POST", "/graphql", "Content-Type", "application/json", "Accept", "text/html")},
		"body":            {request: func() *http.Request { return post(strings.Repeat(" ", 300_000)) }},
		"address":         {request: sent("GET", "/graphql?query="+strings.Repeat("x", 300_000))},
		"content type":    {request: sent("POST", "/graphql", "Content-Type", "text/plain")},
		"budget":          {options: refusing(fault.CodeRateLimited, fault.ReasonBudget, time.Minute), request: ask("{ hello }")},
		"busy":            {options: refusing(fault.CodeUnavailable, fault.ReasonBusy, time.Second), request: ask("{ hello }")},
		"defect":          {broken: true, request: ask("{ hello }")},
	}
}

// The table of HTTP statuses in docs/errors.md matches the answers, with either
// media type; and Retry-After is present exactly when the errors of a request
// that was not answered at all have retryAfter.
func TestStatusesMatchTheDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/errors.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "<!-- statuses")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile(`(?m)^\|[^|]*<!--([a-zA-Z ]+)-->\s*\|[^|]*\|\s*(\d+)\s*\|\s*(\d+)\s*\|\s*(yes|)\s*\|$`).FindAllStringSubmatch(table, -1)
	left := outcomes()
	for _, row := range rows {
		o, ok := left[row[1]]
		require.True(t, ok, "nothing plays %s", row[1])
		delete(left, row[1])
		for i, mediaType := range []string{"application/json", "application/graphql-response+json"} {
			h := toyHandler(o.options)
			if o.broken {
				h = gqlhttp.New(brokenSchema{newToy()}, o.options)
			}
			r := o.request()
			if r.Header.Get("Accept") == "" {
				r.Header.Set("Accept", mediaType)
			}
			a := send(t, h, r)
			require.Equal(t, row[2+i], strconv.Itoa(a.Code), "%s as %s: %s", row[1], mediaType, a.Body)
			require.Equal(t, row[4] == "yes", a.Header().Get("Retry-After") != "", "%s: Retry-After %q", row[1], a.Header().Get("Retry-After"))
			require.Equal(t, a.Code == http.StatusUnauthorized, a.Header().Get("WWW-Authenticate") != "", row[1])
		}
	}
	require.Empty(t, left, "these stand in no row")
}

// Clients of Apollo's protocol look for this message, and then send the
// document.
func TestPersistedQueryIsNotSupported(t *testing.T) {
	const extensions = `{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}`
	h := toyHandler(gqlhttp.Options{AuthError: func(context.Context) error { return nil }})
	get := httptest.NewRequest(http.MethodGet, "/graphql?operationName=Q&extensions="+strings.NewReplacer(`"`, "%22", "{", "%7B", "}", "%7D").Replace(extensions), nil)
	for _, r := range []*http.Request{get, post(`{"operationName":"Q","variables":{},"extensions":` + extensions + `}`), post(`{"query":"","extensions":` + extensions + `}`)} {
		a := send(t, h, r)
		require.Equal(t, http.StatusOK, a.Code)
		require.JSONEq(t, `{"errors":[{"message":"PersistedQueryNotSupported","extensions":{"code":"BAD_USER_INPUT","reason":"PERSISTED_QUERY_NOT_SUPPORTED"}}]}`, a.Body.String())
	}
	a := send(t, h, post(`{"query":"{ hello }","extensions":`+extensions+`}`))
	require.Empty(t, a.JSON.Errors, "with the document it is ignored")
	a = send(t, h, post(`{"extensions":{"persistedQuery":null}}`))
	require.Equal(t, http.StatusBadRequest, a.Code)

	// A sender that could not be authenticated may be about to sign in, which
	// only the document shows.
	unauthenticated := toyHandler(gqlhttp.Options{AuthError: func(context.Context) error {
		return fault.New(fault.CodeUnauthenticated, fault.ReasonSessionExpired, "Gone.")
	}})
	a = send(t, unauthenticated, post(`{"extensions":`+extensions+`}`))
	require.Equal(t, "PersistedQueryNotSupported", a.JSON.Errors[0].Message)
}
