package e2e

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

const changedPlan = `productSubscription { id status version plan { name } pendingChange { plan { name } status when effectiveAt reason requestedBy { name } } allowedTransitions }`

// planScene is a developer's app with a key, registered with a product of three plans.
type planScene struct {
	*actors
	product, id, key      string
	small, large, special string
	gateway               *gatewayClient
}

func newPlanScene(t *testing.T, s *servertest.Server, name string) *planScene {
	c := &planScene{actors: newActors(t, s, name), gateway: newGatewayClient(t, s, "demo", name)}
	c.product = c.admin.Do(t, "createProduct", vars{"name": name}, `product { id }`).Text("createProduct", "product", "id")
	plan := func(name, approval, amount string, limit int) string {
		return c.admin.Do(t, "createPlan", vars{"productId": c.product, "name": name, "approval": approval, "kind": "SUBSCRIPTION",
			"price": vars{"amount": amount, "currency": "EUR"}, "quota": vars{"limit": limit, "per": "MONTH"}}, `plan { id }`).Text("createPlan", "plan", "id")
	}
	c.small, c.large, c.special = plan("Small", "AUTO", "9.90", 3), plan("Large", "AUTO", "49.00", 1000), plan("Special", "MANUAL", "99.00", 9)
	c.publish(t, c.product)
	app, _ := c.newApp(t, "Growing")
	_, c.key = c.newKey(t, app)
	a := c.dev.Do(t, "register", vars{"appId": app, "productId": c.product, "planId": c.small}, `productSubscription { id status }`)
	require.Equal(t, "APPROVED", a.Text("register", "productSubscription", "status"))
	c.id = a.Text("register", "productSubscription", "id")
	return c
}

func (c *planScene) change(t *testing.T, to, when string) *servertest.Answer {
	t.Helper()
	return c.dev.Do(t, "changePlan", vars{"subscriptionId": c.id, "planId": to, "when": when, "reason": "Growth."}, changedPlan)
}

// A developer sees what another plan costs and takes it: the key stays, other limits apply
// when the answer comes, and what was used of the quota stays used.
func changedPlans(t *testing.T, s *servertest.Server) {
	c := newPlanScene(t, s, "growing")
	for range 3 {
		require.Equal(t, "VALID", c.gateway.code(t, c.key, "growing"))
	}
	require.Equal(t, "QUOTA_EXCEEDED", c.gateway.code(t, c.key, "growing"))
	const preview = `query($id: ID!, $plan: ID!) { previewChangePlan(subscriptionId: $id, planId: $plan) {
		plan { name quota { limit } } newPlan { name quota { limit } } priceDifference { amount currency } needsApproval effectiveAt impact { credentialCount appCount } } }`
	seen := c.dev.Must(t, preview, vars{"id": c.id, "plan": c.large})
	require.Equal(t, "39.10", seen.Text("previewChangePlan", "priceDifference", "amount"))
	require.Equal(t, false, seen.At("previewChangePlan", "needsApproval"))
	require.NotNil(t, seen.At("previewChangePlan", "effectiveAt"))
	require.Equal(t, 2, seen.Number("previewChangePlan", "impact", "credentialCount"))

	a := c.change(t, c.large, "NOW")
	require.Equal(t, c.id, a.Text("changePlan", "productSubscription", "id"))
	require.Equal(t, "Large", a.Text("changePlan", "productSubscription", "plan", "name"))
	require.Nil(t, a.At("changePlan", "productSubscription", "pendingChange"))
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "growing"), "the same key, by the new limits")
	c.change(t, c.small, "NOW")
	require.Equal(t, "QUOTA_EXCEEDED", c.gateway.code(t, c.key, "growing"), "changing to and fro gives nothing anew")

	seen = c.dev.Must(t, preview, vars{"id": c.id, "plan": c.special})
	require.Equal(t, true, seen.At("previewChangePlan", "needsApproval"))
	require.Nil(t, seen.At("previewChangePlan", "effectiveAt"))
	a = c.change(t, c.special, "NOW")
	pending := a.At("changePlan", "productSubscription", "pendingChange").(map[string]any)
	require.Equal(t, "WAITING", pending["status"])
	require.Equal(t, "Growth.", pending["reason"])
	require.Equal(t, []any{"CHANGE_PLAN", "CANCEL_PLAN_CHANGE"}, a.At("changePlan", "productSubscription", "allowedTransitions"))
	requireUnknownField(t, c.dev.Ask(t, "approvePlanChange", vars{"subscriptionId": c.id}, changedPlan))
	c.decidePlan(t)
	require.Equal(t, []string{
		"SUBSCRIPTION_PLAN_CHANGED", "SUBSCRIPTION_PLAN_CHANGE_REQUESTED", "SUBSCRIPTION_PLAN_CHANGE_REJECTED", "SUBSCRIPTION_PLAN_CHANGE_REQUESTED",
		"SUBSCRIPTION_PLAN_CHANGED", "SUBSCRIPTION_PLAN_CHANGED", "SUBSCRIPTION_REGISTERED",
	}, timeline(t, c.dev, c.id))
}

