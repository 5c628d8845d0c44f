package gateway_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"portico/clients/go/gate/verdict"
	"portico/internal/apps"
	"portico/internal/gateway"
	"portico/internal/testdb"
)

// Organizations share one budget: one that calls takes the room of an idle one,
// and both together stay within it.
func TestOrganizationsShareTheBudget(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		metrics := prometheus.NewRegistry()
		g := w.verifier(t, func(o *gateway.Options) { o.MaxKeys, o.Metrics = 3, gateway.NewMetrics(metrics) })
		idle := []apps.CreatedCredential{w.key(t), w.key(t), w.key(t)}
		busy := newCredentials(t, w, w.MustTenant(t, "busy"))
		round := func(c *gateway.Caller, keys []apps.CreatedCredential) {
			t.Helper()
			for _, k := range keys {
				requireVerdict(t, g, c, requestWith(k.Secret), verdict.Valid)
			}
		}
		for range 3 {
			round(w.caller(t, g), idle)
		}
		c, misses := w.callerOf(t, g, "busy"), float64(0)
		for i := range 8 {
			if i == 7 {
				misses = lookups(t, metrics, "miss")
			}
			round(c, busy[:])
		}
		if n := lookups(t, metrics, "miss") - misses; n > 0 {
			t.Errorf("%v keys were read from the database again", n)
		}
		if n := g.Copy(w.Organization.ID).Len(); n != 0 {
			t.Errorf("%d keys of the idle organization are kept", n)
		}
	})
}

// lookups counts the look-ups of keys that ended so.
func lookups(t *testing.T, metrics *prometheus.Registry, result string) (n float64) {
	t.Helper()
	all, err := metrics.Gather()
	for _, family := range ok(t, all, err) {
		for _, m := range family.GetMetric() {
			if family.GetName() == "portico_gate_lookups_total" && m.GetLabel()[0].GetValue() == result {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}
