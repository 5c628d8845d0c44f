package gateway_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/gateway"
	"portico/internal/testdb"
	"portico/internal/usage/intake"
)

// Subscribing again renews neither quota nor bucket: not by another plan, not for
// a restored app, not over a restart; and the feed reports so.
func TestResubscribingKeepsWhatWasUsed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		quota := set(access.Quota{Limit: 3, Per: access.PerMonth})
		rate := set(access.RateLimit{Limit: 5, Per: access.PerHour, Burst: 5})
		other := w.MustPlan(t, w.Admin, w.product, "Other")
		for _, p := range []*db.Plan{w.plan, other} {
			ok(t, 0, errorOf(w.updatePlan(catalog.UpdatePlanInput{PlanID: p.GlobalID(), Quota: quota, RateLimit: rate})))
		}
		var o gateway.Options
		g := w.verifier(t, func(p *gateway.Options) { o = *p })
		c := w.caller(t, g)
		run(t, g)
		for range 3 {
			requireVerdict(t, g, c, w.request(), verdict.Valid)
		}
		requireVerdict(t, g, c, w.request(), verdict.QuotaExceeded)
		f := intake.NewFlusher(intake.FlusherOptions{DB: w.Database, Clock: w.Clock, Counter: o.Counter, Quotas: o.Memory})
		ok(t, 0, f.Flush(t.Context()))

		same := func(what string, s *db.Subscription) {
			t.Helper()
			id := s.ID
			requireSoon(t, what, func() bool {
				var v verdict.Verdict
				g.Verify(t.Context(), c, w.request(), &v)
				return v.Subscription != nil && v.Subscription.ID == id && v.Code != verdict.Waiting
			})
			for name, verifier := range map[string]*gateway.Verifier{"the same server": g, "a started one": w.verifier(t)} {
				if got := verify(t, verifier, w.caller(t, verifier), w.request()); got != verdict.QuotaExceeded {
					t.Errorf("%s: %s answers %s", what, name, got)
				}
			}
			used, err := intake.NewStore(w.Database, w.Clock).QuotasUsed(t.Context(), []uuid.UUID{limits.ByApp(s.AppID, s.ProductID)}, w.Clock.Now())
			if n := len(ok(t, used, err)); n != 1 {
				t.Errorf("%s: %d counters", what, n)
			}
		}
		ok(t, 0, errorOf(w.Portal.Apps.Unregister(w.Admin, w.sub.GlobalID(), nil)))
		again := w.approved(t, w.made.App, w.product, w.plan)
		same("registered again", again)
		ok(t, 0, errorOf(w.Portal.Apps.Unregister(w.Admin, again.GlobalID(), nil)))
		same("by another plan", w.approved(t, w.made.App, w.product, other))
		ok(t, "", errorOf(w.Portal.Apps.DeleteApp(w.Developer, w.made.App.GlobalID(), nil)))
		restored, err := w.Portal.Apps.RestoreApp(w.Admin, w.made.App.GlobalID(), nil)
		w.made = ok(t, restored, err)
		same("restored", w.approved(t, w.made.App, w.product, w.plan))
		// Of the five of the hour three are used, whatever the quota.
		ok(t, 0, errorOf(w.updatePlan(catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), Quota: set(access.Quota{Limit: 1000, Per: access.PerMonth})})))
		passed := 0
		requireSoon(t, "the end of the rate", func() bool {
			code := verify(t, g, c, w.request())
			if code == verdict.Valid {
				passed++
			}
			return code == verdict.RateLimited
		})
		if passed != 2 {
			t.Errorf("%d calls passed after three of five", passed)
		}
	})
}
