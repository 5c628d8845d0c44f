package gateway_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/gateway"
	"portico/internal/input"
	"portico/internal/redislimits"
	"portico/internal/redislimits/redistest"
	"portico/internal/testdb"
	"portico/internal/usage"
	"portico/internal/usage/intake"
)

// changePlan changes the world's plan, for the subscriptions that there are too.
func (w *world) changePlan(t testing.TB, in catalog.UpdatePlanInput) {
	t.Helper()
	in.PlanID = w.plan.GlobalID()
	ok(t, 0, errorOf(w.Portal.Catalog.UpdatePlan(w.Admin, in)))
	ok(t, 0, errorOf(w.Portal.Apps.MovePlanSubscriptions(w.Admin, apps.MovePlanSubscriptionsInput{PlanID: in.PlanID})))
}

// calls asks about a call of a path.
func (c *counting) calls(t testing.TB, path string) (v verdict.Verdict) {
	t.Helper()
	r := requestWith(c.w.made.Secret)
	r.Method, r.Path = "GET", path
	c.Verify(t.Context(), c.caller, r, &v)
	return v
}

// limitSearch gives /search a quota of its own and returns its endpoint.
func (w *world) limitSearch(t testing.TB, limit int) {
	t.Helper()
	search := w.MustEndpoint(t, w.Admin, w.product, access.MethodGet, "/search")
	w.MustEndpoint(t, w.Admin, w.product, access.MethodGet, "/now")
	w.changePlan(t, catalog.UpdatePlanInput{EndpointLimits: input.SetTo([]catalog.EndpointLimitInput{
		{EndpointID: search.GlobalID(), Quota: &access.Quota{Limit: limit, Per: access.PerMonth}},
	})})
}

// An endpoint's quota refuses calls of the endpoint and of no other, also after a restart.
func TestAnEndpointsQuotaRefusesItAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.limitSearch(t, 3)
		g := w.counting(t)
		for range 3 {
			require.Equal(t, verdict.Valid, g.calls(t, "/search").Code)
		}
		refused := func(what string, g *counting) {
			t.Helper()
			v := g.calls(t, "/search?again")
			require.Equal(t, verdict.QuotaExceeded, v.Code, what)
			require.EqualValues(t, 3, v.Limits.Quota.Limit, what)
			require.Equal(t, verdict.Valid, g.calls(t, "/now").Code, what)
			require.Equal(t, verdict.Valid, g.calls(t, "/elsewhere").Code, what)
		}
		refused("the fourth", g)
		for _, path := range []string{"/now/../search", "/%2e/search", "//search", ""} {
			require.Equal(t, verdict.EndpointNotAllowed, g.calls(t, path).Code, "%q may be the endpoint", path)
		}
		require.NoError(t, g.flusher.Flush(t.Context()))
		refused("after a restart", w.counting(t))
		w.changePlan(t, catalog.UpdatePlanInput{EndpointLimits: input.SetTo([]catalog.EndpointLimitInput{})})
		g.catchUp(t)
		require.Equal(t, verdict.Valid, g.calls(t, "/search").Code, "the limit was removed")
		require.Equal(t, verdict.Valid, g.calls(t, "/now/../search").Code, "and nothing depends on the endpoint")
	})
}

func TestExplainSaysWhichLimitRefuses(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	w.limitSearch(t, 1)
	g := w.counting(t)
	explain := func() string {
		r := w.request()
		r.Method, r.Path = "GET", "/search"
		e, err := g.Explain(t.Context(), g.caller, w.made.Credential.ID, r, w.Clock.Now())
		require.NoError(t, err)
		last := e.Steps[len(e.Steps)-1]
		require.Equal(t, verdict.QuotaExceeded, last.Code)
		return last.Detail
	}
	require.Equal(t, verdict.Valid, g.calls(t, "/search").Code)
	require.Contains(t, explain(), "endpoint's quota of 1 a month, 0 are left")
	metered := ok2(t)(w.Portal.Catalog.CreatePlan(w.Admin, catalog.CreatePlanInput{
		ProductID: w.product.GlobalID(), Name: "metered", Kind: new(domain.PlanMetered), Price: &domain.Price{Amount: "1", Unit: 1}, SpendingCap: new("1"),
	}))
	ok(t, 0, errorOf(w.Portal.Apps.Unregister(w.Admin, w.sub.GlobalID(), nil)))
	w.approved(t, w.made.App, w.product, metered)
	g.catchUp(t)
	require.Equal(t, verdict.Valid, g.calls(t, "/search").Code)
	require.Contains(t, explain(), "calls within the plan's spending cap, of 1 a month, 0 are left")
}

