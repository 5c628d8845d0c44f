package graph

import (
	"context"
	"encoding/json"
	"maps"
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

// Revoking many keys, deciding about many subscriptions, and accepting terms for them, costs more for each, however
// they are named; what is more than may be named is counted as 100.
func TestElementsCostMore(t *testing.T) {
	purse := &penniless{}
	h, err := NewHandler(Options{Budget: purse})
	require.NoError(t, err)
	for _, of := range []struct {
		mutation, input, list, further string
		more                           map[string]any
		price                          int
	}{
		{"revokeKeys", "RevokeKeysInput", "credentialIds", "", nil, revocationCost},
		{"decideSubscriptions", "DecideSubscriptionsInput", "subscriptionIds", ", decision: APPROVE", map[string]any{"decision": "APPROVE"}, decisionCost},
		{"acceptProductTerms", "AcceptProductTermsInput", "subscriptionIds", `, version: "1"`, map[string]any{"version": "1"}, acceptanceCost},
	} {
		t.Run(of.mutation, func(t *testing.T) {
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
			with := func(variables, ids string) string {
				return "mutation" + variables + " { " + of.mutation + "(input: {" + of.list + ": " + ids + of.further + "}) { __typename } }"
			}
			list, whole := with("($ids: [ID!]!)", "$ids"), "mutation($in: "+of.input+"!) { "+of.mutation+"(input: $in) { __typename } }"
			one := cost(list, map[string]any{"ids": []string{"a"}})
			require.GreaterOrEqual(t, one, mutationCost+of.price)
			for n, want := range map[int]int{0: 1, 1: 1, 2: 2, 100: 100, 300: 100} {
				ids := make([]string, n)
				in := map[string]any{of.list: ids}
				maps.Copy(in, of.more)
				require.Equal(t, one+(want-1)*of.price, cost(list, map[string]any{"ids": ids}), n)
				require.Equal(t, one+(want-1)*of.price, cost(whole, map[string]any{"in": in}), n)
			}
			require.Equal(t, one+2*of.price, cost(with("", `["a", "b", "c"]`), nil))
			require.Equal(t, one+of.price, cost(with("($id: ID!)", `[$id, "b"]`), map[string]any{"id": "a"}))
			require.Equal(t, one, cost(with("", `"a"`), nil))
		})
	}
}

// Asking for many products with one request for a key costs more for each.
func TestPlansOfARequestCostMore(t *testing.T) {
	purse := &penniless{}
	h, err := NewHandler(Options{Budget: purse})
	require.NoError(t, err)
	for mutation, target := range map[string]string{"requestKey": "appId", "updateKeyRequest": "keyRequestId"} {
		cost := func(n int) int {
			t.Helper()
			plans := make([]map[string]any, n)
			for i := range plans {
				plans[i] = map[string]any{"productId": "p"}
			}
			body, err := json.Marshal(map[string]any{
				"query":     "mutation($id: ID!, $plans: [KeyRequestPlanInput!]!) { " + mutation + "(input: {" + target + ": $id, plans: $plans}) { __typename } }",
				"variables": map[string]any{"id": "a", "plans": plans},
			})
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
			r.Header.Set("Content-Type", "application/json")
			purse.last = gqlhttp.Cost{}
			h.ServeHTTP(httptest.NewRecorder(), r.WithContext(viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Portal})))
			return purse.last.Requested
		}
		one := cost(1)
		require.GreaterOrEqual(t, one, mutationCost+wishCost, mutation)
		require.Equal(t, one+19*wishCost, cost(20), mutation)
	}
}

// Moving many subscriptions costs more for each, whether they are named or counted; without
// either, as many as are moved at once.
func TestMovedSubscriptionsCostMore(t *testing.T) {
	purse := &penniless{}
	h, err := NewHandler(Options{Budget: purse})
	require.NoError(t, err)
	cost := func(variables, further string, given map[string]any) int {
		t.Helper()
		body, err := json.Marshal(map[string]any{"query": "mutation" + variables + " { movePlanSubscriptions(input: {planId: \"p\"" + further + "}) { __typename } }", "variables": given})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		purse.last = gqlhttp.Cost{}
		h.ServeHTTP(httptest.NewRecorder(), r.WithContext(viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Admin})))
		return purse.last.Requested
	}
	one := cost("", ", first: 1", nil)
	require.GreaterOrEqual(t, one, mutationCost+moveCost)
	for further, n := range map[string]int{
		"": 100, ", first: 7": 7, ", first: 0": 1, ", first: 5000": 100, `, subscriptionIds: ["a"]`: 1, `, subscriptionIds: ["a", "b"], first: 50`: 2, `, subscriptionIds: "a"`: 1,
	} {
		require.Equal(t, one+(n-1)*moveCost, cost("", further, nil), further)
	}
	require.Equal(t, one+2*moveCost, cost("($n: Int)", ", first: $n", map[string]any{"n": 3}))
	require.Equal(t, one+99*moveCost, cost("($n: Int)", ", first: $n", nil))
	require.Equal(t, one+2*moveCost, cost("($ids: [ID!])", ", subscriptionIds: $ids", map[string]any{"ids": []string{"a", "b", "c"}}))
	require.Equal(t, one+99*moveCost, cost("($ids: [ID!])", ", subscriptionIds: $ids", nil))
}
