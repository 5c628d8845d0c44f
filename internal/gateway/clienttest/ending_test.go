package clienttest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A gateway that decides on its own tells callers of the end of the product, and refuses them
// from the second of its retirement on; so does Portico's own answer about a new key.
func TestEndingOfAProduct(t *testing.T) {
	p := newPortico(t)
	raw := p.newKey(t)
	deprecates, retires := p.clock.Now().Add(-time.Hour), p.clock.Now().Add(time.Minute)
	p.change(func(s *state) {
		s.catalogue.Products[0].DeprecatesAt, s.catalogue.Products[0].RetiresAt = &deprecates, &retires
	})
	g := guard(t, p)
	for asked := range 2 {
		w := g.call("X-API-Key", raw)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "@1772614800", w.Header().Get("Deprecation"), asked)
		require.Equal(t, "Wed, 04 Mar 2026 10:01:00 GMT", w.Header().Get("Sunset"), asked)
		require.EqualValues(t, 1, p.asked.Load())
	}
	require.Empty(t, g.call().Header().Get("Sunset"))
	p.clock.Advance(time.Minute)
	w := g.call("X-API-Key", raw)
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Equal(t, "NOT_SUBSCRIBED", w.Header().Get("X-Portico-Code"))
	require.Equal(t, "Wed, 04 Mar 2026 10:01:00 GMT", w.Header().Get("Sunset"))
}
