package gateway_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/input"
	"portico/internal/testdb"
)

// updatePlan changes a plan, and moves its subscriptions to the new terms.
func (w *world) updatePlan(in catalog.UpdatePlanInput) (*db.Plan, error) {
	out, err := w.Portal.Catalog.UpdatePlan(w.Admin, in)
	if err != nil {
		return nil, err
	}
	_, err = w.Portal.Apps.MovePlanSubscriptions(w.Admin, apps.MovePlanSubscriptionsInput{PlanID: in.PlanID})
	return out, err
}

// quotaOf returns the quota by which the copy of a server lets the first app's calls pass.
func (w *world) quotaOf(t *testing.T, facts *verdict.Facts) int64 {
	t.Helper()
	for _, a := range facts.Apps {
		for i := range a.Subscriptions {
			if s := &a.Subscriptions[i]; s.ID == w.sub.ID {
				return facts.Catalogue.PlanOf(s).Quota.Limit
			}
		}
	}
	t.Fatal("there is no subscription")
	return 0
}

// A changed plan does not touch what runs; moving does, at once, and what was used stays
// used. New subscriptions go by the new terms.
func TestPlanRevisionsAtTheGate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		quota := func(limit int) catalog.UpdatePlanInput {
			return catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), Quota: set(access.Quota{Limit: limit, Per: access.PerMonth})}
		}
		ok(t, 0, errorOf(w.updatePlan(quota(3))))
		g := w.verifier(t)
		c := w.caller(t, g)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		ok(t, 0, errorOf(w.Portal.Catalog.UpdatePlan(w.Admin, quota(1))))
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		// A server that starts now knows the older terms, too.
		fresh := w.verifier(t)
		var f verdict.Facts
		requireVerdict(t, fresh, w.caller(t, fresh), w.request(), verdict.Valid)
		require.True(t, fresh.Copy(w.Organization.ID).Facts(w.made.Credential.Username, &f))
		require.EqualValues(t, 3, w.quotaOf(t, &f))

		moved, err := w.Portal.Apps.MovePlanSubscriptions(w.Admin, apps.MovePlanSubscriptionsInput{PlanID: w.plan.GlobalID()})
		require.NoError(t, err)
		require.Len(t, moved.Moved, 1)
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		requireVerdict(t, g, c, w.request(), verdict.QuotaExceeded)
	})
}

// Without a revision, as the release before leaves it, a subscription goes by the plan as it is,
// whoever changes that and however often; until this release gives the plan other terms. No
// copy needs to be begun anew for it.
func TestUnboundSubscriptionsAtTheGate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		ok(t, 0, errorOf(w.updatePlan(catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), Quota: set(access.Quota{Limit: 100, Per: access.PerMonth})})))
		exec := func(text string, args ...any) {
			t.Helper()
			_, err := w.Database.ExecContext(t.Context(), text, args...)
			require.NoError(t, err)
		}
		g := w.verifier(t)
		c := w.caller(t, g)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		quota := func() int64 {
			t.Helper()
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
			var f verdict.Facts
			requireVerdict(t, g, c, w.request(), verdict.Valid)
			require.True(t, g.Copy(w.Organization.ID).Facts(w.made.Credential.Username, &f))
			return w.quotaOf(t, &f)
		}
		// touch makes copies read the catalogue, as the event of the release before would.
		touch := func(name string) {
			t.Helper()
			ok(t, 0, errorOf(w.Portal.Catalog.UpdatePlan(w.Admin, catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), Name: input.SetTo(name)})))
		}
		exec(`UPDATE subscriptions SET plan_revision_id = NULL WHERE id = $1`, w.sub.ID)
		ok(t, 0, errorOf(w.Portal.Apps.Suspend(w.Admin, w.sub.GlobalID(), nil)))
		ok(t, 0, errorOf(w.Portal.Apps.Resume(w.Admin, w.sub.GlobalID(), nil)))
		require.EqualValues(t, 100, quota())
		for i, limit := range []string{"50", "60"} {
			exec(`UPDATE plans SET quota = '{"limit":`+limit+`,"per":"MONTH"}' WHERE id = $1`, w.plan.ID)
			touch([]string{"one", "two"}[i])
			require.EqualValues(t, []int{50, 60}[i], quota(), "the plan as it is")
		}
		// This release keeps these terms as a revision, and gives the plan others.
		ok(t, 0, errorOf(w.Portal.Catalog.UpdatePlan(w.Admin, catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), Quota: set(access.Quota{Limit: 9, Per: access.PerMonth})})))
		require.EqualValues(t, 60, quota(), "what it had")
		ok(t, 0, errorOf(w.Portal.Catalog.UpdatePlan(w.Admin, catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), Quota: set(access.Quota{Limit: 8, Per: access.PerMonth})})))
		require.EqualValues(t, 60, quota())
	})
}

// planTerms are what of a plan's terms decides about calls.
type planTerms struct {
	rate       limits.Rate
	quota      limits.Quota
	perAccount bool
}

func terms(p *verdict.Plan) planTerms { return planTerms{p.Rate, p.Quota, p.PerAccount} }

// withoutRevisions returns a product without older terms of its plans, of which a copy keeps
// more than a fresh one needs.
func withoutRevisions(p *verdict.Product) *verdict.Product {
	out := *p
	out.Plans = nil
	for _, plan := range p.Plans {
		bare := *plan
		bare.SetRevisions(nil)
		out.Plans = append(out.Plans, &bare)
	}
	return &out
}
