package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/redislimits/redistest"
	"portico/internal/testdb"
)

// An account has two apps and a quota of ten for all of them: the eleventh call
// over both is refused, also for a new app, with another subscription, on another server
// and after a restart.
func TestAnAccountsAppsShareItsQuota(t *testing.T) {
	t.Parallel()
	t.Run("one server", func(t *testing.T) {
		t.Parallel()
		testdb.EachEmpty(t, func(t *testing.T, url string) { shareQuota(t, url, 1) })
	})
	t.Run("two servers with Redis", func(t *testing.T) {
		t.Parallel()
		url, ok := testdb.EmptyPostgres(t)
		if !ok {
			t.Skip("SQLite serves one server")
		}
		address, _ := redistest.Start(t)
		shareQuota(t, url, 2, "REDIS_URL="+address)
	})
}

func shareQuota(t *testing.T, url string, servers int, settings ...string) {
	settings = append(settings, "XDG_CONFIG_HOME="+t.TempDir())
	var nodes []*servertest.Server
	for range servers {
		nodes = append(nodes, servertest.Start(t, url, settings...))
	}
	c := newOrganization(t, nodes[0], "shared")
	gateway := newGatewayClient(t, nodes[0], "shared", "edge")
	product := c.limitedProduct(t, "orders", vars{"quota": vars{"limit": 10, "per": "MONTH"}, "quotaPer": "ACCOUNT"})
	member := func(name string) (key, subscription string) {
		app, _ := c.newApp(t, name)
		_, key = c.newKey(t, app)
		return key, c.register(t, app, product)
	}
	shop, sub := member("Shop")
	mobile, _ := member("Mobile")
	for i := range 10 {
		at, key := gateway.at(nodes[i%servers]), []string{shop, mobile}[i/servers%2]
		at.requireSoon(t, "VALID", key, "orders")
	}
	refused := func(key string, at ...*servertest.Server) {
		t.Helper()
		for _, s := range at {
			gateway.at(s).requireSoon(t, "QUOTA_EXCEEDED", key, "orders")
		}
	}
	refused(shop, nodes...)
	refused(mobile, nodes...)
	third, other := member("Third")
	require.Equal(t, "QUOTA_EXCEEDED", gateway.code(t, third, "orders"), "from its first call")
	refused(third, nodes...)
	c.admin.Do(t, "unregister", vars{"subscriptionId": sub}, `productSubscription { id }`)
	a := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on ProductSubscription { app { id } } } }`, vars{"id": sub})
	c.register(t, a.Text("node", "app", "id"), product)
	refused(shop, nodes...)
	require.Eventually(t, func() bool {
		a := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on ProductSubscription { plan { quotaPer } quota { used } } } }`, vars{"id": other})
		return a.Text("node", "plan", "quotaPer") == "ACCOUNT" && a.Number("node", "quota", "used") == 10
	}, waitForOthers, pollOthers, "the third app shows what all used")

	for _, s := range nodes {
		require.NoError(t, s.Stop())
	}
	s := servertest.Start(t, url, settings...)
	for _, key := range []string{shop, mobile, third} {
		refused(key, s)
	}
	c.server, c.admin = s, s.SignInWith(t, "admin@shared.example", servertest.UserPassword)
	changeQuotaPer(t, c, product, gateway.at(s), third, mobile)
}

// changeQuotaPer changes the plan to quotas of apps, and back to those of accounts.
func changeQuotaPer(t *testing.T, c *actors, product string, gateway *gatewayClient, third, mobile string) {
	t.Helper()
	a := c.admin.Must(t, `query($id: ID!) { node(id: $id) { ... on Product { plans { nodes { id } } } } }`, vars{"id": product})
	plan := a.Text("node", "plans", "nodes", 0, "id")
	c.admin.Do(t, "updatePlan", vars{"planId": plan, "quotaPer": "APP"}, `plan { id }`)
	require.Equal(t, "QUOTA_EXCEEDED", gateway.code(t, third, "orders"), "running subscriptions keep what was agreed to")
	c.movePlan(t, plan)
	require.Equal(t, "VALID", gateway.code(t, third, "orders"), "it has used nothing by itself")
	require.Equal(t, "VALID", gateway.code(t, mobile, "orders"), "and this one half of it")
	c.admin.Do(t, "updatePlan", vars{"planId": plan, "quotaPer": "ACCOUNT", "quota": vars{"limit": 13, "per": "MONTH"}}, `plan { id }`)
	c.movePlan(t, plan)
	require.Equal(t, "VALID", gateway.code(t, third, "orders"), "the thirteenth of all")
	require.Equal(t, "QUOTA_EXCEEDED", gateway.code(t, mobile, "orders"))
}
