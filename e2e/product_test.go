package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

func productLife(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "product-life")
	app, _ := c.newApp(t, "User of a product")
	a := c.admin.Do(t, "createProduct", vars{"name": "product-life", "description": "Draws.", "apiVersion": "1.0", "externalId": "X-1", "documentationUrl": "https://docs.example/x"},
		`product { id title status approval authTypes version apiVersion externalId viewerCan { update { allowed } } }`)
	product := a.Text("createProduct", "product", "id")
	require.Equal(t, "product-life", a.Text("createProduct", "product", "title"), "the name unless given")
	require.Equal(t, "DRAFT", a.Text("createProduct", "product", "status"))
	require.Equal(t, "MANUAL", a.Text("createProduct", "product", "approval"))
	requireProblem(t, c.admin.Ask(t, "createProduct", vars{"name": "product-life"}, `product { id }`), "createProduct", "TAKEN", "name")
	requireProblem(t, c.admin.Ask(t, "createProduct", vars{"name": "Not A Slug"}, `product { id }`), "createProduct", "INVALID", "name")
	for _, status := range []string{"PUBLISHED", "DEPRECATED"} {
		requireProblem(t, c.admin.Ask(t, "updateProduct", vars{"productId": product, "status": status}, `product { id }`), "updateProduct", "WRONG_STATUS", "status")
		requireProblem(t, c.admin.Ask(t, "createProduct", vars{"name": "product-late", "status": status}, `product { id }`), "createProduct", "WRONG_STATUS", "status")
	}
	c.admin.Do(t, "createPlan", vars{"productId": product, "name": "Free"}, `plan { id }`)

	seen := func() any {
		return c.dev.Must(t, `query($id: ID!) { product(id: $id) { id } }`, vars{"id": product}).At("product")
	}
	require.Nil(t, seen(), "a draft is not for developers")
	requireProblem(t, c.dev.Ask(t, "register", vars{"appId": app, "productId": product}, subscriptionFields), "register", "UNKNOWN_REFERENCE", "productId")
	a = c.admin.Do(t, "updateProduct", vars{"productId": product, "status": "PUBLISHED", "approval": "AUTO", "version": 1}, `product { version }`)
	require.Equal(t, 2, a.Number("updateProduct", "product", "version"))
	c.admin.Do(t, "updateProduct", vars{"productId": product, "title": "Life", "authTypes": []any{"API_KEY", "BASIC"}}, `product { id }`)
	require.NotNil(t, seen())
	listed := c.dev.Must(t, `{ products(where: {titleContains: "lıfe"}) { nodes { title authTypes } } }`, nil)
	require.Equal(t, []string{"Life"}, texts(listed, "title", "products", "nodes"))

	subscription := c.register(t, app, product)
	requireError(t, c.admin.Ask(t, "updateProduct", vars{"productId": product, "title": "Late", "version": 1}, `product { id }`), "CONFLICT")
	c.admin.Do(t, "updateProduct", vars{"productId": product, "status": "RETIRED"}, `product { status }`)
	page := c.dev.Must(t, `query($app: ID!) { app(id: $app) { productSubscriptions { nodes { id status reason product { title status } } } } }`, vars{"app": app})
	require.Equal(t, []any{map[string]any{"id": subscription, "status": "UNSUBSCRIBED", "reason": "The product was retired.",
		"product": map[string]any{"title": "Life", "status": "RETIRED"}}}, page.At("app", "productSubscriptions", "nodes"))
	requireProblem(t, c.admin.Ask(t, "updateProduct", vars{"productId": product, "status": "PUBLISHED"}, `product { id }`), "updateProduct", "WRONG_STATUS", "productId")
	again := c.admin.Ask(t, "register", vars{"appId": app, "productId": product}, subscriptionFields)
	requireProblem(t, again, "register", "NOT_AVAILABLE", "productId")
}

