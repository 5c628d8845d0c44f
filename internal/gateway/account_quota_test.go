package gateway_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/database"
	"portico/internal/gateway"
	"portico/internal/redislimits"
	"portico/internal/redislimits/redistest"
	"portico/internal/testdb"
	"portico/internal/usage/intake"
)

// counting is a server that takes from quotas and stores what it took.
type counting struct {
	*gateway.Verifier
	w       *world
	caller  *gateway.Caller
	flusher *intake.Flusher
}

func (w *world) counting(t testing.TB, change ...func(*gateway.Options)) *counting {
	t.Helper()
	c := &counting{w: w}
	c.Verifier = w.verifier(t, append(change, func(o *gateway.Options) {
		c.flusher = intake.NewFlusher(intake.FlusherOptions{DB: o.DB, Clock: w.Clock, Counter: o.Counter, Quotas: o.Memory, Node: o.NodeID})
		o.StoreQuotas = c.flusher.Flush
	})...)
	c.caller = w.caller(t, c.Verifier)
	run(t, c.Verifier)
	return c
}

// catchUp brings a server up to what was committed.
func (c *counting) catchUp(t testing.TB) {
	t.Helper()
	ok(t, 0, c.Sync(t.Context(), c.w.Organization.ID))
}

// asks asks for an app.
func (c *counting) verify(t testing.TB, app apps.CreatedApp) verdict.Code {
	t.Helper()
	return verify(t, c.Verifier, c.caller, requestWith(app.Secret))
}

// counts sets a plan's quota of a month and whose calls it counts together.
func (w *world) counts(t testing.TB, p *db.Plan, per access.QuotaPer, limit int) {
	t.Helper()
	quota := set(access.Quota{Limit: limit, Per: access.PerMonth})
	ok(t, 0, errorOf(w.updatePlan(catalog.UpdatePlanInput{PlanID: p.GlobalID(), Quota: quota, QuotaPer: set(per)})))
}

// app makes an app that is registered by a plan.
func (w *world) app(t testing.TB, name string, by *db.Plan) apps.CreatedApp {
	t.Helper()
	created := w.MustApp(t, w.Developer, name)
	w.approved(t, created.App, w.product, by)
	return created
}

// All apps of an account share the quota of a plan that counts by account: another
// app, another subscription, a deleted app and a restart do not renew it.
func TestAnAccountsQuotaIsUsedUpByAllItsApps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.counts(t, w.plan, access.QuotaPerAccount, 10)
		snow := w.app(t, "Snow", w.plan)
		g := w.counting(t)
		for n := range 10 {
			require.Equal(t, verdict.Valid, g.verify(t, []apps.CreatedApp{w.made, snow}[n%2]), n)
		}
		refused := func(what string, c *counting, all ...apps.CreatedApp) {
			t.Helper()
			c.catchUp(t)
			for _, a := range all {
				require.Equal(t, verdict.QuotaExceeded, c.verify(t, a), what)
			}
		}
		refused("the eleventh", g, w.made, snow)
		hail := w.app(t, "Hail", w.plan)
		refused("another app", g, hail)
		ok(t, 0, g.flusher.Flush(t.Context()))
		refused("a restart", w.counting(t), hail, snow, w.made)
		w.checkAccountUse(t, g)

		ok(t, 0, errorOf(w.Portal.Apps.Unregister(w.Admin, w.sub.GlobalID(), nil)))
		w.approved(t, w.made.App, w.product, w.plan)
		refused("registered again", g, w.made)
		ok(t, "", errorOf(w.Portal.Apps.DeleteApp(w.Developer, snow.App.GlobalID(), nil)))
		refused("an app is deleted", g, w.made, w.app(t, "Fog", w.plan))
		refused("and after a restart", w.counting(t), w.made)

		w.Developer = w.MustDeveloper(t, w.Admin, w.MustAccount(t, w.Admin, "Other"))
		sun := w.app(t, "Sun", w.plan)
		g.catchUp(t)
		require.Equal(t, verdict.Valid, g.verify(t, sun), "another account")
	})
}

// checkAccountUse looks at what the feed and an explanation tell.
func (w *world) checkAccountUse(t *testing.T, g *counting) {
	t.Helper()
	lines, err := w.readFeed(t, g.Verifier, g.caller, -1, 0)
	ok(t, 0, err)
	reported := 0
	for _, l := range lines {
		if l.Catalogue != nil {
			require.Equal(t, access.QuotaPerAccount, l.Catalogue.Products[0].Plans[0].QuotaPer)
		}
		for _, a := range l.Apps {
			for _, s := range a.Subscriptions {
				reported++
				require.EqualValues(t, 10, *s.QuotaUsed)
			}
		}
	}
	require.Equal(t, 3, reported)
	e, err := g.Explain(t.Context(), &gateway.Caller{Organization: w.Organization.ID}, w.made.Credential.ID, &gateway.Request{Product: "weather"}, w.Clock.Now())
	ok(t, 0, err)
	require.Equal(t, verdict.QuotaExceeded, e.Code)
	last := e.Steps[len(e.Steps)-1]
	require.True(t, strings.HasPrefix(last.Detail, "Of the account's quota, which its apps share, of 10 a month, 0 are left;"), last.Detail)
}

