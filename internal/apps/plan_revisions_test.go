package apps_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/planrevision"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// revise changes the quota of a plan.
func (s *planScene) revise(t *testing.T, p *db.Plan, limit int) *db.Plan {
	t.Helper()
	out, err := s.Portal.Catalog.UpdatePlan(s.Admin, catalog.UpdatePlanInput{PlanID: p.GlobalID(), Quota: input.SetTo(access.Quota{Limit: limit, Per: access.PerDay})})
	require.NoError(t, err)
	return out
}

// number returns the number of the revision by which a subscription goes.
func (s *planScene) number(t *testing.T, sub *db.Subscription) int {
	t.Helper()
	row := s.Client.Subscription.GetX(portaltest.System(t), sub.ID)
	require.NotNil(t, row.PlanRevisionID)
	r := s.Client.PlanRevision.GetX(portaltest.System(t), *row.PlanRevisionID)
	require.Equal(t, row.PlanID, r.PlanID)
	return r.Number
}

func (s *planScene) move(ids ...string) (*apps.MovedSubscriptions, error) {
	return s.Portal.Apps.MovePlanSubscriptions(s.Admin, apps.MovePlanSubscriptionsInput{PlanID: s.free.GlobalID(), SubscriptionIDs: ids})
}

// A subscription goes by the terms that were the newest when it was asked for, until it is
// moved, or its developer takes the newest.
func TestPlanRevisions(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		waiting := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "Waits").App, s.product, s.free)
		s.revise(t, s.free, 10)
		_, err := s.Portal.Apps.Approve(s.Admin, waiting.GlobalID(), nil)
		require.NoError(t, err)
		_, later := s.subscribed(t, "Later")
		for sub, want := range map[*db.Subscription]int{s.sub: 1, waiting: 1, later: 2} {
			require.Equal(t, want, s.number(t, sub))
		}
		t.Run("another app of the account keeps its own", func(t *testing.T) {
			_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
			require.NoError(t, err)
			s.revise(t, s.gold, 20)
			approved, err := s.Portal.Apps.ApprovePlanChange(s.Admin, s.decision())
			require.NoError(t, err)
			requirePlan(t, approved, s.gold)
			require.Equal(t, 1, s.number(t, s.sub), "what was asked for is approved")
		})
		t.Run("the developer takes the newest", func(t *testing.T) {
			_, err := s.change(s.Admin, s.gold, domain.PlanChangeNow)
			require.NoError(t, err)
			require.Equal(t, 2, s.number(t, s.sub))
			require.Equal(t, []domain.Change{
				{Field: "plan", Before: new("gold (revision 1)"), After: new("gold (revision 2)")},
				{Field: "planRevision", Before: new("1"), After: new("2")},
			}, s.last(t).Changes)
			_, err = s.change(s.Admin, s.gold, domain.PlanChangeNow)
			portaltest.RequireProblems(t, err, "ALREADY_REGISTERED planId")
		})
		t.Run("move", func(t *testing.T) {
			before := s.Client.Subscription.GetX(portaltest.System(t), waiting.ID)
			out, err := s.move()
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{waiting.ID}, subscriptionIDs(out.Moved))
			require.Equal(t, 2, s.number(t, out.Moved[0]))
			require.Zero(t, out.Remaining)
			require.Equal(t, 2, s.number(t, waiting))
			after := s.Client.Subscription.GetX(portaltest.System(t), waiting.ID)
			require.Equal(t, before.Version+1, after.Version)
			out, err = s.move(waiting.GlobalID(), later.GlobalID())
			require.NoError(t, err)
			require.Empty(t, out.Moved, "they have them")
		})
		t.Run("counts", func(t *testing.T) {
			all := s.Client.PlanRevision.Query().Where(planrevision.PlanID(s.free.ID)).Order(planrevision.ByNumber()).AllX(portaltest.System(t))
			n, err := s.Portal.Apps.SubscriptionsOfRevisions(s.Admin, revisionIDs(all))
			require.NoError(t, err)
			require.Equal(t, []int{0, 2}, []int{n[all[0].ID], n[all[1].ID]})
		})
	})
}

func subscriptionIDs(all []*db.Subscription) (out []uuid.UUID) {
	for _, s := range all {
		out = append(out, s.ID)
	}
	return out
}

func revisionIDs(all []*db.PlanRevision) (out []uuid.UUID) {
	for _, r := range all {
		out = append(out, r.ID)
	}
	return out
}

