package gateway_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/identity"
	"portico/internal/testdb"
)

// unknownTokenLimit is how many unknown tokens are looked for at once.
const unknownTokenLimit = 500

// presentUnknownTokens presents unknown tokens; looked is how many were read from
// the database.
func presentUnknownTokens(t *testing.T, w *world, g *gateway.Verifier, n int) (looked int) {
	t.Helper()
	for range n {
		_, err := g.Caller(t.Context(), unknownToken(w))
		switch {
		case isUnauthenticated(err):
			looked++
		case fault.Is(err, fault.CodeRateLimited) && fault.From(err).RetryAfter >= time.Second:
		default:
			t.Fatal(err)
		}
	}
	return looked
}

func isAccepted(t *testing.T, g *gateway.Verifier, token string) bool {
	t.Helper()
	_, err := g.Caller(t.Context(), token)
	if err != nil && !fault.Is(err, fault.CodeRateLimited) {
		t.Fatal(err)
	}
	return err == nil
}

// Reads of unknown tokens are limited; a valid token is accepted all the same.
func TestUnknownTokensAreLimited(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g, metrics := w.verifierWithMetrics(t)
		c := w.caller(t, g)
		early := w.token(t, identity.NewGateway{})
		if n := presentUnknownTokens(t, w, g, 2*unknownTokenLimit); n != unknownTokenLimit {
			t.Errorf("%d were looked for", n)
		}
		if n := refused(t, metrics, "token"); n != unknownTokenLimit {
			t.Errorf("%v are counted as refused", n)
		}
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		requireSoon(t, "a token that was not asked for before", func() bool { return isAccepted(t, g, early) })
		late := w.token(t, identity.NewGateway{})
		requireSoon(t, "a token that was made meanwhile", func() bool {
			w.mono.Add(int64(time.Millisecond))
			return isAccepted(t, g, late)
		})
		w.mono.Add(int64(20 * time.Second))
		if n := presentUnknownTokens(t, w, g, unknownTokenLimit); n != unknownTokenLimit {
			t.Errorf("%d were looked for after a while", n)
		}
	})
}

// Valid tokens do not count against the limit.
func TestKnownTokensAreNotLimited(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	g := w.verifier(t)
	for range 20 {
		w.caller(t, g)
	}
	if n := presentUnknownTokens(t, w, g, unknownTokenLimit+10); n != unknownTokenLimit {
		t.Errorf("%d were looked for", n)
	}
}

// refused returns how many reads were refused.
func refused(t *testing.T, metrics *prometheus.Registry, of string) (n float64) {
	t.Helper()
	all, err := metrics.Gather()
	for _, family := range ok(t, all, err) {
		for _, m := range family.GetMetric() {
			if family.GetName() == "portico_gate_refused_reads_total" && m.GetLabel()[0].GetValue() == of {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}
