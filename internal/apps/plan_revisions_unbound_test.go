package apps_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/planrevision"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/portal/portaltest"
)

// counts returns how many subscriptions go by each revision of a plan.
func (s *planScene) counts(t *testing.T, p *db.Plan) (out []int) {
	t.Helper()
	all := s.Client.PlanRevision.Query().Where(planrevision.PlanID(p.ID)).Order(planrevision.ByNumber()).AllX(portaltest.System(t))
	n, err := s.Portal.Apps.SubscriptionsOfRevisions(s.Admin, revisionIDs(all))
	require.NoError(t, err)
	for _, r := range all {
		out = append(out, n[r.ID])
	}
	return out
}

// asItIs returns the number of the revision that has the terms of a plan as it is; 0 if none has.
func (s *planScene) asItIs(t *testing.T, p *db.Plan) int {
	t.Helper()
	all, err := s.Portal.Catalog.NewestRevisions(s.Admin, []uuid.UUID{p.ID})
	require.NoError(t, err)
	if all[p.ID] == nil {
		return 0
	}
	return all[p.ID].Number
}

// The release before makes plans and subscriptions without revisions, changes plans, and
// gives subscriptions other plans: they go by the plan as it is, until this release changes it.
func TestPreviousReleaseWritesPlans(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		exec := func(text string, args ...any) {
			t.Helper()
			_, err := s.Database.ExecContext(t.Context(), text, args...)
			require.NoError(t, err)
		}
		exec(`UPDATE subscriptions SET plan_revision_id = NULL WHERE id = $1`, s.sub.ID)
		_, taken := s.subscribed(t, "Taken")
		exec(`UPDATE subscriptions SET plan_id = $2 WHERE id = $1`, taken.ID, s.gold.ID)
		require.Equal(t, []int{1}, s.counts(t, s.free), "the plan as it is, which has a revision")
		require.Equal(t, []int{1}, s.counts(t, s.gold), "the revision of another plan is none")
		require.Equal(t, 1, s.asItIs(t, s.free))
		exec(`UPDATE plans SET quota_per = 'ACCOUNT', version = version + 1 WHERE id = $1`, s.free.ID)
		_, unbound := s.subscribed(t, "Unbound")
		require.Nil(t, s.Client.Subscription.GetX(portaltest.System(t), unbound.ID).PlanRevisionID, "no revision has these terms")
		require.Zero(t, s.asItIs(t, s.free))
		require.Equal(t, []int{0}, s.counts(t, s.free), "by the plan as it is, which has no revision")

		s.revise(t, s.free, 5)
		s.revise(t, s.gold, 5)
		require.Equal(t, 2, s.number(t, s.sub))
		require.Equal(t, 2, s.number(t, unbound))
		require.Equal(t, 1, s.number(t, taken))
		second := s.Client.PlanRevision.Query().Where(planrevision.PlanID(s.free.ID), planrevision.Number(2)).OnlyX(portaltest.System(t))
		require.Equal(t, access.QuotaPerAccount, second.QuotaPer, "what the release before has made of it")
		require.Nil(t, second.Quota)
		require.Equal(t, 3, s.Client.Plan.GetX(portaltest.System(t), s.free.ID).Revision)
		require.Equal(t, []int{0, 2, 0}, s.counts(t, s.free))
		require.Equal(t, []int{1, 0}, s.counts(t, s.gold))
		for sub, number := range map[*db.Subscription]string{s.sub: "2", unbound: "2", taken: "1"} {
			events := s.Client.Event.Query().Where(event.SubjectID(sub.ID), event.Type(string(eventlog.SubscriptionPlanChanged))).AllX(portaltest.System(t))
			require.Len(t, events, 1, "gateways read it anew")
			require.Equal(t, []domain.Change{{Field: "planRevision", After: &number}}, events[0].Changes)
		}
	})
}

// Among many subscriptions, those that go by older terms are found and counted by indexes of
// these; and a change of a plan by which nobody goes without a
// revision reads none of them.
func TestMovePlanSubscriptions_UsesIndex(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		s.many(t, 5_000)
		_, err := s.Database.ExecContext(t.Context(), `UPDATE subscriptions SET plan_revision_id = (SELECT id FROM plan_revisions r WHERE r.plan_id = subscriptions.plan_id)`)
		require.NoError(t, err)
		s.revise(t, s.free, 10)
		// Most have been moved.
		_, err = s.Database.ExecContext(t.Context(), `UPDATE subscriptions SET plan_revision_id = (SELECT id FROM plan_revisions r WHERE r.plan_id = subscriptions.plan_id AND r.number = 2)
			WHERE id IN (SELECT id FROM subscriptions ORDER BY created_at, id LIMIT 4900)`)
		require.NoError(t, err)
		_, err = s.Database.ExecContext(t.Context(), "ANALYZE")
		require.NoError(t, err)
		p, spy := s.Spied()
		out, err := p.Apps.MovePlanSubscriptions(s.Admin, apps.MovePlanSubscriptionsInput{PlanID: s.free.GlobalID(), First: new(2)})
		require.NoError(t, err)
		require.Len(t, out.Moved, 2)
		require.Equal(t, 99, out.Remaining)
		for _, texts := range [][]string{{"COUNT(", "subscriptions"}, {"LIMIT 2", "subscriptions"}, {"EXISTS (SELECT 1 FROM subscriptions WHERE plan_id"}} {
			require.Regexp(t, "subscription_live_terms|subscription_plan_revision", spy.PlanOf(t, texts...), "by the revision: %s", texts)
		}
	})
}