// Moving refuses what is not of the plan, and who may not.
func TestMovePlanSubscriptions(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		var subs []*db.Subscription
		for _, name := range []string{"A", "B", "C"} {
			_, sub := s.subscribed(t, name)
			subs = append(subs, sub)
		}
		x := s.revise(t, s.free, 10)
		in := apps.MovePlanSubscriptionsInput{PlanID: s.free.GlobalID()}
		_, err := s.Portal.Apps.MovePlanSubscriptions(s.Developer, in)
		portaltest.RequireCode(t, err, fault.CodeForbidden)
		in.Version = new(x.Version - 1)
		_, err = s.Portal.Apps.MovePlanSubscriptions(s.Admin, in)
		portaltest.RequireCode(t, err, fault.CodeConflict)
		in.Version, in.First = nil, new(0)
		_, err = s.Portal.Apps.MovePlanSubscriptions(s.Admin, in)
		portaltest.RequireProblems(t, err, "INVALID first")
		_, err = s.move(subs[0].GlobalID(), subs[0].GlobalID())
		require.Error(t, err)
		other, err := s.Portal.Apps.ChangePlan(s.Admin, apps.ChangePlanInput{SubscriptionID: subs[2].GlobalID(), PlanID: s.gold.GlobalID(), When: domain.PlanChangeNow})
		require.NoError(t, err)
		_, err = s.move(subs[0].GlobalID(), other.GlobalID())
		portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE subscriptionIds.1")
		require.Equal(t, 1, s.number(t, subs[0]), "nothing half done")
		// A change to an older revision of the plan ends with it; one to another plan stays.
		_, err = s.Portal.Apps.ChangePlan(s.Admin, apps.ChangePlanInput{SubscriptionID: subs[0].GlobalID(), PlanID: s.free.GlobalID(), When: domain.PlanChangePeriodEnd})
		require.NoError(t, err)
		_, err = s.Portal.Apps.ChangePlan(s.Admin, apps.ChangePlanInput{SubscriptionID: subs[1].GlobalID(), PlanID: s.gold.GlobalID(), When: domain.PlanChangePeriodEnd})
		require.NoError(t, err)
		s.revise(t, s.free, 11)
		in.First = new(1)
		out, err := s.Portal.Apps.MovePlanSubscriptions(s.Admin, in)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, []int{len(out.Moved), out.Remaining}, "the oldest")
		require.Equal(t, 3, s.number(t, s.sub))
		out, err = s.move()
		require.NoError(t, err)
		require.Equal(t, []int{2, 0}, []int{len(out.Moved), out.Remaining})
		require.Nil(t, s.Client.Subscription.GetX(portaltest.System(t), subs[0].ID).PendingPlanID)
		require.Equal(t, s.gold.ID, *s.Client.Subscription.GetX(portaltest.System(t), subs[1].ID).PendingPlanID)
	})
}

// While a plan is changed, subscriptions are made and moved: each goes by a revision that
// there is, and has an event for each version.
func TestRace_PlanRevisions(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newPlanScene(t, h.Fixture, "one")
		var made []*db.App
		for range 16 {
			made = append(made, s.MustApp(t, s.Developer, "Racer").App)
		}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			switch n % 4 {
			case 0:
				return p.Catalog.UpdatePlan(s.Admin, catalog.UpdatePlanInput{PlanID: s.free.GlobalID(), Quota: input.SetTo(access.Quota{Limit: 1 + n, Per: access.PerDay})})
			case 1:
				return p.Apps.Register(s.Developer, apps.RegisterInput{AppID: made[n/4%len(made)].GlobalID(), ProductID: s.product.GlobalID(), PlanID: new(s.free.GlobalID())})
			case 2:
				return p.Apps.MovePlanSubscriptions(s.Admin, apps.MovePlanSubscriptionsInput{PlanID: s.free.GlobalID()})
			}
			return p.Apps.ChangePlan([]context.Context{s.Admin, s.Developer}[n/4%2], apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: s.free.GlobalID(), When: domain.PlanChangeNow})
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "ALREADY_REGISTERED")
		ctx := portaltest.System(t)
		for _, sub := range h.Client.Subscription.Query().Where(subscription.PlanID(s.free.ID)).AllX(ctx) {
			number := s.number(t, sub)
			events := h.Events(t, sub.ID)
			require.Len(t, events, sub.Version, "one event for each change")
			has := ""
			for _, e := range events {
				for _, c := range e.Changes {
					if c.Field == "planRevision" && c.After != nil {
						has = *c.After
					}
				}
			}
			require.Equal(t, domain.Text(number), &has, "the last event says it")
		}
		p := h.Client.Plan.GetX(ctx, s.free.ID)
		require.Equal(t, p.Revision, h.Client.PlanRevision.Query().Where(planrevision.PlanID(p.ID)).CountX(ctx))
		require.Len(t, h.Events(t, p.ID, eventlog.PlanUpdated), p.Revision-1, "one event for each revision but the first")
	})
}
