package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/gqlhttp"
	"portico/internal/viewer"
)

// penniless is a Budget that records a cost, and pays for no mutation.
type penniless struct{ spent }

func (p *penniless) Take(_ context.Context, c *gqlhttp.Cost) error {
	if p.last = *c; c.Requested < mutationCost {
		return nil // for reading the document
	}
	return fault.New(fault.CodeRateLimited, fault.ReasonBudget, "No.")
}

// Revoking many keys costs more for each, however they are named; what is more than may
// be named is counted as 100.
func TestRevokeKeysCostsMoreForEachKey(t *testing.T) {
	purse := &penniless{}
	h, err := NewHandler(Options{Budget: purse})
	require.NoError(t, err)
	cost := func(document string, variables map[string]any) int {
		t.Helper()
		body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		purse.last = gqlhttp.Cost{}
		h.ServeHTTP(httptest.NewRecorder(), r.WithContext(viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Admin})))
		return purse.last.Requested
	}
	const list, whole = `mutation($ids: [ID!]!) { revokeKeys(input: {credentialIds: $ids}) { __typename } }`, `mutation($in: RevokeKeysInput!) { revokeKeys(input: $in) { __typename } }`
	one := cost(list, map[string]any{"ids": []string{"a"}})
	require.GreaterOrEqual(t, one, mutationCost+revocationCost)
	for n, want := range map[int]int{0: 1, 1: 1, 2: 2, 100: 100, 300: 100} {
		ids := make([]string, n)
		in := map[string]any{"credentialIds": ids}
		require.Equal(t, one+(want-1)*revocationCost, cost(list, map[string]any{"ids": ids}), n)
		require.Equal(t, one+(want-1)*revocationCost, cost(whole, map[string]any{"in": in}), n)
	}
	require.Equal(t, one+2*revocationCost, cost(`mutation { revokeKeys(input: {credentialIds: ["a", "b", "c"]}) { __typename } }`, nil))
	require.Equal(t, one+revocationCost, cost(`mutation($id: ID!) { revokeKeys(input: {credentialIds: [$id, "b"]}) { __typename } }`, map[string]any{"id": "a"}))
	require.Equal(t, one, cost(`mutation { revokeKeys(input: {credentialIds: "a"}) { __typename } }`, nil))
}
