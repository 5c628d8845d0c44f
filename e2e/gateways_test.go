package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// waitForStored bounds the time until a server has stored what it has seen of gateways:
// 10 s, and the rest is for a busy machine.
const waitForStored = 25 * time.Second

// seenGateway is what an administrator sees of a gateway.
type seenGateway struct {
	lastSeenAt   string
	position     int
	known        bool // of position and lag
	lagMs        int
	verdicts     map[string]int
	serviceToken string
}

// gatewaysNow returns the organization's gateways by the names of their tokens.
func (c *actors) gatewaysNow(t *testing.T) map[string]seenGateway {
	t.Helper()
	a := c.admin.Must(t, `{ gateways(first: 100) { totalCount nodes { serviceToken { id name } lastSeenAt position lagMs verdicts { code calls } } } }`, nil)
	out := map[string]seenGateway{}
	for i := range a.List("gateways", "nodes") {
		at := func(path ...any) []any { return append([]any{"gateways", "nodes", i}, path...) }
		g := seenGateway{
			lastSeenAt: a.Text(at("lastSeenAt")...), known: a.At(at("position")...) != nil, position: a.Number(at("position")...),
			lagMs: a.Number(at("lagMs")...), verdicts: map[string]int{}, serviceToken: a.Text(at("serviceToken", "id")...),
		}
		require.Equal(t, g.known, a.At(at("lagMs")...) != nil, a.Raw)
		for j := range a.List(at("verdicts")...) {
			g.verdicts[a.Text(at("verdicts", j, "code")...)] = a.Number(at("verdicts", j, "calls")...)
		}
		out[a.Text(at("serviceToken", "name")...)] = g
	}
	require.Len(t, out, a.Number("gateways", "totalCount"))
	return out
}

// awaitGateway waits until the administrator sees a gateway in a state.
func (c *actors) awaitGateway(t *testing.T, name, what string, is func(seenGateway) bool) (seen seenGateway) {
	t.Helper()
	require.Eventually(t, func() bool { seen = c.gatewaysNow(t)[name]; return is(seen) }, waitForStored, 200*time.Millisecond, "%s: %s", name, what)
	return seen
}

// position returns the position of the organization's last event.
func (c *actors) position(t *testing.T) int {
	t.Helper()
	return c.admin.Must(t, `{ events(first: 1) { nodes { position } } }`, nil).Number("events", "nodes", 0, "position")
}

// An administrator sees of each gateway when it was last heard of, how far it has
// applied the changes, and what its calls got: of one that asks, on whichever server, and
// of one that follows the feed and decides on its own. One that has ended falls behind.
func TestAdministratorsSeeTheGateways(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		secrets := "XDG_CONFIG_HOME=" + t.TempDir()
		s := servertest.Start(t, url, secrets)
		servers := []*servertest.Server{s}
		if strings.HasPrefix(url, "postgres") {
			servers = append(servers, servertest.Start(t, url, secrets))
		}
		c, foreign := newOrganization(t, s, "seeing"), newOrganization(t, s, "elsewhere")
		product := c.limitedProduct(t, "orders", nil)
		app, _ := c.newApp(t, "Shop")
		key, raw := c.newKey(t, app)
		c.register(t, app, product)
		asking := newGatewayClient(t, s, "seeing", "asking")
		newGatewayClient(t, s, "seeing", "idle")
		g := newProtectedAPI(t, s, s.GatewayToken(t, "seeing", "following"), "orders")
		for _, at := range servers {
			asking.at(at).requireSoon(t, "VALID", raw, "orders")
			require.Equal(t, "MALFORMED", asking.at(at).code(t, "junk", "orders"))
		}
		require.Eventually(t, func() bool { return g.code(raw) == "VALID" }, waitForOthers, pollOthers)
		require.Equal(t, "VALID", g.code(raw))
		require.Equal(t, "MALFORMED", g.code("junk"))

		seen := c.awaitGateway(t, "asking", "counts", func(g seenGateway) bool { return g.verdicts["MALFORMED"] == len(servers) })
		require.GreaterOrEqual(t, seen.verdicts["VALID"], len(servers))
		require.NotEmpty(t, seen.lastSeenAt)
		c.awaitGateway(t, "following", "reported counts", func(g seenGateway) bool { return g.verdicts["VALID"] >= 2 && g.verdicts["MALFORMED"] == 1 })
		require.Equal(t, seenGateway{verdicts: map[string]int{}, serviceToken: c.gatewaysNow(t)["idle"].serviceToken}, c.gatewaysNow(t)["idle"])
		require.Empty(t, foreign.gatewaysNow(t))
		requireError(t, c.dev.Send(t, `{ gateways { totalCount } }`, nil), "BAD_USER_INPUT") // not in a developer's schema
		requireError(t, s.Anonymous().Send(t, `{ gateways { totalCount } }`, nil), "UNAUTHENTICATED")

		c.dev.Do(t, "revokeKey", vars{"credentialId": key}, `credential { status }`)
		revoked := c.position(t)
		for _, name := range []string{"asking", "following"} {
			c.awaitGateway(t, name, "has applied the revocation", func(g seenGateway) bool { return g.position == revoked && g.lagMs == 0 })
		}
		asking.requireSoon(t, "REVOKED", raw, "orders")
		require.Eventually(t, func() bool { return g.code(raw) == "REVOKED" }, waitForOthers, pollOthers)
		c.awaitGateway(t, "following", "refused", func(g seenGateway) bool { return g.verdicts["REVOKED"] > 0 })

		require.NoError(t, g.Close(context.Background()))
		c.newApp(t, "Another")
		behind := c.awaitGateway(t, "following", "has ended", func(g seenGateway) bool { return g.lagMs > 2000 })
		require.Equal(t, revoked, behind.position)
		c.awaitGateway(t, "asking", "goes on", func(g seenGateway) bool { return g.position == c.position(t) && g.lagMs == 0 })

		c.admin.Do(t, "revokeServiceToken", vars{"serviceTokenId": behind.serviceToken}, `serviceToken { status }`)
		a := c.admin.Must(t, `{ gateways(where: {status: [REVOKED]}) { nodes { serviceToken { name } lastSeenAt } } }`, nil)
		require.Equal(t, "following", a.Text("gateways", "nodes", 0, "serviceToken", "name"))
		require.Len(t, a.List("gateways", "nodes"), 1)
		before := c.gatewaysNow(t)["asking"].verdicts
		require.NoError(t, s.Stop())
		if len(servers) > 1 {
			c.admin.URL = servers[1].URL
			require.GreaterOrEqual(t, c.gatewaysNow(t)["asking"].verdicts["MALFORMED"], before["MALFORMED"], "what a server saw outlives it")
		}
	})
}
