package intake

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/internal/testdb"
	"portico/internal/usage"
	"portico/internal/usage/usagetest"
)

// If a plan is changed from days to months on the first of a month, its count continues,
// and is still found after that day, for example at a restart.
func TestLongerQuotaPeriodContinuesTheCount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		first := usagetest.At("2026-06-01T10:00:00Z")
		w := newWorld(t, url, "UTC", first)
		q := &fakeQuotas{totals: map[uuid.UUID]int64{}}
		f := w.newFlusher(w.counter, q)
		u := limits.Used{Organization: w.Organization, AppCounter: uuid.New(), PeriodStart: usagetest.At("2026-06-01T00:00:00Z"), PeriodEnd: usagetest.At("2026-06-02T00:00:00Z"), N: 3}
		q.pending = []limits.Used{u}
		require.NoError(t, f.Flush(context.Background()))
		u.PeriodEnd, u.N = usagetest.At("2026-07-01T00:00:00Z"), 4
		q.pending = []limits.Used{u}
		require.NoError(t, f.Flush(context.Background()))
		found, err := w.store.quotaUsed(context.Background(), []uuid.UUID{u.AppCounter}, usagetest.At("2026-06-20T10:00:00Z"))
		require.NoError(t, err)
		require.EqualValues(t, 7, found[u.AppCounter].N)
	})
}

// Calls that a gateway let through by itself count in the quota of the subscription.
func TestReportedCallsCountInQuotas(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		s := w.AddSubscription(uuid.New(), `{"limit":10,"per":"DAY"}`)
		call := usage.Call{Organization: w.Organization, Account: s.Account, App: s.App, Product: s.Product, Code: "VALID"}
		refused := call
		refused.Code = "RATE_LIMITED"
		report := []usage.Reported{{Call: call, At: noon, Calls: 3}, {Call: call, At: noon.Add(-time.Minute), Calls: 2}, {Call: refused, At: noon, Calls: 5}}
		for range 2 { // the second time its id is known
			_, err := w.store.Accept(context.Background(), usage.Reporter{Organization: w.Organization}, "one", report)
			require.NoError(t, err)
		}
		app := limits.ByApp(s.App, s.Product)
		found, err := w.store.quotaUsed(context.Background(), []uuid.UUID{app}, noon)
		require.NoError(t, err)
		require.EqualValues(t, 5, found[app].N)
		require.EqualValues(t, 5, w.used(limits.ByAccount(s.Account, s.Product, access.PerDay)), "and in its account's")
	})
}