// What was used of a period still counts after a plan changes whether it counts by
// app or account, or an app changes its plan.
func TestUsedQuotaOutlivesPlanChanges(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.counts(t, w.plan, access.QuotaPerApp, 10)
		shared := w.MustPlan(t, w.Admin, w.product, "Shared")
		w.counts(t, shared, access.QuotaPerAccount, 10)
		rain, snow, g := w.made, w.app(t, "Snow", w.plan), w.counting(t)
		passes := func(a apps.CreatedApp, n int) {
			t.Helper()
			g.catchUp(t)
			for i := range n {
				require.Equal(t, verdict.Valid, g.verify(t, a), i)
			}
		}
		ends := func(a apps.CreatedApp) {
			t.Helper()
			g.catchUp(t)
			require.Equal(t, verdict.QuotaExceeded, g.verify(t, a))
		}
		passes(rain, 6)
		w.counts(t, w.plan, access.QuotaPerAccount, 10)
		passes(snow, 4)
		ends(snow)
		ends(rain)
		w.counts(t, w.plan, access.QuotaPerApp, 10)
		passes(snow, 6)
		ends(snow)
		passes(rain, 1)

		// Seventeen are used by the account, seven by the app.
		ok(t, 0, errorOf(w.Portal.Apps.Unregister(w.Admin, w.sub.GlobalID(), nil)))
		again := w.approved(t, rain.App, w.product, shared)
		ends(rain)
		w.counts(t, shared, access.QuotaPerAccount, 18)
		passes(rain, 1)
		ends(rain)
		ok(t, 0, errorOf(w.Portal.Apps.Unregister(w.Admin, again.GlobalID(), nil)))
		w.approved(t, rain.App, w.product, w.plan)
		passes(rain, 2)
		ends(rain)
		ok(t, 0, g.flusher.Flush(t.Context()))
		g = w.counting(t)
		ends(rain)
		ends(snow)
	})
}

// Concurrent calls of an account's apps take exactly the quota.
func TestAnAccountsAppsAtOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.counts(t, w.plan, access.QuotaPerAccount, 100)
		g := w.counting(t)
		all := []apps.CreatedApp{w.made}
		for range 7 {
			all = append(all, w.app(t, "Many", w.plan))
		}
		g.catchUp(t)
		passed := crowd(t, []*counting{g}, all)
		require.EqualValues(t, 100, passed)
	})
}

// crowd lets apps ask servers at once, until each is refused.
func crowd(t *testing.T, servers []*counting, all []apps.CreatedApp) int64 {
	var passed atomic.Int64
	var asking sync.WaitGroup
	for i := range 4 * len(all) {
		asking.Go(func() {
			for n := 0; ; n++ {
				switch code := servers[(i+n)%len(servers)].verify(t, all[i%len(all)]); code {
				case verdict.Valid:
					passed.Add(1)
				case verdict.QuotaExceeded:
					return
				default:
					t.Errorf("answered %s", code)
					return
				}
			}
		})
	}
	asking.Wait()
	return passed.Load()
}

// Servers with one Redis share an account's quota, and a subscription that is
// created again finds what the other server took.
func TestServersShareAnAccountsQuota(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		address, _ := redistest.Start(t)
		server := func(d *database.DB) *counting {
			client, err := redislimits.Open(address, 0)
			ok(t, 0, err)
			t.Cleanup(func() { _ = client.Close() })
			return w.counting(t, func(o *gateway.Options) {
				o.DB, o.Limiter = d, redislimits.New(client, o.Memory, redislimits.Options{Timeout: 10 * time.Second})
			})
		}
		one, two := server(w.Database), server(w.secondDB(t))
		both := func(want verdict.Code, all ...apps.CreatedApp) {
			t.Helper()
			for _, s := range []*counting{one, two} {
				s.catchUp(t)
				for _, a := range all {
					require.Equal(t, want, s.verify(t, a))
				}
			}
		}
		// Counted by the app, which registers again.
		w.counts(t, w.plan, access.QuotaPerApp, 4)
		both(verdict.Valid, w.made, w.made)
		both(verdict.QuotaExceeded, w.made)
		ok(t, 0, errorOf(w.Portal.Apps.Unregister(w.Admin, w.sub.GlobalID(), nil)))
		other := w.MustPlan(t, w.Admin, w.product, "Other")
		w.counts(t, other, access.QuotaPerApp, 4)
		w.sub = w.approved(t, w.made.App, w.product, other)
		both(verdict.QuotaExceeded, w.made)

		// Counted by the account, of which an app is at each server.
		for _, s := range []*counting{one, two} {
			ok(t, 0, s.flusher.Flush(t.Context()))
		}
		w.counts(t, other, access.QuotaPerAccount, 10)
		snow := w.app(t, "Snow", other)
		both(verdict.Valid, w.made, snow)
		one.catchUp(t)
		require.Equal(t, verdict.Valid, one.verify(t, w.made))
		require.Equal(t, verdict.Valid, two.verify(t, snow))
		both(verdict.QuotaExceeded, w.made, snow, w.app(t, "Hail", other))

		// As many apps as there may be, at both servers at once.
		w.counts(t, other, access.QuotaPerAccount, 60)
		all := []apps.CreatedApp{w.made, snow, w.app(t, "Fog", other), w.app(t, "Dew", other)}
		one.catchUp(t)
		two.catchUp(t)
		require.EqualValues(t, 50, crowd(t, []*counting{one, two}, all))
	})
}
