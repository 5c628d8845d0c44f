package e2e

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate"
	"portico/e2e/servertest"
	"portico/internal/database"
	"portico/internal/testdb"
)

// cuttableTransport is a gateway's connection to Portico, which can be cut.
type cuttableTransport struct {
	cut atomic.Bool
	way http.RoundTripper
}

// RoundTrip sends a request, unless the connection is cut.
func (l *cuttableTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.cut.Load() {
		return nil, errors.New("the line is cut")
	}
	return l.way.RoundTrip(r)
}

// countedBy returns how many calls of a product were counted by code; "" are
// those of no product.
func countedBy(t *testing.T, db *database.DB, code, product string) (n int) {
	t.Helper()
	row := db.QueryRowContext(t.Context(), `SELECT coalesce(sum(u.calls), 0) FROM usage_minutes u JOIN organizations o ON o.id = u.organization_id
		LEFT JOIN products p ON p.id = u.product_id WHERE o.slug = 'counting' AND u.code = $1 AND coalesce(p.name, '') = $2`, code, product)
	require.NoError(t, row.Scan(&n))
	return n
}

// A gateway whose token is limited to a product loses no count in an outage: neither the
// calls that it let through, with their use of the quota, nor those that it refused
// because its data was too old.
func TestLimitedGatewayLosesNoCounts(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		s := servertest.Start(t, url)
		c := newOrganization(t, s, "counting")
		product := c.limitedProduct(t, "orders", vars{"quota": vars{"limit": 1_000_000, "per": "MONTH"}})
		c.limitedProduct(t, "billing", nil)
		app, _ := c.newApp(t, "Shop")
		_, raw := c.newKey(t, app)
		sub := c.register(t, app, product)
		token := s.GatewayToken(t, "counting", "edge-1", "--product", "orders")
		way := &cuttableTransport{way: &http.Transport{}}
		g := newProtectedAPI(t, s, token, "orders", func(o *gate.Options) { o.Silence, o.HTTPClient = 500*time.Millisecond, &http.Client{Transport: way} })
		said := map[string]int{}
		say := func() string { code := g.code(raw); said[code]++; return code }
		require.Equal(t, "VALID", say(), "Portico's own")
		way.cut.Store(true)
		require.Eventually(t, func() bool { return say() == "UNAVAILABLE" }, waitForOthers, time.Millisecond)
		way.cut.Store(false)
		require.Eventually(t, func() bool { return say() == "VALID" }, waitForOthers, time.Millisecond)
		require.NoError(t, g.Close(t.Context()))

		other := newProtectedAPI(t, s, token, "billing")
		require.Equal(t, "MALFORMED", other.code("junk"))
		require.NoError(t, other.Close(t.Context()))

		db := testdb.Open(t, url)
		require.Eventually(t, func() bool { return countedBy(t, db, "VALID", "orders") >= said["VALID"] }, waitForOthers, pollOthers)
		for code, n := range said {
			require.Equal(t, n, countedBy(t, db, code, "orders"), code)
		}
		require.Equal(t, 1, countedBy(t, db, "MALFORMED", ""), "a product that the token is not for is none")
		require.Eventually(t, func() bool {
			a := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on ProductSubscription { quota { used } } } }`, vars{"id": sub})
			return a.Number("node", "quota", "used") == said["VALID"]
		}, waitForOthers, pollOthers, "the quota")
	})
}