func planKinds(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "plan-kinds")
	product := c.admin.Do(t, "createProduct", vars{"name": "plan-kinds"}, `product { id }`).Text("createProduct", "product", "id")
	const fields = `plan { id name kind rateLimit { limit per burst } quota { limit per } price { amount currency unit } approval version }`
	rate, quota := vars{"limit": 10, "per": "SECOND"}, vars{"limit": 1000, "per": "MONTH"}
	a := c.admin.Do(t, "createPlan", vars{"productId": product, "name": "Free", "rateLimit": rate, "quota": quota}, fields)
	require.Equal(t, map[string]any{"limit": 10.0, "per": "SECOND", "burst": 10.0}, a.At("createPlan", "plan", "rateLimit"))
	require.Nil(t, a.At("createPlan", "plan", "price"))
	a = c.admin.Do(t, "createPlan", vars{"productId": product, "name": "Monthly", "kind": "SUBSCRIPTION", "price": vars{"amount": "9.90"}}, fields)
	require.Equal(t, map[string]any{"amount": "9.90", "currency": "EUR", "unit": 0.0}, a.At("createPlan", "plan", "price"))
	monthly := a.Text("createPlan", "plan", "id")
	c.admin.Do(t, "createPlan", vars{"productId": product, "name": "Metered", "kind": "METERED", "price": vars{"amount": "0.5", "unit": 1000}}, fields)
	c.admin.Do(t, "createPlan", vars{"productId": product, "name": "Tiered", "kind": "TIERED", "price": vars{"amount": "0.4", "unit": 1000, "currency": "USD",
		"tiers": []vars{{"upTo": 100_000, "amount": "0.40"}, {"amount": "0.255"}}}}, fields)
	requireProblem(t, c.admin.Ask(t, "createPlan", vars{"productId": product, "name": "Gap", "kind": "TIERED", "price": vars{"amount": "1", "unit": 1,
		"tiers": []vars{{"upTo": 5, "amount": "1"}, {"upTo": 5, "amount": "2"}, {"amount": "3"}}}}, fields), "createPlan", "INVALID", "price.tiers.1.upTo")
	requireError(t, c.admin.Ask(t, "createPlan", vars{"productId": product, "name": "Fine", "kind": "SUBSCRIPTION", "price": vars{"amount": "1.1234567"}}, fields), "BAD_USER_INPUT")
	requireProblem(t, c.admin.Ask(t, "createPlan", vars{"productId": product, "name": "Free"}, fields), "createPlan", "TAKEN", "name")
	requireProblem(t, c.admin.Ask(t, "createPlan", vars{"productId": product, "name": "Paid", "kind": "METERED"}, fields), "createPlan", "REQUIRED", "price")
	requireProblem(t, c.admin.Ask(t, "createPlan", vars{"productId": product, "name": "Zero", "rateLimit": vars{"limit": 0, "per": "SECOND"}}, fields), "createPlan", "INVALID", "rateLimit.limit")

	app, _ := c.newApp(t, "Chooser")
	requireProblem(t, c.dev.Ask(t, "register", vars{"appId": app, "productId": product}, subscriptionFields), "register", "UNKNOWN_REFERENCE", "productId")
	c.publish(t, product)
	requireProblem(t, c.dev.Ask(t, "register", vars{"appId": app, "productId": product}, subscriptionFields), "register", "REQUIRED", "planId")
	a = c.admin.Do(t, "updatePlan", vars{"planId": monthly, "approval": "AUTO", "quota": quota, "name": "By the month", "version": 1}, fields)
	require.Equal(t, 2, a.Number("updatePlan", "plan", "version"))
	a = c.dev.Do(t, "register", vars{"appId": app, "productId": product, "planId": monthly}, subscriptionFields)
	require.Equal(t, "APPROVED", a.Text("register", "productSubscription", "status"), "the plan's rule goes before the product's")
	a = c.admin.Do(t, "updatePlan", vars{"planId": monthly, "approval": nil, "quota": nil, "rateLimit": nil}, fields)
	require.Equal(t, map[string]any{"id": monthly, "name": "By the month", "kind": "SUBSCRIPTION", "rateLimit": nil, "quota": nil, "approval": nil,
		"price": map[string]any{"amount": "9.90", "currency": "EUR", "unit": 0.0}, "version": 3.0}, a.At("updatePlan", "plan"))
	requireError(t, c.admin.Ask(t, "updatePlan", vars{"planId": monthly, "name": "Old", "version": 1}, fields), "CONFLICT")
	listed := c.dev.Must(t, `query($id: ID!) { product(id: $id) { plans { totalCount nodes { name kind } } } }`, vars{"id": product})
	require.Equal(t, []string{"FREE", "SUBSCRIPTION", "METERED", "TIERED"}, texts(listed, "kind", "product", "plans", "nodes"))

	charged := c.dev.Must(t, `query($id: ID!) { product(id: $id) { plans { nodes { charge(calls: 123456) { calls amount currency lines { calls unitAmount unit amount } } } } } }`, vars{"id": product})
	line := func(calls float64, unitAmount string, unit float64, amount string) map[string]any {
		return map[string]any{"calls": calls, "unitAmount": unitAmount, "unit": unit, "amount": amount}
	}
	charge := func(amount, currency string, lines ...any) map[string]any {
		return map[string]any{"charge": map[string]any{"calls": 123456.0, "amount": amount, "currency": currency, "lines": lines}}
	}
	require.Equal(t, []any{
		map[string]any{"charge": nil},
		charge("9.90", "EUR", line(0, "9.90", 0, "9.90")),
		charge("61.73", "EUR", line(123456, "0.50", 1000, "61.73")),
		charge("45.98", "USD", line(100000, "0.40", 1000, "40.00"), line(23456, "0.255", 1000, "5.98")),
	}, charged.At("product", "plans", "nodes"))
	requireError(t, c.dev.Send(t, `query($id: ID!) { product(id: $id) { plans(first: 1) { nodes { charge(calls: -1) { amount } } } } }`, vars{"id": product}), "BAD_USER_INPUT")
}