// decidePlan lets an administrator find, reject and then approve the change.
func (c *planScene) decidePlan(t *testing.T) {
	queue := c.admin.Must(t, `query($products: [ID!]) { productSubscriptions(where: {planChange: [WAITING], productIds: $products}) { nodes { id version allowedTransitions pendingChange { requestedBy { name } } } } }`, vars{"products": []string{c.product}})
	require.Equal(t, []string{c.id}, texts(queue, "id", "productSubscriptions", "nodes"))
	require.Contains(t, queue.At("productSubscriptions", "nodes", 0, "allowedTransitions"), "APPROVE_PLAN_CHANGE")
	old := queue.Number("productSubscriptions", "nodes", 0, "version")
	requireProblem(t, c.admin.Ask(t, "rejectPlanChange", vars{"subscriptionId": c.id, "reason": " "}, changedPlan), "rejectPlanChange", "REQUIRED", "reason")
	a := c.admin.Do(t, "rejectPlanChange", vars{"subscriptionId": c.id, "version": old, "reason": "Not yet."}, changedPlan)
	require.Nil(t, a.At("rejectPlanChange", "productSubscription", "pendingChange"))
	requireProblem(t, c.admin.Ask(t, "approvePlanChange", vars{"subscriptionId": c.id}, changedPlan), "approvePlanChange", "WRONG_STATUS", "subscriptionId")
	c.change(t, c.special, "NOW")
	requireReason(t, c.admin.Ask(t, "approvePlanChange", vars{"subscriptionId": c.id, "version": old}, changedPlan), "CONFLICT", "STALE_VERSION")
	a = c.admin.Do(t, "approvePlanChange", vars{"subscriptionId": c.id}, changedPlan)
	require.Equal(t, "Special", a.Text("approvePlanChange", "productSubscription", "plan", "name"))
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "growing"), "of 9 calls some are left")
}

