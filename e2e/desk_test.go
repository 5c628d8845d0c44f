package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// desk tests what those do who decide about many requests: counting what waits, by whatever
// narrows the list, deciding about several at once, and registering with approval.
func desk(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "desk")
	product, _ := c.newProduct(t, "desk", "MANUAL")
	var waiting []string
	for _, name := range []string{"First", "Second", "Third"} {
		app, _ := c.newApp(t, name)
		waiting = append(waiting, c.register(t, app, product))
	}
	const read = `query($where: ProductSubscriptionFilter) { productSubscriptionCounts(where: $where) { total waiting approved rejected suspended unsubscribed planChangesWaiting }
		productSubscriptions(where: $where) { totalCount nodes { id createdAt } } }`
	mine := vars{"productIds": []any{product}}
	seen := c.admin.Must(t, read, vars{"where": mine})
	require.Equal(t, waiting, texts(seen, "id", "productSubscriptions", "nodes"), "the oldest first")
	requireCounts(t, seen, vars{"total": 3, "waiting": 3})
	since := seen.Text("productSubscriptions", "nodes", 1, "createdAt")
	late := c.admin.Must(t, read, vars{"where": vars{"productIds": []any{product}, "accountIds": []any{c.account}, "createdAfter": since}})
	require.Equal(t, waiting[1:], texts(late, "id", "productSubscriptions", "nodes"))
	requireCounts(t, late, vars{"total": 2, "waiting": 2})

	const fields = `results { subscriptionId productSubscription { id status reason } userError { code field message } error { code reason } }`
	requireUnknownField(t, c.dev.Ask(t, "decideSubscriptions", vars{"subscriptionIds": waiting, "decision": "APPROVE"}, fields))
	for code, in := range map[string]vars{
		"REQUIRED reason":           {"subscriptionIds": waiting, "decision": "REJECT"},
		"REQUIRED subscriptionIds":  {"subscriptionIds": []any{}, "decision": "APPROVE"},
		"INVALID subscriptionIds.1": {"subscriptionIds": []any{waiting[0], waiting[0]}, "decision": "APPROVE"},
	} {
		a := c.admin.Ask(t, "decideSubscriptions", in, fields)
		of, field, _ := strings.Cut(code, " ")
		requireProblem(t, a, "decideSubscriptions", of, field)
		require.Empty(t, a.List("decideSubscriptions", "results"))
	}
	c.dev.Do(t, "withdraw", vars{"subscriptionId": waiting[1]}, `productSubscription { status }`)
	unknown := c.admin.Ask(t, "approveSubscription", vars{"subscriptionId": "sub_nobody"}, `productSubscription { id }`)
	a := c.admin.Do(t, "decideSubscriptions", vars{"subscriptionIds": []any{waiting[2], "sub_nobody", waiting[1], waiting[0]}, "decision": "REJECT", "reason": "Closed."}, fields)
	require.Equal(t, []string{waiting[2], "sub_nobody", waiting[1], waiting[0]}, texts(a, "subscriptionId", "decideSubscriptions", "results"))
	for _, i := range []int{0, 3} {
		require.Equal(t, "REJECTED", a.Text("decideSubscriptions", "results", i, "productSubscription", "status"))
		require.Equal(t, "Closed.", a.Text("decideSubscriptions", "results", i, "productSubscription", "reason"))
	}
	require.Equal(t, unknown.Errors[0].Code(), a.Text("decideSubscriptions", "results", 1, "error", "code"))
	require.Equal(t, "WRONG_STATUS", a.Text("decideSubscriptions", "results", 2, "userError", "code"))
	require.Equal(t, []any{"subscriptionIds", "2"}, a.List("decideSubscriptions", "results", 2, "userError", "field"))
	requireCounts(t, c.admin.Must(t, read, vars{"where": mine}), vars{"total": 3, "rejected": 2, "unsubscribed": 1})
	requireCounts(t, c.dev.Must(t, read, vars{"where": mine}), vars{"total": 3, "rejected": 2, "unsubscribed": 1})

	app, _ := c.newApp(t, "Approved at once")
	in := vars{"appId": app, "productId": product, "approve": true}
	requireError(t, c.dev.Ask(t, "register", in, subscriptionFields), "BAD_USER_INPUT")
	require.Equal(t, "APPROVED", c.admin.Do(t, "register", in, subscriptionFields).Text("register", "productSubscription", "status"))

	requireProblem(t, c.admin.Ask(t, "updateOrganization", vars{"requestsExpireAfterDays": 366}, `organization { id }`), "updateOrganization", "INVALID", "requestsExpireAfterDays")
	set := c.admin.Do(t, "updateOrganization", vars{"requestsExpireAfterDays": 365}, `organization { requestsExpireAfterDays }`)
	require.Equal(t, 365, set.Number("updateOrganization", "organization", "requestsExpireAfterDays"))
	require.Equal(t, 365, c.dev.Must(t, `{ viewer { organization { requestsExpireAfterDays } } }`, nil).Number("viewer", "organization", "requestsExpireAfterDays"))
}

// requireCounts requires the counts that an answer has; those that are not named are 0.
func requireCounts(t *testing.T, a *servertest.Answer, want vars) {
	t.Helper()
	for _, name := range []string{"total", "waiting", "approved", "rejected", "suspended", "unsubscribed", "planChangesWaiting"} {
		n, _ := want[name].(int)
		require.Equal(t, n, a.Number("productSubscriptionCounts", name), name)
	}
}
