package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

const subscriptionFields = `productSubscription { id status badgeColor reason decidedAt version allowedTransitions
	requestedBy { name role user { id } } decidedBy { name role user { id } } }`

func approval(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "approval")
	app, _ := c.newApp(t, "Hopeful")
	product, plan := c.newProduct(t, "approval", "MANUAL")
	a := c.dev.Do(t, "register", vars{"appId": app, "productId": product, "planId": plan}, subscriptionFields+` replayed`)
	id := a.Text("register", "productSubscription", "id")
	require.Equal(t, "WAITING", a.Text("register", "productSubscription", "status"))
	require.Equal(t, "YELLOW", a.Text("register", "productSubscription", "badgeColor"))
	require.Nil(t, a.At("register", "productSubscription", "decidedAt"))
	require.Equal(t, []any{"WITHDRAW", "UNREGISTER"}, a.At("register", "productSubscription", "allowedTransitions"))
	requireUnknownField(t, c.dev.Ask(t, "approveSubscription", vars{"subscriptionId": id}, subscriptionFields))

	queue := c.admin.Must(t, `query($accounts: [ID!]) { productSubscriptions(first: 50, where: {status: [WAITING], accountIds: $accounts}) {
		totalCount nodes { id app { id name account { id } } product { id title } plan { id kind } requestedBy { name user { id } } allowedTransitions } } }`,
		vars{"accounts": []any{c.account}})
	require.Equal(t, []string{id}, texts(queue, "id", "productSubscriptions", "nodes"))
	require.Equal(t, c.account, queue.Text("productSubscriptions", "nodes", 0, "app", "account", "id"))
	require.Equal(t, c.developer, queue.Text("productSubscriptions", "nodes", 0, "requestedBy", "user", "id"))
	require.Equal(t, []any{"APPROVE", "REJECT", "UNREGISTER"}, queue.At("productSubscriptions", "nodes", 0, "allowedTransitions"))
	everybody := c.admin.Must(t, `{ productSubscriptions(where: {status: [WAITING]}) { totalCount } }`, nil)
	require.Greater(t, everybody.Number("productSubscriptions", "totalCount"), 1, "the queue is of all accounts")

	a = c.admin.Do(t, "approveSubscription", vars{"subscriptionId": id, "reason": "Welcome."}, subscriptionFields)
	require.Equal(t, "APPROVED", a.Text("approveSubscription", "productSubscription", "status"))
	require.Equal(t, "Demo Administrator", a.Text("approveSubscription", "productSubscription", "decidedBy", "name"), "staff sees who")

	page := c.dev.Must(t, `query($app: ID!) { app(id: $app) {
		productSubscriptions { totalCount nodes { `+inner(subscriptionFields)+` product { title } plan { id }
			timeline { nodes { type reason actor { name role user { id } } changes { field before after } } } } }
		timeline(first: 2) { nodes { type subject { name type node { id } } } } } }`, vars{"app": app})
	seen := []any{"app", "productSubscriptions", "nodes", 0}
	at := func(path ...any) string { return page.Text(append(append([]any{}, seen...), path...)...) }
	require.Equal(t, "APPROVED", at("status"))
	require.Equal(t, "GREEN", at("badgeColor"))
	require.Equal(t, "Welcome.", at("reason"))
	require.NotEmpty(t, at("decidedAt"))
	require.Equal(t, plan, at("plan", "id"))
	require.Equal(t, "Administrator", at("decidedBy", "name"), "developers do not learn who of the staff it was")
	require.Empty(t, at("decidedBy", "user", "id"))
	require.Equal(t, c.developer, at("requestedBy", "user", "id"))
	require.Equal(t, "SUBSCRIPTION_APPROVED", at("timeline", "nodes", 0, "type"))
	require.Equal(t, "Administrator", at("timeline", "nodes", 0, "actor", "name"))
	require.Equal(t, "WAITING", at("timeline", "nodes", 0, "changes", 0, "before"))
	require.Equal(t, "SUBSCRIPTION_REGISTERED", at("timeline", "nodes", 1, "type"))
	require.Equal(t, "approval developer", at("timeline", "nodes", 1, "actor", "name"))
	require.Equal(t, id, page.Text("app", "timeline", "nodes", 0, "subject", "node", "id"))
	require.NotContains(t, page.Raw, "Demo Administrator")
	require.NotContains(t, page.Raw, "admin@demo.example")
}

