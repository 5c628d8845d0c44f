package apps_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// planEvents counts the events about the subscription's plan.
func planEvents(t *testing.T, h *racetest.Harness, s *planScene, types ...eventlog.Type) int {
	t.Helper()
	return len(h.Events(t, s.sub.ID, types...))
}

// requireCurrent requires that the subscription has the plan of its last event, and one
// event for each version.
func requireCurrent(t *testing.T, h *racetest.Harness, s *planScene) *db.Subscription {
	t.Helper()
	row := h.Client.Subscription.GetX(portaltest.System(t), s.sub.ID)
	events := h.Events(t, s.sub.ID)
	require.Len(t, events, row.Version, "one event for each change")
	has := "free"
	for _, e := range events {
		for _, c := range e.Changes {
			if c.Field == "plan" && c.Before != nil {
				require.Equal(t, has, *c.Before)
				has = *c.After
			}
		}
	}
	plan := h.Client.Plan.GetX(portaltest.System(t), row.PlanID)
	require.Equal(t, has, plan.Name)
	return row
}

// Of many changes to the same plan one happens, and the others say that it has the plan.
func TestRace_ChangePlan(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newPlanScene(t, h.Fixture, "one")
		in := apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: s.auto.GlobalID(), When: domain.PlanChangeNow}
		_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (*db.Subscription, error) { return p.Apps.ChangePlan(s.Developer, in) })
		racetest.RequireOne(t, outcomes, "ALREADY_REGISTERED")
		require.Equal(t, 1, planEvents(t, h, s, eventlog.SubscriptionPlanChanged))
		requirePlan(t, requireCurrent(t, h, s), s.auto)

		// To two plans at once, now, later and with approval: each that happened has an event.
		_, outcomes = racetest.Run(h, func(n int, p *portal.Portal) (*db.Subscription, error) {
			to := []*db.Plan{s.gold, s.auto, s.free}[n%3]
			return p.Apps.ChangePlan([]context.Context{s.Admin, s.Developer}[n%2], apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: to.GlobalID(), When: []domain.PlanChangeTime{domain.PlanChangeNow, domain.PlanChangePeriodEnd}[n/2%2]})
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "ALREADY_REGISTERED")
		requireCurrent(t, h, s)
	})
}

// A change of plan is decided once: approved, rejected, cancelled, or ended with the
// subscription or its app.
func TestRace_DecidePlanChange(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newPlanScene(t, h.Fixture, "one")
		for name, end := range map[string]func(p *portal.Portal, s *planScene) error{
			"unregister": func(p *portal.Portal, s *planScene) error {
				return errOf(p.Apps.Unregister(s.Admin, s.sub.GlobalID(), nil))
			},
			"suspend": func(p *portal.Portal, s *planScene) error {
				return errOf(p.Apps.Suspend(s.Admin, s.sub.GlobalID(), nil))
			},
			"delete": func(p *portal.Portal, s *planScene) error {
				return errOf(p.Apps.DeleteApp(s.Developer, s.app.GlobalID(), nil))
			},
		} {
			t.Run(name, func(t *testing.T) {
				s := *s
				s.app, s.sub = s.subscribed(t, name)
				_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
				require.NoError(t, err)
				_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (struct{}, error) {
					switch n % 4 {
					case 0:
						return struct{}{}, errOf(p.Apps.ApprovePlanChange(s.Admin, s.decision()))
					case 1:
						return struct{}{}, errOf(p.Apps.RejectPlanChange(s.Admin, s.decision()))
					case 2:
						return struct{}{}, errOf(p.Apps.CancelPlanChange(s.Developer, s.decision()))
					}
					return struct{}{}, end(p, &s)
				})
				racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS", "NOT_FOUND")
				row := requireCurrent(t, h, &s)
				require.NotEqual(t, access.SubscriptionApproved, row.Status)
				require.Nil(t, row.PendingPlanID)
				require.LessOrEqual(t, planEvents(t, h, &s, eventlog.SubscriptionPlanChanged, eventlog.SubscriptionPlanRejected, eventlog.SubscriptionPlanCancelled), 1)
			})
		}
	})
}

// The runner on several nodes gives a plan once, whatever people do meanwhile.
func TestRace_TakeDuePlans(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newPlanScene(t, h.Fixture, "one")
		_, err := s.change(s.Developer, s.auto, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		s.at(*h.Client.Subscription.GetX(portaltest.System(t), s.sub.ID).PendingEffectiveAt)
		taken, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (int, error) {
			if n%4 == 0 {
				return 0, errOf(p.Apps.CancelPlanChange(s.Developer, s.decision()))
			}
			return p.Maintenance.TakeDuePlans(t.Context())
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS")
		sum := 0
		for _, n := range taken {
			sum += n
		}
		require.Equal(t, sum, planEvents(t, h, s, eventlog.SubscriptionPlanChanged))
		require.Equal(t, 1, planEvents(t, h, s, eventlog.SubscriptionPlanChanged, eventlog.SubscriptionPlanCancelled))
		requireCurrent(t, h, s)
	})
}