// What is refused changes nothing, and of many changes at once each that happens has one
// event.
func refusedPlanChanges(t *testing.T, s *servertest.Server) {
	c := newPlanScene(t, s, "unchanged")
	_, elsewhere := c.newProduct(t, "unchanged-other", "AUTO")
	refused := func(code, field string, in vars) {
		t.Helper()
		requireProblem(t, c.dev.Ask(t, "changePlan", in, changedPlan), "changePlan", code, field)
	}
	for _, id := range []string{elsewhere, "", "plan_x", c.id, c.product} {
		refused("UNKNOWN_REFERENCE", "planId", vars{"subscriptionId": c.id, "planId": id})
	}
	refused("ALREADY_REGISTERED", "planId", vars{"subscriptionId": c.id, "planId": c.small})
	refused("WRONG_STATUS", "subscriptionId", vars{"subscriptionId": c.register(t, c.anotherApp(t), c.waitingProduct(t)), "planId": c.large})
	requireProblem(t, c.dev.Ask(t, "cancelPlanChange", vars{"subscriptionId": c.id}, changedPlan), "cancelPlanChange", "WRONG_STATUS", "subscriptionId")
	stranger := newActors(t, s, "unchanging")
	for _, id := range []string{c.id, "sub_x", c.small} {
		want := stranger.dev.Ask(t, "changePlan", vars{"subscriptionId": id, "planId": c.large}, changedPlan)
		requireReason(t, want, "NOT_FOUND", "UNKNOWN_OBJECT")
	}
	require.Equal(t, []string{"SUBSCRIPTION_REGISTERED"}, timeline(t, c.dev, c.id))

	var asking sync.WaitGroup
	answers := make([]*servertest.Answer, 64)
	for n := range answers {
		asking.Go(func() {
			answers[n] = c.dev.Ask(t, "changePlan", vars{"subscriptionId": c.id, "planId": c.large}, changedPlan+` userErrors { code }`)
		})
	}
	asking.Wait()
	changed := 0
	for _, a := range answers {
		if a.At("changePlan", "productSubscription") != nil {
			changed++
		}
	}
	require.Equal(t, 1, changed)
	require.Equal(t, []string{"SUBSCRIPTION_PLAN_CHANGED", "SUBSCRIPTION_REGISTERED"}, timeline(t, c.dev, c.id))
	c.change(t, c.small, "PERIOD_END")
	c.admin.Do(t, "suspendSubscription", vars{"subscriptionId": c.id}, `productSubscription { id }`)
	a := c.admin.Do(t, "resumeSubscription", vars{"subscriptionId": c.id}, changedPlan)
	require.Nil(t, a.At("resumeSubscription", "productSubscription", "pendingChange"), "a suspension ends it")
}

func (c *planScene) anotherApp(t *testing.T) string {
	app, _ := c.newApp(t, "Another")
	return app
}

func (c *planScene) waitingProduct(t *testing.T) string {
	product, _ := c.newProduct(t, "unchanged-waiting", "MANUAL")
	return product
}

// A change at the end of the month takes effect by itself when its time has come, also for
// gateways.
func TestPlanChangesWithTheMonth(t *testing.T) {
	each(t, func(t *testing.T, s *servertest.Server) {
		c := newPlanScene(t, s, "monthly")
		a := c.change(t, c.large, "PERIOD_END")
		require.Equal(t, "Small", a.Text("changePlan", "productSubscription", "plan", "name"))
		at, err := time.Parse(time.RFC3339, a.Text("changePlan", "productSubscription", "pendingChange", "effectiveAt"))
		require.NoError(t, err)
		require.True(t, at.After(time.Now()))
		require.Less(t, time.Until(at), 32*24*time.Hour)
		for range 3 {
			require.Equal(t, "VALID", c.gateway.code(t, c.key, "monthly"))
		}
		require.Equal(t, "QUOTA_EXCEEDED", c.gateway.code(t, c.key, "monthly"), "the old plan until then")

		database := testdb.Open(t, s.Setting("DATABASE_URL"))
		_, err = database.ExecContext(t.Context(), `UPDATE subscriptions SET pending_effective_at = $1 WHERE pending_effective_at IS NOT NULL`, time.Now().UTC().Add(-time.Second))
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			// So that the job need not wait a minute for its next turn.
			_, err := database.ExecContext(t.Context(), `UPDATE leases SET last_run_at = NULL WHERE id = 'plan-changes'`)
			require.NoError(t, err)
			return c.gateway.code(t, c.key, "monthly") == "VALID"
		}, 2*time.Minute, time.Second)
		seen := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on ProductSubscription { plan { name } pendingChange { status }
			timeline(first: 1) { nodes { type reason actor { name } changes { field before after } } } } } }`, vars{"id": c.id})
		require.Equal(t, "Large", seen.Text("node", "plan", "name"))
		require.Nil(t, seen.At("node", "pendingChange"))
		require.Equal(t, "SUBSCRIPTION_PLAN_CHANGED", seen.Text("node", "timeline", "nodes", 0, "type"))
		require.Equal(t, "Portico", seen.Text("node", "timeline", "nodes", 0, "actor", "name"))
		require.Equal(t, "Growth.", seen.Text("node", "timeline", "nodes", 0, "reason"))
	})
}