func ok2(t testing.TB) func(*db.Plan, error) *db.Plan {
	return func(p *db.Plan, err error) *db.Plan { t.Helper(); require.NoError(t, err); return p }
}

// With CONTINUE calls go on beyond the quota; the spending cap ends them, whatever they cost
// of the limits.
func TestOverageAndSpendingCap(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.plan = ok2(t)(w.Portal.Catalog.CreatePlan(w.Admin, catalog.CreatePlanInput{
			ProductID: w.product.GlobalID(), Name: "metered", Kind: new(domain.PlanMetered), Price: &domain.Price{Amount: "0.50", Currency: "EUR", Unit: 1, IncludedCalls: 1},
			Quota: &access.Quota{Limit: 2, Per: access.PerMonth}, Overage: new(access.OverageContinue), SpendingCap: new("2"),
		}))
		ok(t, 0, errorOf(w.Portal.Apps.Unregister(w.Admin, w.sub.GlobalID(), nil)))
		w.approved(t, w.made.App, w.product, w.plan)
		g := w.counting(t)
		for n := range int64(5) {
			r := requestWith(w.made.Secret)
			r.Cost = 3
			var v verdict.Verdict
			g.Verify(t.Context(), g.caller, r, &v)
			require.Equal(t, verdict.Valid, v.Code, "call %d", n)
			require.EqualValues(t, 0, v.Limits.Quota.Remaining)
		}
		require.Equal(t, verdict.QuotaExceeded, g.verify(t, w.made), "the sixth would cost more than 2")
		require.NoError(t, g.flusher.Flush(t.Context()))
		require.Equal(t, verdict.QuotaExceeded, w.counting(t).verify(t, w.made), "after a restart")
		w.changePlan(t, catalog.UpdatePlanInput{SpendingCap: input.SetTo("2.50")})
		g.catchUp(t)
		require.Equal(t, verdict.Valid, g.verify(t, w.made), "a larger cap")
		require.Equal(t, verdict.QuotaExceeded, g.verify(t, w.made))
		w.Clock.Advance(31 * 24 * time.Hour)
		g.catchUp(t)
		require.Equal(t, verdict.Valid, g.verify(t, w.made), "the next month")
	})
}

// 64 calls at once, at an endpoint with 10 left, at two servers with Redis: 10 pass.
func TestRace_EndpointQuotaOfTwoServers(t *testing.T) {
	redis, _ := redistest.Start(t)
	w := newWorld(t, testdb.SQLite(t))
	w.limitSearch(t, 10)
	shared := func(o *gateway.Options) {
		client, err := redislimits.Open(redis, 0)
		require.NoError(t, err)
		t.Cleanup(func() { _ = client.Close() })
		o.Limiter = redislimits.New(client, o.Memory, redislimits.Options{Timeout: 10 * time.Second})
	}
	servers := []*counting{w.counting(t, shared), w.counting(t, shared)}
	var passed atomic.Int64
	var wait sync.WaitGroup
	for n := range 64 {
		wait.Go(func() {
			if servers[n%2].calls(t, "/search").Code == verdict.Valid {
				passed.Add(1)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 10, passed.Load())
}

// The feed has the limits, and what is used of them; calls that a gateway has let through are
// counted in them.
func TestFeedHasFurtherLimits(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.limitSearch(t, 5)
		g := w.counting(t)
		endpoint := g.calls(t, "/search").Endpoint
		require.NoError(t, g.flusher.Flush(t.Context()))
		reported := usage.Reported{Call: usage.Call{App: w.made.App.ID, Product: w.product.ID, Endpoint: endpoint, Code: "VALID"}, At: w.Clock.Now(), Calls: 2}
		_, err := intake.NewStore(w.Database, w.Clock).Accept(t.Context(), usage.Reporter{Organization: w.Organization.ID}, "one", []usage.Reported{reported})
		require.NoError(t, err)
		var plan keycache.Plan
		var uses []keycache.Use
		require.NoError(t, g.Feed(t.Context(), g.caller, -1, 0, func(c *keycache.Change) error {
			if c.Catalogue != nil {
				plan = c.Catalogue.Products[0].Plans[0]
			}
			for _, a := range c.Apps {
				uses = append(uses, a.Subscriptions[0].Uses...)
			}
			return nil
		}))
		require.Equal(t, access.OverageRefuse, plan.Overage)
		require.Equal(t, []access.EndpointLimit{{EndpointID: endpoint, Quota: &access.Quota{Limit: 5, Per: access.PerMonth}}}, plan.EndpointLimits)
		require.Len(t, uses, 1)
		require.Equal(t, endpoint, *uses[0].EndpointID)
		require.EqualValues(t, 3, uses[0].Used)
	})
}
