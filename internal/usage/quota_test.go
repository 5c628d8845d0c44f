package usage

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/domain"
	"portico/internal/testdb"
)

// A plan that is changed from days to months on the first of a month goes on
// with what was used, and a restart finds it after that day.
func TestAQuotaThatIsMadeLongerKeepsItsCount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		first := at("2026-06-01T10:00:00Z")
		w := newWorld(t, url, "UTC", first)
		q := &quotas{totals: map[uuid.UUID]int64{}}
		f := w.newFlusher(w.counter, q)
		u := limits.Used{Organization: w.org, Subscription: uuid.New(), PeriodStart: at("2026-06-01T00:00:00Z"), PeriodEnd: at("2026-06-02T00:00:00Z"), N: 3}
		q.pending = []limits.Used{u}
		require.NoError(t, f.Flush(context.Background()))
		u.PeriodEnd, u.N = at("2026-07-01T00:00:00Z"), 4
		q.pending = []limits.Used{u}
		require.NoError(t, f.Flush(context.Background()))
		found, err := w.store.quotaUsed(context.Background(), []uuid.UUID{u.Subscription}, at("2026-06-20T10:00:00Z"))
		require.NoError(t, err)
		require.EqualValues(t, 7, found[u.Subscription].N)
	})
}

// What a gateway let pass by itself counts in the quota of the subscription.
func TestReportedCallsCountInQuotas(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		account, app, product, plan, sub := uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
		w.exec(`INSERT INTO accounts (id, created_at, updated_at, name, name_folded, profile, organization_id) VALUES ($1, $2, $2, 'a', 'a', '{}', $3)`, account, noon, w.org)
		w.exec(`INSERT INTO apps (id, created_at, updated_at, account_id, reference_id, name, name_folded, labels, organization_id) VALUES ($1, $2, $2, $3, $1, 'a', 'a', '[]', $4)`, app, noon, account, w.org)
		w.exec(`INSERT INTO products (id, created_at, updated_at, name, title, title_folded, auth_types, organization_id) VALUES ($1, $2, $2, 'p', 'p', 'p', '[]', $3)`, product, noon, w.org)
		w.exec(`INSERT INTO plans (id, created_at, updated_at, product_id, name, kind, quota, organization_id) VALUES ($1, $2, $2, $3, 'p', 'FREE', '{"limit":10,"per":"DAY"}', $4)`, plan, noon, product, w.org)
		w.exec(`INSERT INTO subscriptions (id, created_at, updated_at, account_id, app_id, product_id, plan_id, status, newest, organization_id) VALUES ($1, $2, $2, $3, $4, $5, $6, 'APPROVED', true, $7)`,
			sub, noon, account, app, product, plan, w.org)
		call := Call{Organization: w.org, Account: account, App: app, Product: product, Code: "VALID"}
		refused := call
		refused.Code = "RATE_LIMITED"
		report := []Reported{{Call: call, At: noon, Calls: 3}, {Call: call, At: noon.Add(-time.Minute), Calls: 2}, {Call: refused, At: noon, Calls: 5}}
		for range 2 { // the second time it is known
			_, err := w.store.Accept(context.Background(), Reporter{Organization: w.org}, "one", report)
			require.NoError(t, err)
		}
		found, err := w.store.quotaUsed(context.Background(), []uuid.UUID{limits.ByApp(app, product)}, noon)
		require.NoError(t, err)
		require.EqualValues(t, 5, found[limits.ByApp(app, product)].N)
		require.EqualValues(t, 5, w.uses(limits.ByAccount(account, product, domain.PerDay)), "and in its account's")
	})
}
