package gqlhttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

// Observe gets the name, the kind and the codes of each request, and whether its
// document was requested before.
func TestRequestsAreObserved(t *testing.T) {
	var seen []gqlhttp.Observation
	h := toyHandler(gqlhttp.Options{Observe: func(_ context.Context, o gqlhttp.Observation) {
		require.Positive(t, o.Took)
		o.Took = 0
		seen = append(seen, o)
	}})
	ask := func(body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	ask(`{"query": "query Greeting { hello }"}`)
	ask(`{"query": "query Greeting { hello }"}`)
	ask(`{"query": "{ hello }"}`)
	ask(`{"query": "query Broken { nothing }"}`)
	ask(`not JSON`)
	require.Equal(t, []gqlhttp.Observation{
		{Operation: "Greeting", Kind: "query"},
		{Operation: "Greeting", Kind: "query", Known: true},
		{Kind: "query"},
		{Codes: []string{"BAD_USER_INPUT"}},
		{Codes: []string{"BAD_USER_INPUT"}},
	}, seen)
}