// inner returns a selection without the field around it.
func inner(selection string) string {
	return selection[len("productSubscription { ") : len(selection)-len(" }")]
}

func rejection(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "rejection")
	app, _ := c.newApp(t, "Persistent")
	product, _ := c.newProduct(t, "rejection", "MANUAL")
	first := c.register(t, app, product)
	a := c.admin.Ask(t, "rejectSubscription", vars{"subscriptionId": first, "reason": " "}, subscriptionFields)
	requireProblem(t, a, "rejectSubscription", "REQUIRED", "reason")
	a = c.admin.Do(t, "rejectSubscription", vars{"subscriptionId": first, "reason": "Tell us more."}, subscriptionFields)
	require.Equal(t, "RED", a.Text("rejectSubscription", "productSubscription", "badgeColor"))
	seen := c.dev.Must(t, `query($app: ID!) { app(id: $app) { productSubscriptions { nodes { status reason allowedTransitions } } } }`, vars{"app": app})
	require.Equal(t, []any{map[string]any{"status": "REJECTED", "reason": "Tell us more.", "allowedTransitions": []any{}}},
		seen.At("app", "productSubscriptions", "nodes"))

	second := c.register(t, app, product)
	require.NotEqual(t, first, second)
	a = c.admin.Do(t, "approveSubscription", vars{"subscriptionId": second}, subscriptionFields)
	require.Equal(t, "GREEN", a.Text("approveSubscription", "productSubscription", "badgeColor"))
	requireProblem(t, c.admin.Ask(t, "approveSubscription", vars{"subscriptionId": first}, subscriptionFields), "approveSubscription", "WRONG_STATUS", "subscriptionId")
}

func suspension(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "suspension")
	app, _ := c.newApp(t, "Interrupted")
	product, _ := c.newProduct(t, "suspension", "MANUAL")
	id := c.register(t, app, product)
	a := c.dev.Do(t, "withdraw", vars{"subscriptionId": id, "reason": "Too early."}, subscriptionFields)
	require.Equal(t, "UNSUBSCRIBED", a.Text("withdraw", "productSubscription", "status"))
	require.Equal(t, "GRAY", a.Text("withdraw", "productSubscription", "badgeColor"))
	requireProblem(t, c.dev.Ask(t, "withdraw", vars{"subscriptionId": id}, subscriptionFields), "withdraw", "WRONG_STATUS", "subscriptionId")

	id = c.register(t, app, product)
	c.admin.Do(t, "approveSubscription", vars{"subscriptionId": id}, subscriptionFields)
	requireProblem(t, c.dev.Ask(t, "withdraw", vars{"subscriptionId": id}, subscriptionFields), "withdraw", "WRONG_STATUS", "subscriptionId")
	requireError(t, c.dev.Ask(t, "unregister", vars{"subscriptionId": id}, subscriptionFields), "FORBIDDEN")
	a = c.admin.Do(t, "suspendSubscription", vars{"subscriptionId": id, "reason": "Unpaid."}, subscriptionFields)
	require.Equal(t, "ORANGE", a.Text("suspendSubscription", "productSubscription", "badgeColor"))
	requireProblem(t, c.admin.Ask(t, "suspendSubscription", vars{"subscriptionId": id}, subscriptionFields), "suspendSubscription", "WRONG_STATUS", "subscriptionId")
	requireProblem(t, c.dev.Ask(t, "unregister", vars{"subscriptionId": id}, subscriptionFields), "unregister", "WRONG_STATUS", "subscriptionId")
	requireProblem(t, c.dev.Ask(t, "register", vars{"appId": app, "productId": product}, subscriptionFields), "register", "ALREADY_REGISTERED", "productId")
	a = c.admin.Do(t, "resumeSubscription", vars{"subscriptionId": id}, subscriptionFields)
	require.Equal(t, "APPROVED", a.Text("resumeSubscription", "productSubscription", "status"))
	c.admin.Do(t, "unregister", vars{"subscriptionId": id, "reason": "The contract has ended."}, subscriptionFields)
	require.Equal(t, []string{"SUBSCRIPTION_UNREGISTERED", "SUBSCRIPTION_RESUMED", "SUBSCRIPTION_SUSPENDED", "SUBSCRIPTION_APPROVED", "SUBSCRIPTION_REGISTERED"},
		timeline(t, c.dev, id))
}

