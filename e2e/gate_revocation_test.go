package e2e

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
	"portico/internal/testdb/network"
)

const (
	// revocations are made while everything works, cutRevocations while the servers are
	// not notified of one another's changes.
	revocations, cutRevocations = 1000, 40
	// revokers revoke concurrently; bystanders keep all nodes busy meanwhile.
	revokers, bystanders = 4, 3
	// promised is the time within which 99 of 100 revocations reach every node, cutOff
	// that for all of them if nodes are not notified.
	promised, cutOff = time.Second, 5 * time.Second
)

// fleet is three nodes on one Postgres. The second and third are notified of changes over
// a connection that can be cut, and the third reaches the database through a network that
// can stop forwarding.
type fleet struct {
	*actors
	nodes    []*servertest.Server
	gateways []*gatewayClient
	line     *network.Network
	network  *network.Network
	app      string
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	databaseURL, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite serves one node")
	}
	f := &fleet{}
	var listen, far string
	f.line, listen = network.New(t, databaseURL)
	f.network, far = network.New(t, databaseURL)
	secrets := "XDG_CONFIG_HOME=" + t.TempDir()
	ring := t.TempDir() + "/ring.json"
	first := servertest.Command(t, databaseURL, []string{secrets}, "keys", "create", "--keyring", ring)
	out, err := first.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, settings := range [][]string{{}, {"PORTICO_LISTEN_URL=" + listen}, {"DATABASE_URL=" + far, "PORTICO_LISTEN_URL=" + listen}} {
		f.nodes = append(f.nodes, servertest.Start(t, databaseURL, append(settings, secrets, "PORTICO_KEYRING="+ring)...))
	}
	f.actors = newActors(t, f.nodes[0], "fleet")
	gateway := newGatewayClient(t, f.nodes[0], "demo", "fleet", "--keyring", ring)
	for _, n := range f.nodes {
		f.gateways = append(f.gateways, gateway.at(n))
	}
	f.app, _ = f.newApp(t, "Fleet")
	return f
}

// keys creates credentials and lets every node verify each of them once.
func (f *fleet) keys(t *testing.T, n int) (ids, raws []string) {
	t.Helper()
	for range n {
		id, raw := f.newKey(t, f.app)
		ids, raws = append(ids, id), append(raws, raw)
	}
	for _, g := range f.gateways {
		for _, raw := range raws {
			g.requireSoon(t, "VALID", raw, "")
		}
	}
	return ids, raws
}

// delays are the times that the other nodes took to refuse.
type delays struct {
	mu  sync.Mutex
	all []time.Duration
	// passed counts the revoked keys that the acknowledging node let through.
	passed atomic.Int64
}

func (d *delays) quantile(q float64) time.Duration {
	slices.Sort(d.all)
	return d.all[min(len(d.all)-1, int(q*float64(len(d.all))))]
}

// revokeAll revokes keys at the first node and measures how the others follow.
func (f *fleet) revokeAll(t *testing.T, ids, raws []string) *delays {
	t.Helper()
	var d delays
	var next atomic.Int64
	var working sync.WaitGroup
	for range revokers {
		working.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(ids); i = int(next.Add(1)) - 1 {
				f.revokeOne(t, ids[i], raws[i], &d)
			}
		})
	}
	working.Wait()
	require.Len(t, d.all, len(ids)*(len(f.gateways)-1), "every node came to refuse every key")
	return &d
}

func (f *fleet) revokeOne(t *testing.T, id, raw string, d *delays) {
	a, err := f.dev.Try(`mutation($id: ID!) { revokeKey(input: {credentialId: $id}) { credential { status } } }`, vars{"id": id})
	if err != nil || a.Text("revokeKey", "credential", "status") != "REVOKED" {
		t.Errorf("revoking: %v %v", err, a)
		return
	}
	acknowledged := time.Now()
	for range 3 {
		if v, err := f.gateways[0].try(vars{"key": raw}); err != nil || v.Code != "REVOKED" {
			d.passed.Add(1)
			t.Errorf("the node that acknowledged says %q %v", v.Code, err)
		}
	}
	for _, g := range f.gateways[1:] {
		for time.Since(acknowledged) < 2*cutOff {
			if v, err := g.try(vars{"key": raw}); err == nil && v.Code == "REVOKED" {
				d.mu.Lock()
				d.all = append(d.all, time.Since(acknowledged))
				d.mu.Unlock()
				break
			}
		}
	}
}

// busy keeps every node answering until the returned function is called.
func (f *fleet) busy(raw string) (stop func()) {
	var over atomic.Bool
	var working sync.WaitGroup
	for _, g := range f.gateways {
		for range bystanders {
			working.Go(func() {
				for !over.Load() {
					_, _ = g.try(vars{"key": raw}) // the verdict does not matter here
				}
			})
		}
	}
	return func() { over.Store(true); working.Wait() }
}

// The node that acknowledged a revocation refuses at once, the others soon, and a node
// whose data is too old refuses.
func TestRevocationReachesEveryNode(t *testing.T) {
	f := newFleet(t)
	_, standing := f.keys(t, 1)

	ids, raws := f.keys(t, revocations)
	stop := f.busy(standing[0])
	d := f.revokeAll(t, ids, raws)
	stop()
	t.Logf("%d revocations: %d accepted afterwards by the acknowledging node; the others followed within p50 %s, p99 %s, worst %s",
		revocations, d.passed.Load(), d.quantile(0.5), d.quantile(0.99), d.quantile(1))
	require.Zero(t, d.passed.Load())
	require.Less(t, d.quantile(0.99), promised)

	ids, raws = f.keys(t, cutRevocations)
	f.line.Cut()
	d = f.revokeAll(t, ids, raws)
	t.Logf("LISTEN cut, %d revocations: p50 %s, worst %s", cutRevocations, d.quantile(0.5), d.quantile(1))
	require.Zero(t, d.passed.Load())
	require.Less(t, d.quantile(1), cutOff)
	f.line.Restore()

	f.blackHole(t)
}

// blackHole makes the last node's connections to its database hang.
func (f *fleet) blackHole(t *testing.T) {
	t.Helper()
	ids, raws := f.keys(t, 1)
	f.network.Silence()
	silent := time.Now()
	f.dev.Do(t, "revokeKey", vars{"credentialId": ids[0]}, `credential { status }`)
	require.Equal(t, "REVOKED", f.gateways[0].code(t, raws[0], ""), "the others go on")
	refused := false
	for time.Since(silent) < 2*cutOff {
		asked := time.Now()
		v, err := f.gateways[2].try(vars{"key": raws[0]})
		require.NoError(t, err, v.Message)
		require.LessOrEqual(t, time.Since(asked), answerTime)
		if asked.Sub(silent) > cutOff+time.Second/2 {
			require.Equal(t, "UNAVAILABLE", v.Code, "%s after it heard the last", asked.Sub(silent))
			refused = true
		}
	}
	require.True(t, refused)
	// An API key that it has not cached, and a token that it cannot look up.
	_, fresh := f.newKey(t, f.app)
	asked := time.Now()
	require.Equal(t, "UNAVAILABLE", f.gateways[2].verify(t, vars{"key": fresh}).Code)
	require.LessOrEqual(t, time.Since(asked), answerTime)
	f.network.Restore()
	f.gateways[2].requireSoon(t, "REVOKED", raws[0], "")
	f.gateways[2].requireSoon(t, "VALID", fresh, "")
}
