package e2e

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// movePlan gives the running subscriptions of a plan its newest terms, and returns how many
// got them.
func (c *actors) movePlan(t *testing.T, plan string) int {
	t.Helper()
	a := c.admin.Do(t, "movePlanSubscriptions", vars{"planId": plan, "reason": "New terms."}, `plan { id } moved remaining`)
	require.Zero(t, a.Number("movePlanSubscriptions", "remaining"))
	return a.Number("movePlanSubscriptions", "moved")
}

// A changed plan leaves running subscriptions their limits and price, at the gateway too,
// until an administrator moves them; what was used of the quota stays used. A developer takes
// the newest terms earlier. Of many moves at once, each subscription is moved by one.
func revisedPlans(t *testing.T, s *servertest.Server) {
	c := newPlanScene(t, s, "revising")
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "revising"))
	const terms = `query($id: ID!) { productSubscription(id: $id) {
		plan { revision quota { limit } } planRevision { id number price { amount } quota { limit } charge(calls: 5) { amount } } quota { used limit } } }`
	c.admin.Do(t, "updatePlan", vars{"planId": c.small, "quota": vars{"limit": 2, "per": "MONTH"}, "price": vars{"amount": "19.90", "currency": "EUR"}}, `plan { revision }`)
	agreed := func(number int, amount string, limit float64) {
		t.Helper()
		a := c.dev.Must(t, terms, vars{"id": c.id})
		require.Equal(t, 2, a.Number("productSubscription", "plan", "revision"))
		require.Equal(t, number, a.Number("productSubscription", "planRevision", "number"))
		require.Equal(t, amount, a.Text("productSubscription", "planRevision", "charge", "amount"))
		require.Equal(t, limit, a.At("productSubscription", "quota", "limit"))
	}
	agreed(1, "9.90", 3)
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "revising"))
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "revising"), "the third, as was agreed to")
	require.Equal(t, "QUOTA_EXCEEDED", c.gateway.code(t, c.key, "revising"))

	const counts = `query($id: ID!) { node(id: $id) { ... on Plan { revisions { nodes { number subscriptionCount } } } } }`
	inUse := func() []any {
		t.Helper()
		return c.admin.Must(t, counts, vars{"id": c.small}).List("node", "revisions", "nodes")
	}
	row := func(number, count float64) any { return map[string]any{"number": number, "subscriptionCount": count} }
	require.Equal(t, []any{row(1, 1), row(2, 0)}, inUse())
	seen := c.dev.Must(t, `query($id: ID!, $plan: ID!) { previewChangePlan(subscriptionId: $id, planId: $plan) { priceDifference { amount } } }`, vars{"id": c.id, "plan": c.small})
	require.Equal(t, "10.00", seen.Text("previewChangePlan", "priceDifference", "amount"))

	// Nobody else moves them, and only those of the plan are moved.
	require.NotContains(t, c.dev.Ask(t, "movePlanSubscriptions", vars{"planId": c.small}, `moved`).Raw, `"data"`, "a developer's schema does not have it")
	requireProblem(t, c.admin.Ask(t, "movePlanSubscriptions", vars{"planId": c.large, "subscriptionIds": []string{c.id}}, `moved`), "movePlanSubscriptions", "UNKNOWN_REFERENCE", "subscriptionIds.0")
	requireError(t, c.admin.Ask(t, "movePlanSubscriptions", vars{"planId": c.small, "version": 1}, `moved`), "CONFLICT")

	c.admin.Do(t, "updatePlan", vars{"planId": c.small, "quota": vars{"limit": 4, "per": "MONTH"}}, `plan { revision }`)
	var wait sync.WaitGroup
	moved := make([]int, 64)
	for i := range moved {
		wait.Go(func() { moved[i] = c.movePlan(t, c.small) })
	}
	wait.Wait()
	sum := 0
	for _, n := range moved {
		sum += n
	}
	require.Equal(t, 1, sum)
	require.Equal(t, []any{row(1, 0), row(2, 0), row(3, 1)}, inUse())
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "revising"), "the fourth: three were used before")
	require.Equal(t, "QUOTA_EXCEEDED", c.gateway.code(t, c.key, "revising"))

	c.admin.Do(t, "updatePlan", vars{"planId": c.small, "quota": nil}, `plan { revision }`)
	require.Equal(t, "QUOTA_EXCEEDED", c.gateway.code(t, c.key, "revising"))
	c.change(t, c.small, "NOW")
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "revising"), "the developer took the newest")
}
