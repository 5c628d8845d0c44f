package gateway_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/verdict"
	"portico/internal/catalog"
	"portico/internal/gateway"
	"portico/internal/testdb"
)

// Every server refuses the calls of a product from the second on at which it is retired, before
// anything has been stored; until then its callers are told when.
func TestRetirementHoldsToTheSecond(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		servers := []*gateway.Verifier{w.verifier(t), w.verifier(t, func(o *gateway.Options) { o.Preload = true })}
		for _, g := range servers {
			run(t, g)
			c := w.caller(t, g)
			requireSoon(t, "the key", func() bool { return verify(t, g, c, w.request()) == verdict.Valid })
		}
		told := func(g *gateway.Verifier) (verdict.Code, verdict.Ending) {
			t.Helper()
			var v verdict.Verdict
			g.Verify(t.Context(), w.caller(t, g), w.request(), &v)
			return v.Code, v.Ending()
		}
		deprecates, retires := w.Clock.Now().Add(24*time.Hour), w.Clock.Now().Add(48*time.Hour)
		ok(t, 0, errorOf(w.Portal.Catalog.DeprecateProduct(w.Admin, catalog.DeprecateProductInput{ProductID: w.product.GlobalID(), At: &deprecates})))
		ok(t, 0, errorOf(w.Portal.Catalog.RetireProduct(w.Admin, catalog.RetireProductInput{ProductID: w.product.GlobalID(), At: &retires})))
		want := verdict.Ending{Deprecation: "@1772442000", Sunset: "Tue, 03 Mar 2026 09:00:00 GMT"}
		for _, g := range servers {
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
			code, ending := told(g)
			require.Equal(t, verdict.Valid, code)
			require.Equal(t, want, ending)
		}
		w.Clock.Advance(48*time.Hour - time.Microsecond)
		for _, g := range servers {
			requireVerdict(t, g, w.caller(t, g), w.request(), verdict.Valid)
		}
		w.Clock.Advance(time.Microsecond)
		for _, g := range servers {
			code, ending := told(g)
			require.Equal(t, verdict.NotSubscribed, code)
			require.Equal(t, want, ending, "whose key exists reads why")
		}
		ok(t, 0, w.Portal.Maintenance.EndProducts(t.Context(), func(catalog.EndingStep) {}))
		for _, g := range servers {
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
			code, ending := told(g)
			require.Equal(t, verdict.NotSubscribed, code)
			require.Equal(t, want, ending)
		}
	})
}