// outlivingSuspension ends a suspension whose app was deleted meanwhile.
func outlivingSuspension(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "outliving")
	product, _ := c.newProduct(t, "outliving", "AUTO")
	app, _ := c.newApp(t, "Gone")
	id := c.register(t, app, product)
	c.admin.Do(t, "suspendSubscription", vars{"subscriptionId": id, "reason": "Unpaid."}, subscriptionFields)
	c.dev.Do(t, "deleteApp", vars{"appId": app}, `deletedAppId`)

	const list = `query($accounts: [ID!], $id: ID!) { node(id: $id) { id }
		productSubscriptions(where: {status: [SUSPENDED], accountIds: $accounts}) {
			totalCount nodes { app { name } account { id } product { id } endpoints { totalCount } quota { used } callsLast24h timeline { totalCount } allowedTransitions } } }`
	who := vars{"accounts": []any{c.account}, "id": id}
	found := c.admin.Must(t, list, who)
	require.Equal(t, id, found.Text("node", "id"))
	require.Equal(t, 1, found.Number("productSubscriptions", "totalCount"))
	row := []any{"productSubscriptions", "nodes", 0}
	require.Nil(t, found.At(append(row, "app")...))
	require.Equal(t, c.account, found.Text(append(row, "account", "id")...))
	require.Equal(t, []any{"RESUME", "UNREGISTER"}, found.At(append(row, "allowedTransitions")...))
	own := c.dev.Must(t, `query($id: ID!) { node(id: $id) { id } productSubscriptions(where: {status: [SUSPENDED]}) { totalCount } }`, vars{"id": id})
	require.Nil(t, own.At("node"))
	require.Zero(t, own.Number("productSubscriptions", "totalCount"))

	a := c.admin.Do(t, "resumeSubscription", vars{"subscriptionId": id, "reason": "Paid."}, `productSubscription { status app { id } account { id } timeline { nodes { type } } }`)
	require.Equal(t, "UNSUBSCRIBED", a.Text("resumeSubscription", "productSubscription", "status"))
	require.Nil(t, a.At("resumeSubscription", "productSubscription", "app"))
	require.Equal(t, []string{"SUBSCRIPTION_UNREGISTERED", "SUBSCRIPTION_RESUMED", "SUBSCRIPTION_SUSPENDED", "SUBSCRIPTION_REGISTERED"},
		texts(a, "type", "resumeSubscription", "productSubscription", "timeline", "nodes"))
	next, _ := c.newApp(t, "Next")
	a = c.dev.Do(t, "register", vars{"appId": next, "productId": product}, subscriptionFields)
	require.Equal(t, "APPROVED", a.Text("register", "productSubscription", "status"))
}

// history reads the subscriptions before the present one.
func history(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "history")
	app, _ := c.newApp(t, "Old")
	product, _ := c.newProduct(t, "history", "MANUAL")
	first := c.register(t, app, product)
	c.admin.Do(t, "rejectSubscription", vars{"subscriptionId": first, "reason": "No."}, subscriptionFields)
	second := c.register(t, app, product)
	c.dev.Do(t, "withdraw", vars{"subscriptionId": second}, subscriptionFields)
	third := c.register(t, app, product)
	page := c.dev.Must(t, `query($app: ID!) { app(id: $app) {
		now: productSubscriptions { totalCount nodes { id } }
		all: productSubscriptions(where: {history: true}) { totalCount nodes { id } }
		rejected: productSubscriptions(where: {history: true, status: [REJECTED]}) { totalCount nodes { id } }
		ascending: productSubscriptions(where: {history: true}, orderBy: {field: CREATED_AT}) { nodes { id } }
		hidden: productSubscriptions(where: {status: [REJECTED]}) { totalCount nodes { id } } } }`, vars{"app": app})
	require.Equal(t, []string{third}, texts(page, "id", "app", "now", "nodes"))
	require.Equal(t, 1, page.Number("app", "now", "totalCount"))
	require.Equal(t, []string{third, second, first}, texts(page, "id", "app", "all", "nodes"))
	require.Equal(t, []string{first, second, third}, texts(page, "id", "app", "ascending", "nodes"))
	require.Equal(t, []string{first}, texts(page, "id", "app", "rejected", "nodes"))
	require.Zero(t, page.Number("app", "hidden", "totalCount"))
	root := c.admin.Must(t, `query($app: ID!) { productSubscriptions(where: {appIds: [$app], history: true}) { totalCount nodes { id } } }`, vars{"app": app})
	require.Equal(t, []string{first, second, third}, texts(root, "id", "productSubscriptions", "nodes"), "the queue begins with the oldest")
}
