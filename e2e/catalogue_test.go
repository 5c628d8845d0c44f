package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// privateProducts tests that a private product is one that does not exist, for all but those
// who were granted it and those who use it.
func privateProducts(t *testing.T, s *servertest.Server) {
	c, other := newActors(t, s, "granted"), newActors(t, s, "not-granted")
	product, plan := c.newProduct(t, "granted", "AUTO")
	c.admin.Do(t, "updateProduct", vars{"productId": product, "visibility": "PRIVATE"}, `product { visibility }`)
	_, key := other.newApp(t, "Curious")
	curious, _ := other.newApp(t, "More curious")
	hidden := func(who *servertest.Client) {
		t.Helper()
		a := who.Must(t, `query($id: ID!, $plan: ID!, $key: ID!) { product(id: $id) { id } node(id: $id) { id } plan: node(id: $plan) { id } products(where: {search: "granted"}) { totalCount }
			search(query: "Title of granted") { products(first: 5) { totalCount } } explainAccess(input: {credentialId: $key, product: "granted"}) { code } unknown: explainAccess(input: {credentialId: $key, product: "nobody's"}) { code } }`,
			vars{"id": product, "plan": plan, "key": key})
		require.Equal(t, []any{nil, nil, nil}, []any{a.At("product"), a.At("node"), a.At("plan")})
		require.Equal(t, []int{0, 0}, []int{a.Number("products", "totalCount"), a.Number("search", "products", "totalCount")})
		require.Equal(t, a.At("unknown"), a.At("explainAccess"))
	}
	hidden(other.dev)
	requireProblem(t, other.dev.Ask(t, "register", vars{"appId": curious, "productId": product}, subscriptionFields), "register", "UNKNOWN_REFERENCE", "productId")
	requireProblem(t, other.dev.Ask(t, "updateKey", vars{"credentialId": key, "access": "LISTED", "accessControlList": []any{product}}, `credential { id }`), "updateKey", "UNKNOWN_REFERENCE", "accessControlList.0")
	requireUnknownField(t, c.dev.Ask(t, "grantProduct", vars{"productId": product, "accountId": c.account}, `product { id }`))

	grant := vars{"productId": product, "accountId": c.account}
	for range 2 {
		a := c.admin.Do(t, "grantProduct", grant, `product { grants(first: 5) { nodes { id } } } account { id }`)
		require.Equal(t, []any{map[string]any{"id": c.account}}, a.At("grantProduct", "product", "grants", "nodes"))
		require.Equal(t, c.account, a.Text("grantProduct", "account", "id"))
	}
	requireProblem(t, c.admin.Ask(t, "grantProduct", vars{"productId": product, "accountId": "acct_x"}, `account { id }`), "grantProduct", "UNKNOWN_REFERENCE", "accountId")
	const read = `query($id: ID!) { product(id: $id) { visibility plans { totalCount } viewerCan { register { allowed code } changeGrants { allowed } } } }`
	may := func(allowed bool, code any) {
		t.Helper()
		a := c.dev.Must(t, read, vars{"id": product})
		require.Equal(t, map[string]any{"visibility": "PRIVATE", "plans": map[string]any{"totalCount": 1.0}, "viewerCan": map[string]any{
			"register": map[string]any{"allowed": allowed, "code": code}, "changeGrants": map[string]any{"allowed": false}}}, a.At("product"))
	}
	may(true, nil)
	hidden(other.dev)
	app, _ := c.newApp(t, "Granted")
	subscription := c.register(t, app, product)
	requireProblem(t, c.dev.Ask(t, "transferApp", vars{"appId": app, "toAccountId": other.account}, `appTransfer { id }`), "transferApp", "NOT_AVAILABLE", "toAccountId")

	for range 2 {
		c.admin.Do(t, "withdrawProduct", grant, `account { id }`)
	}
	may(false, "POLICY")
	second, _ := c.newApp(t, "Too late")
	requireProblem(t, c.dev.Ask(t, "register", vars{"appId": second, "productId": product}, subscriptionFields), "register", "NOT_AVAILABLE", "productId")
	c.admin.Do(t, "unregister", vars{"subscriptionId": subscription, "reason": "The contract ended."}, `productSubscription { status }`)
	_, key = c.newApp(t, "Curious now")
	hidden(c.dev)
	page := c.dev.Must(t, `query($app: ID!) { app(id: $app) { productSubscriptions { nodes { id status reason product { id } plan { id } quota { used } endpoints { totalCount } } } } }`, vars{"app": app})
	require.Equal(t, []any{map[string]any{"id": subscription, "status": "UNSUBSCRIBED", "reason": "The contract ended.", "product": nil, "plan": nil, "quota": nil,
		"endpoints": map[string]any{"totalCount": 0.0}}}, page.At("app", "productSubscriptions", "nodes"), "its history stays, and tells nothing")
	require.Equal(t, []string{"PRODUCT_GRANTED", "PRODUCT_WITHDRAWN"}, texts(c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id, type: [PRODUCT_GRANTED, PRODUCT_WITHDRAWN]}, orderBy: {direction: ASC}) { nodes { type } } }`,
		vars{"id": product}), "type", "events", "nodes"))
}

// everybodysCatalogue tests what somebody reads who has not signed in: public products that
// are on offer, where the organization shows them, and nothing else.
func everybodysCatalogue(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "window")
	shown, _ := c.newProduct(t, "shown", "AUTO")
	secret, _ := c.newProduct(t, "secret", "AUTO")
	c.admin.Do(t, "updateProduct", vars{"productId": secret, "visibility": "PRIVATE"}, `product { id }`)
	c.admin.Do(t, "grantProduct", vars{"productId": secret, "accountId": c.account}, `product { id }`)
	c.admin.Do(t, "createProduct", vars{"name": "draft"}, `product { id }`)
	anybody := s.Anonymous()
	const read = `query($of: String!) { catalogue(organization: $of) { organizationName products(orderBy: {field: TITLE}) { totalCount nodes { id name title status plans { nodes { name kind } } } } none: product(name: "secret") { id } draft: product(name: "draft") { id } product(name: "shown") { id } } }`
	closed := func(slug string) {
		t.Helper()
		require.Equal(t, map[string]any{"catalogue": nil}, anybody.Must(t, read, vars{"of": slug}).At())
	}
	closed("window")
	closed("no-such-organization")
	requireProblem(t, c.admin.Ask(t, "updateOrganization", vars{"catalogueAccess": nil}, `organization { id }`), "updateOrganization", "REQUIRED", "catalogueAccess")
	c.admin.Do(t, "updateOrganization", vars{"catalogueAccess": "PUBLIC"}, `organization { catalogueAccess }`)
	want := map[string]any{"organizationName": "The organization window", "none": nil, "draft": nil, "product": map[string]any{"id": shown},
		"products": map[string]any{"totalCount": 1.0, "nodes": []any{map[string]any{"id": shown, "name": "shown", "title": "Title of shown", "status": "PUBLISHED",
			"plans": map[string]any{"nodes": []any{map[string]any{"name": "Free", "kind": "FREE"}}}}}}}
	stranger := newActors(t, s, "window-shopper")
	for _, who := range []*servertest.Client{anybody, c.dev, c.admin, stranger.dev, stranger.admin} {
		require.Equal(t, want, who.Must(t, read, vars{"of": "window"}).At("catalogue"), "everybody reads the same")
	}
	// What is not for everybody: fields, other ways to the same product, and what only the
	// viewer may read, also in the middle of it.
	for _, document := range []string{
		`{ catalogue(organization: "window") { products { nodes { endpoints { totalCount } } } } }`, `{ catalogue(organization: "window") { products { nodes { handOffUrl } } } }`, `{ products { totalCount } }`,
	} {
		a := anybody.Send(t, document, nil)
		require.Equal(t, "UNAUTHENTICATED", a.Codes()[0], a.Raw)
	}
	requireReason(t, anybody.Send(t, `query($id: ID!) { node(id: $id) { id } }`, vars{"id": shown}), "UNAUTHENTICATED", "NOT_SIGNED_IN")
	requireReason(t, c.admin.Send(t, `{ catalogue(organization: "window") { product(name: "shown") { externalId } } }`, nil), "UNAUTHENTICATED", "NOT_SIGNED_IN")
	both := c.dev.Must(t, `{ catalogue(organization: "window") { products { totalCount } } closed: catalogue(organization: "second") { products { totalCount } } products { totalCount } }`, nil)
	require.Equal(t, []any{1.0, nil, 2.0}, []any{both.At("catalogue", "products", "totalCount"), both.At("closed"), both.At("products", "totalCount")}, "the grant is the account's, not everybody's")

	c.admin.Do(t, "updateProduct", vars{"productId": shown, "status": "DEPRECATED"}, `product { id }`)
	require.Equal(t, 1, anybody.Must(t, read, vars{"of": "window"}).Number("catalogue", "products", "totalCount"))
	c.admin.Do(t, "updateProduct", vars{"productId": shown, "status": "RETIRED"}, `product { id }`)
	require.Equal(t, 0, anybody.Must(t, read, vars{"of": "window"}).Number("catalogue", "products", "totalCount"))
	c.admin.Do(t, "updateOrganization", vars{"catalogueAccess": "SIGNED_IN"}, `organization { catalogueAccess }`)
	closed("window")
}
