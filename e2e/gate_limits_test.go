package e2e

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/redislimits/redistest"
	"portico/internal/testdb"
)

const (
	// limitClients call concurrently, far more often than each limit allows.
	limitClients, limitAsks = 64, 8
	limitQuota, limitBurst  = 120, 40
)

// crowdAt calls all nodes in turn from all clients and counts the calls that pass: by the
// limits that the nodes share, and by those of a node alone, because Redis was too slow.
func crowdAt(t *testing.T, gateways []*gatewayClient, ask vars) (shared, alone int) {
	t.Helper()
	var together, local atomic.Int64
	var asking sync.WaitGroup
	for i := range limitClients {
		asking.Go(func() {
			for n := range limitAsks {
				v, err := gateways[(i+n)%len(gateways)].try(ask)
				switch {
				case err != nil:
					t.Errorf("asking: %v %s", err, v.Message)
				case v.Valid && strings.Contains(v.Message, `"local":true`):
					local.Add(1)
				case v.Valid:
					together.Add(1)
				case v.Code != "RATE_LIMITED" && v.Code != "QUOTA_EXCEEDED":
					t.Errorf("%s", v.Message)
				}
			}
		})
	}
	asking.Wait()
	return int(together.Load()), int(local.Load())
}

// crowd checks how many concurrent calls pass. On a busy machine Redis may answer too
// late; then each node allows what the limit allows, and reports that.
func (b bounds) crowd(t *testing.T, gateways []*gatewayClient, ask vars, limit int) {
	t.Helper()
	shared, alone := crowdAt(t, gateways, ask)
	require.LessOrEqual(t, shared, b.times*limit)
	require.LessOrEqual(t, alone, b.nodes*limit)
	if !b.redis {
		require.Zero(t, alone, "there is no Redis to be late")
	}
	require.GreaterOrEqual(t, shared+alone, limit)
	t.Logf("%d of %d passed a limit of %d, and %d by a node alone", shared, limitClients*limitAsks, limit, alone)
}

// bounds is how many calls may pass on a number of nodes.
type bounds struct {
	nodes int
	redis bool
	// times is how often a limit may be reached: once, or once by each node if they
	// share nothing.
	times int
}

// However many call concurrently, no more calls pass than the limits allow.
func TestLimitsOfConcurrentCalls(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]bounds{
		"one node": {1, false, 1}, "one node with Redis": {1, true, 1},
		"three nodes": {3, false, 3}, "three nodes with Redis": {3, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play := func(t *testing.T, url string) { b.play(t, url) }
			if b.nodes == 1 {
				testdb.EachEmpty(t, play)
				return
			}
			url, ok := testdb.EmptyPostgres(t)
			if !ok {
				t.Skip("SQLite serves one node")
			}
			play(t, url)
		})
	}
}

func (b bounds) play(t *testing.T, url string) {
	settings := []string{"XDG_CONFIG_HOME=" + t.TempDir()}
	if b.redis {
		address, stop := redistest.Start(t)
		t.Cleanup(stop)
		settings = append(settings, "REDIS_URL="+address)
	}
	var nodes []*servertest.Server
	for range b.nodes {
		nodes = append(nodes, servertest.Start(t, url, settings...))
	}
	c := newActors(t, nodes[0], "crowd")
	gateway := newGatewayClient(t, nodes[0], "demo", "crowd")
	var gateways []*gatewayClient
	for _, n := range nodes {
		gateways = append(gateways, gateway.at(n))
	}
	quota := c.limitedProduct(t, "by-quota", vars{"quota": vars{"limit": limitQuota, "per": "MONTH"}})
	// An hour's rate does not fill up again while the test runs.
	rate := c.limitedProduct(t, "by-rate", vars{"rateLimit": vars{"limit": 1, "per": "HOUR", "burst": limitBurst}})
	app, _ := c.newApp(t, "Crowd")
	c.register(t, app, quota)
	c.register(t, app, rate)
	_, key := c.newKey(t, app)
	_, second := c.newKey(t, app)

	b.crowd(t, gateways, vars{"key": key, "product": "by-quota"}, limitQuota)
	b.crowd(t, gateways, vars{"key": key, "product": "by-rate"}, limitBurst)
	require.Equal(t, "RATE_LIMITED", gateways[0].code(t, second, "by-rate"), "the app's keys share it")
	b.restart(t, nodes, gateway, c, key, url, settings)
}

// restart restarts all nodes; used units remain used.
func (b bounds) restart(t *testing.T, nodes []*servertest.Server, gateway *gatewayClient, c *actors, key, url string, settings []string) {
	t.Helper()
	for _, n := range nodes {
		require.NoError(t, n.Stop())
	}
	again := servertest.Start(t, url, settings...)
	require.Equal(t, "QUOTA_EXCEEDED", gateway.at(again).code(t, key, "by-quota"), "a quota survives a restart")
}

// When Redis fails, every call is still answered, by each node's own limits and marked as
// such; when it recovers, the limits are shared again.
func TestRedisFailsAndRecovers(t *testing.T) {
	t.Parallel()
	url, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite needs no Redis")
	}
	address, stop := redistest.Start(t)
	s := servertest.Start(t, url, "REDIS_URL="+address)
	c := newActors(t, s, "redis")
	gateway := newGatewayClient(t, s, "demo", "redis")
	product := c.limitedProduct(t, "by-quota", vars{"quota": vars{"limit": 50, "per": "MONTH"}})
	app, _ := c.newApp(t, "Redis")
	c.register(t, app, product)
	_, key := c.newKey(t, app)
	ask := vars{"key": key, "product": "by-quota"}
	for range 20 {
		v := gateway.verify(t, ask)
		require.True(t, v.Valid && !v.Limits.Local, v.Message)
	}
	stop()
	passed := 0
	for range 60 {
		v := gateway.verify(t, ask)
		require.True(t, v.Limits.Local, v.Message)
		if v.Valid {
			passed++
		}
	}
	require.Equal(t, 30, passed, "what Redis had counted is counted")
	require.Equal(t, "QUOTA_EXCEEDED", gateway.verify(t, ask).Code)
}
