package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// approvers tests somebody who decides about one product: what is found, decided and
// refused over HTTP, and that all of it ends at once.
func approvers(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "approvers")
	mine, _ := c.newProduct(t, "approvers-mine", "MANUAL")
	theirs, _ := c.newProduct(t, "approvers-theirs", "MANUAL")
	app, _ := c.newApp(t, "Asks for both")
	first, other := c.register(t, app, mine), c.register(t, app, theirs)
	const email = "ada@approvers.example"
	ada := c.admin.Do(t, "createUser", vars{"name": "Ada Approver", "email": email, "password": servertest.UserPassword, "role": "APPROVER"}, `user { id role }`)
	id := ada.Text("createUser", "user", "id")
	requireProblem(t, c.admin.Ask(t, "addApprover", vars{"productId": mine, "userId": c.developer}, `product { id }`), "addApprover", "NOT_ALLOWED", "userId")
	requireUnknownField(t, c.dev.Ask(t, "addApprover", vars{"productId": mine, "userId": id}, `product { id }`))

	by := s.SignInWith(t, email, servertest.UserPassword)
	const queue = `{ viewer { role account { id } } products { nodes { id } } productSubscriptions(where: {status: [WAITING]}) {
		totalCount nodes { id allowedTransitions app { name } account { name } requestedBy { name } timeline { nodes { type } } } } }`
	require.Zero(t, by.Must(t, queue, nil).Number("productSubscriptions", "totalCount"), "named for nothing yet")
	named := c.admin.Do(t, "addApprover", vars{"productId": mine, "userId": id}, `product { approvers { nodes { id } } }`)
	require.Equal(t, id, named.Text("addApprover", "product", "approvers", "nodes", 0, "id"))
	seen := by.Must(t, queue, nil)
	require.Equal(t, "APPROVER", seen.Text("viewer", "role"))
	require.Equal(t, []string{mine}, texts(seen, "id", "products", "nodes"))
	require.Equal(t, []string{first}, texts(seen, "id", "productSubscriptions", "nodes"))
	require.Equal(t, []any{"APPROVE", "REJECT"}, seen.List("productSubscriptions", "nodes", 0, "allowedTransitions"))
	require.Equal(t, "approvers developer", seen.Text("productSubscriptions", "nodes", 0, "requestedBy", "name"))
	require.Equal(t, "SUBSCRIPTION_REGISTERED", seen.Text("productSubscriptions", "nodes", 0, "timeline", "nodes", 0, "type"))

	requireError(t, by.Ask(t, "rejectSubscription", vars{"subscriptionId": other, "reason": "No."}, `productSubscription { id }`), "NOT_FOUND")
	by.Do(t, "rejectSubscription", vars{"subscriptionId": first, "reason": "Please say what for."}, `productSubscription { status reason }`)
	again := c.register(t, app, mine)
	by.Do(t, "approveSubscription", vars{"subscriptionId": again}, `productSubscription { status }`)
	for _, field := range []string{`{ users { totalCount } }`, `{ apps { totalCount } }`, `{ productSubscriptions { nodes { app { credentials { totalCount } } } } }`, `{ events { totalCount } }`} {
		requireUnknownField(t, by.Send(t, field, nil))
	}
	requireUnknownField(t, by.Ask(t, "suspendSubscription", vars{"subscriptionId": again, "reason": "No."}, `productSubscription { id }`))

	told := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on ProductSubscription { decidedBy { role name } timeline { nodes { actor { role name } } } } } }`, vars{"id": again})
	require.Equal(t, "ADMIN Administrator", told.Text("node", "decidedBy", "role")+" "+told.Text("node", "decidedBy", "name"))
	require.NotContains(t, told.Raw, "Ada")

	c.admin.Do(t, "removeApprover", vars{"productId": mine, "userId": id, "reason": "On leave."}, `product { id }`)
	require.Zero(t, by.Must(t, queue, nil).Number("productSubscriptions", "totalCount"))
	require.Nil(t, by.Must(t, `query($id: ID!) { node(id: $id) { id } }`, vars{"id": again}).At("node"))
	c.admin.Do(t, "changeUserRole", vars{"userId": id, "role": "PORTAL", "accountId": c.account}, `user { role }`)
	requireError(t, by.Send(t, `{ products { totalCount } }`, nil), "UNAUTHENTICATED")
}
