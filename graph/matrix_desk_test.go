package graph_test

import (
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
)

// Desk is what the matrix knows of counting what waits, and of deciding about many.
func (nouns) Desk() noun {
	// Each time another one, because it can be decided once.
	decide := func(fresh func(w *world) string) question {
		return question{
			document: "mutation($sub: ID!) { decideSubscriptions(input: {subscriptionIds: [$sub], decision: APPROVE}) { results { %s } } }", at: "decideSubscriptions.results",
			vars: func(w *world) map[string]any { return map[string]any{"sub": fresh(w)} },
		}
	}
	return noun{
		fields: map[string]resolver{"Query.productSubscriptionCounts": subscriptionCounts},
		values: map[string]any{"ProductSubscriptionCounts": apps.SubscriptionCounts{}},
		questions: map[string]question{
			"ProductSubscriptionCounts":          plain("{ productSubscriptionCounts { %s } }", "productSubscriptionCounts"),
			"Query.productSubscriptionCounts":    {document: "{ productSubscriptionCounts { total } }"},
			"DecideSubscriptionsResult":          decide((*world).waiting),
			"DecideSubscriptionsResult: decided": decide((*world).approved),
			"RegisterInput.approve": {
				document: "mutation($app: ID!, $product: ID!) { register(input: {appId: $app, productId: $product, approve: true}) { productSubscription { id } } }",
				vars: func(w *world) map[string]any {
					return map[string]any{"app": w.freshApp(), "product": w.ids["product"]}
				},
			},
		},
		plays: map[string]play{
			"Mutation.decideSubscriptions": {target: "subscriptionIds", event: "SUBSCRIPTION_APPROVED", input: func(w *world, _ string) arguments {
				return arguments{"subscriptionIds": []string{w.waiting()}, "decision": "APPROVE"}
			}},
		},
		targets: map[string]string{"decideSubscriptions": "subscriptionIds"},
		samples: map[string]string{"subscriptionIds": "waiting"},
		nothing: map[string]string{
			"none said":   "DecideSubscriptionsInput.reason",
			"not at once": "RegisterInput.approve",
			"never":       "UpdateOrganizationInput.requestsExpireAfterDays",
		},
		produce: (*world).produceDecisions,
	}
}

// produceDecisions decides in each way, and lets a request and a change of plan expire.
func (w *world) produceDecisions() {
	for _, decision := range w.values("SubscriptionDecision") {
		w.mustSucceed("admin", "decideSubscriptions", arguments{"subscriptionIds": []string{w.waiting()}, "decision": decision, "reason": "So."}, "results { productSubscription { status } }")
	}
	w.make("admin", "updateOrganization", arguments{"requestsExpireAfterDays": 30}, "organization")
	long := w.Clock.Now().AddDate(0, 0, -31)
	for id, statement := range map[string]string{
		w.waiting(): `UPDATE subscriptions SET created_at = $2 WHERE id = $1`, w.planRequested(): `UPDATE subscriptions SET pending_requested_at = $2 WHERE id = $1`,
	} {
		_, err := w.Database.ExecContext(w.t.Context(), statement, idOf(id), long)
		require.NoError(w.t, err)
	}
	n, err := w.Portal.Maintenance.ExpireRequests(w.t.Context())
	require.NoError(w.t, err)
	require.Equal(w.t, 2, n)
}

// subscriptionCounts counts what the reference lists by the same filter.
func subscriptionCounts(q fieldRequest) (any, error) {
	if text, ok := q.object("where").text("search"); ok {
		if err := checkSearch(text); err != nil {
			return nil, err
		}
	}
	all, err := q.rows.all(nodeid.ProductSubscription)
	all, err = rowsWhere(all, err, func(s *db.Subscription) bool { return q.subscriptionListed(s) })
	out := &apps.SubscriptionCounts{Total: len(all)}
	for _, row := range all {
		s := row.(*db.Subscription)
		switch s.Status {
		case access.SubscriptionWaiting:
			out.Waiting++
		case access.SubscriptionApproved:
			if out.Approved++; s.PendingStatus != nil && *s.PendingStatus == lifecycle.PlanChangeWaiting {
				out.PlanChangesWaiting++
			}
		case access.SubscriptionRejected:
			out.Rejected++
		case access.SubscriptionSuspended:
			out.Suspended++
		case access.SubscriptionEnded:
			out.Unsubscribed++
		}
	}
	return out, err
}

// subscriptionListed applies the whole filter of lists of subscriptions.
func (q fieldRequest) subscriptionListed(s *db.Subscription) bool {
	where := q.object("where")
	return q.subscriptionMatches(s) && where.amongIDs("productIds", nodeid.Product, s.ProductID) &&
		where.amongIDs("appIds", nodeid.App, s.AppID) && where.amongIDs("accountIds", nodeid.Account, s.AccountID) && planChangeMatches(where, s) && q.foundBy(where, s)
}
