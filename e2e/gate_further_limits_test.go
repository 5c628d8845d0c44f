package e2e

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/redislimits/redistest"
	"portico/internal/testdb"
)

// A plan limits one endpoint, lets calls go on beyond its quota, and caps what a month costs:
// each refuses what it is for and nothing else, on every server and after a restart.
func TestEndpointLimitsOverageAndSpendingCap(t *testing.T) {
	t.Parallel()
	t.Run("one server", func(t *testing.T) {
		t.Parallel()
		testdb.EachEmpty(t, func(t *testing.T, url string) { limitFurther(t, url, 1) })
	})
	t.Run("two servers with Redis", func(t *testing.T) {
		t.Parallel()
		url, ok := testdb.EmptyPostgres(t)
		if !ok {
			t.Skip("SQLite serves one server")
		}
		address, _ := redistest.Start(t)
		limitFurther(t, url, 2, "REDIS_URL="+address)
	})
}

func limitFurther(t *testing.T, url string, servers int, settings ...string) {
	settings = append(settings, "XDG_CONFIG_HOME="+t.TempDir())
	var nodes []*servertest.Server
	for range servers {
		nodes = append(nodes, servertest.Start(t, url, settings...))
	}
	c := newOrganization(t, nodes[0], "capped")
	gateway := newGatewayClient(t, nodes[0], "capped", "edge")
	// Twenty calls cost 10.00, and the quota of five refuses none of them.
	product := c.limitedProduct(t, "orders", vars{
		"kind": "METERED", "price": vars{"amount": "0.50", "unit": 1}, "quota": vars{"limit": 5, "per": "MONTH"}, "overage": "CONTINUE", "spendingCap": "10",
	})
	search := c.endpointLimit(t, product)
	app, _ := c.newApp(t, "Shop")
	credential, key := c.newKey(t, app)
	c.register(t, app, product)
	for _, s := range nodes { // that know the plan: the call tells no endpoint
		gateway.at(s).requireSoon(t, "ENDPOINT_NOT_ALLOWED", key, "orders")
	}
	call := func(s *servertest.Server, path string) verdict {
		t.Helper()
		return gateway.at(s).verify(t, vars{"key": key, "product": "orders", "method": "GET", "path": path, "cost": 1})
	}

	var passed atomic.Int64
	var wait sync.WaitGroup
	for n := range 64 {
		wait.Go(func() {
			if v, err := gateway.at(nodes[n%servers]).try(vars{"key": key, "product": "orders", "method": "GET", "path": "/search"}); err == nil && v.Valid {
				passed.Add(1)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 10, passed.Load(), "of the endpoint's quota")

	for n := range 10 { // beyond the quota of five
		v := call(nodes[n%servers], []string{"/now", "/elsewhere"}[n%2])
		require.Equal(t, "VALID", v.Code, v.Message)
		require.Equal(t, 0, *v.Limits.Remaining, v.Message)
	}
	refused := func(nodes ...*servertest.Server) {
		t.Helper()
		for _, s := range nodes {
			require.Equal(t, "QUOTA_EXCEEDED", call(s, "/now").Code, "the cap")
			require.Equal(t, "QUOTA_EXCEEDED", call(s, "/search").Code)
			require.Equal(t, "ENDPOINT_NOT_ALLOWED", call(s, "/now/../search").Code)
		}
	}
	refused(nodes...)
	a := c.admin.Must(t, `query($id: ID!) { explainAccess(input: {credentialId: $id, product: "orders", method: "GET", path: "/now"}) { code failed { detail } } }`, vars{"id": credential})
	require.Equal(t, "QUOTA_EXCEEDED", a.Text("explainAccess", "code"))
	require.Contains(t, a.Text("explainAccess", "failed", "detail"), "spending cap")
	require.Equal(t, []string{"NOT_ALLOWED"}, c.admin.Ask(t, "deleteEndpoint", vars{"endpointId": search}, `deletedEndpointId`).UserErrors("deleteEndpoint"))
	c.requireSpent(t, app)

	for _, s := range nodes {
		require.NoError(t, s.Stop())
	}
	s := servertest.Start(t, url, settings...)
	require.Eventually(t, func() bool { return call(s, "/now").Code == "QUOTA_EXCEEDED" }, waitForOthers, pollOthers)
	refused(s)
}

// endpointLimit gives /search of a product a quota of ten a month, by the product's plan.
func (c *actors) endpointLimit(t *testing.T, product string) (search string) {
	t.Helper()
	for _, path := range []string{"/now", "/search"} {
		search = c.admin.Do(t, "createEndpoint", vars{"productId": product, "method": "GET", "path": path}, `endpoint { id }`).Text("createEndpoint", "endpoint", "id")
	}
	plan := c.admin.Must(t, `query($id: ID!) { product(id: $id) { plans(first: 1) { nodes { id } } } }`, vars{"id": product}).Text("product", "plans", "nodes", 0, "id")
	c.admin.Do(t, "updatePlan", vars{"planId": plan, "endpointLimits": []vars{{"endpointId": search, "quota": vars{"limit": 10, "per": "MONTH"}}}}, `plan { id }`)
	a := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on Plan { overage spendingCap endpointLimits { endpoint { path } rateLimit { limit } quota { limit } } } } }`, vars{"id": plan})
	got, err := json.Marshal(a.At("node"))
	require.NoError(t, err)
	require.JSONEq(t, `{"overage": "CONTINUE", "spendingCap": "10.00", "endpointLimits": [{"endpoint": {"path": "/search"}, "rateLimit": null, "quota": {"limit": 10}}]}`, string(got))
	return search
}

// requireSpent waits until the developer sees that nothing is left of the endpoint's quota
// and below the cap.
func (c *actors) requireSpent(t *testing.T, app string) {
	t.Helper()
	var got []byte
	require.Eventually(t, func() bool {
		a := c.dev.Must(t, `query($id: ID!) { app(id: $id) { productSubscriptions(first: 1) { nodes {
			quota { used limit } endpointQuotas { endpoint { path } used limit remaining } spending { spendingCap currency amount used limit remaining }
		} } } }`, vars{"id": app})
		var err error
		got, err = json.Marshal(a.At("app", "productSubscriptions", "nodes", 0))
		require.NoError(t, err)
		return a.At("app", "productSubscriptions", "nodes", 0, "spending", "used") == 20.0
	}, waitForOthers, pollOthers, "%s", got)
	require.JSONEq(t, `{"quota": {"used": 20, "limit": 5}, "endpointQuotas": [{"endpoint": {"path": "/search"}, "used": 10, "limit": 10, "remaining": 0}],
		"spending": {"spendingCap": "10.00", "currency": "EUR", "amount": "10.00", "used": 20, "limit": 20, "remaining": 0}}`, string(got))
}
