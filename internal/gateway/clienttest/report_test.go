package clienttest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate"
	"portico/internal/usage"
)

// A call that is refused because Portico does not answer counts as a call of the
// product; if Portico has not sent the product, it counts as a call of none.
func TestCallsAreCountedForTheProduct(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	p.set(func(p *portico) { p.away = true })
	require.Eventually(t, func() bool {
		g.mono.Add(int64(gate.MaxSilence) + 1)
		return g.call("X-API-Key", raw).Code == http.StatusServiceUnavailable
	}, 20*time.Second, 10*time.Millisecond)
	product := p.now.catalogue.Products[0].ID
	p.set(func(p *portico) { p.away = false })
	g.eventually(t, http.StatusOK, "", "X-API-Key", raw)
	require.NoError(t, g.Close(context.Background()))
	require.Equal(t, []uuid.UUID{product}, p.productsOf("UNAVAILABLE"))

	other, err := gate.New(t.Context(), gate.Options{URL: p.URL, Token: token, Product: "unheard-of", Log: quiet(), Now: p.clock.Now, Elapsed: func() time.Duration { return 0 }})
	require.NoError(t, err)
	g = &guarded{Gate: other, api: other.Middleware(http.NotFoundHandler())}
	g.call()
	require.NoError(t, g.Close(context.Background()))
	require.ElementsMatch(t, []uuid.UUID{uuid.Nil}, p.productsOf("MALFORMED"))
}

// productsOf returns the products of the reported calls with a code.
func (p *portico) productsOf(code string) (all []uuid.UUID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[uuid.UUID]bool{}
	for _, calls := range p.batches {
		for _, c := range calls {
			if c.Code == code && !seen[c.Product] {
				seen[c.Product], all = true, append(all, c.Product)
			}
		}
	}
	return all
}

// Of a report that Portico refuses, only the refused rows are lost, and rows that are
// too old do not block others.
func TestRefusedRowLosesNoOther(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	p.set(func(p *portico) { p.away = true })
	g.call("X-API-Key", raw)
	p.clock.Advance(25 * time.Hour) // a batch of these may be in flight already
	const minutes = 300
	for range minutes {
		require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
		p.clock.Advance(time.Minute)
	}
	now := p.clock.Now()
	strange := func(c *usage.Reported) bool {
		return c.At.Before(now.Add(-24*time.Hour)) || c.At.Minute() == 7 // five of them
	}
	p.set(func(p *portico) { p.away, p.foreign = false, strange })
	require.NoError(t, g.Close(context.Background()))
	require.Equal(t, map[string]int64{"VALID": minutes - minutes/60}, p.counted())
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, calls := range p.batches {
		for i := range calls {
			require.False(t, strange(&calls[i]))
		}
	}
}

// Reports that are refused for a reason other than their content are kept.
func TestOtherRefusalsLoseNothing(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	p.set(func(p *portico) { p.revoked = true })
	for range 3 {
		require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	}
	require.Error(t, g.Close(context.Background()))
	require.Empty(t, p.counted())
	p.set(func(p *portico) { p.revoked = false })
	require.NoError(t, g.Close(context.Background()))
	require.Equal(t, map[string]int64{"VALID": 3}, p.counted())
}
