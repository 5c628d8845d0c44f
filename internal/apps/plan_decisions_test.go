package apps_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// What was scheduled before another subscription of the account was suspended waits when its
// time comes, as a new change would, whoever has asked for it or approved it. What was
// approved under the sanction takes effect in spite of it.
func TestPlanChange_WaitsAfterALaterSuspension(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		_, mine := s.subscribed(t, "Sanctioned")
		_, staffs := s.subscribed(t, "Staff's")
		_, err := s.change(s.Developer, s.auto, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		own := s.sub
		s.sub = staffs
		_, err = s.change(s.Admin, s.gold, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		s.Clock.Advance(time.Hour)
		_, err = s.Portal.Apps.Suspend(s.Admin, mine.GlobalID(), nil)
		require.NoError(t, err)
		s.at(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
		requireTaken(t, s.Fixture, 2)
		requireTaken(t, s.Fixture, 0)
		for _, x := range []*db.Subscription{own, staffs} {
			s.sub = x
			row := s.Client.Subscription.GetX(portaltest.System(t), x.ID)
			require.Equal(t, s.free.ID, row.PlanID)
			require.Equal(t, lifecycle.PlanChangeWaiting, apps.PendingChangeOf(row).Status)
			require.Equal(t, "Growth.", apps.PendingChangeOf(row).Reason)
			require.Nil(t, row.PendingEffectiveAt)
			e := s.last(t)
			require.Equal(t, string(eventlog.SubscriptionPlanRequested), e.Type)
			require.Contains(t, e.Reason, "suspended since")
			require.Nil(t, e.ActorID)
		}
		s.sub = own
		_, err = s.Portal.Apps.ApprovePlanChange(s.Admin, s.decision())
		require.NoError(t, err)
		s.at(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))
		requireTaken(t, s.Fixture, 1)
		requirePlan(t, s.Client.Subscription.GetX(portaltest.System(t), own.ID), s.auto)

		// A sanction that is over does not count, and one of another account neither.
		s.sub = own
		_, err = s.Portal.Apps.Resume(s.Admin, mine.GlobalID(), nil)
		require.NoError(t, err)
		_, err = s.change(s.Admin, s.gold, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		other := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Other"))
		theirs := s.MustRegister(t, other, s.MustApp(t, other, "Theirs").App, s.product, s.free)
		_, err = s.Portal.Apps.Approve(s.Admin, theirs.GlobalID(), nil)
		require.NoError(t, err)
		_, err = s.Portal.Apps.Suspend(s.Admin, theirs.GlobalID(), nil)
		require.NoError(t, err)
		s.at(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
		requireTaken(t, s.Fixture, 1)
		requirePlan(t, s.Client.Subscription.GetX(portaltest.System(t), own.ID), s.gold)
	})
}

// Who decides about a plan, and why, stands in the subscription; what a developer asks for,
// and what time brings, is no decision.
func TestPlanDecisionsAreShown(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		var decided time.Time
		shown := func(by context.Context, reason string) {
			t.Helper()
			for _, as := range []context.Context{s.Developer, s.Admin} {
				row := s.Client.Subscription.GetX(as, s.sub.ID)
				require.Equal(t, reason, row.Reason)
				require.Equal(t, viewer.Current(by).UserID, *row.DecidedBy)
				require.True(t, row.DecidedAt.Equal(decided), "%s, not %s", row.DecidedAt, decided)
			}
		}
		step := func(do func() error) {
			t.Helper()
			s.Clock.Advance(time.Hour)
			require.NoError(t, do())
		}
		decide := func(do func() error) { t.Helper(); step(do); decided = s.Clock.Now() }
		about := func(why string) apps.DecidePlanChangeInput {
			return apps.DecidePlanChangeInput{SubscriptionID: s.sub.GlobalID(), Reason: &why}
		}
		ask := func(by context.Context, to *db.Plan, when domain.PlanChangeTime) func() error {
			return func() error { return errOf(s.change(by, to, when)) }
		}
		decide(func() error { return errOf(s.Portal.Apps.Suspend(s.Admin, s.sub.GlobalID(), nil)) })
		decide(func() error { return errOf(s.Portal.Apps.Resume(s.Admin, s.sub.GlobalID(), new("Welcome back."))) })
		step(ask(s.Developer, s.gold, domain.PlanChangeNow))
		shown(s.Admin, "Welcome back.")
		decide(func() error { return errOf(s.Portal.Apps.RejectPlanChange(s.Admin, about("Too many calls."))) })
		shown(s.Admin, "Too many calls.")
		step(ask(s.Developer, s.gold, domain.PlanChangePeriodEnd))
		approver := s.Enter(t, s.MustApprover(t, s.Admin, s.product))
		decide(func() error { return errOf(s.Portal.Apps.ApprovePlanChange(approver, about("Well then."))) })
		shown(approver, "Well then.")
		decide(func() error { return errOf(s.Portal.Apps.CancelPlanChange(s.Developer, about("Not now."))) })
		shown(s.Developer, "Not now.")
		step(ask(s.Developer, s.auto, domain.PlanChangeNow))
		shown(s.Developer, "Not now.")
		decide(ask(s.Admin, s.gold, domain.PlanChangePeriodEnd))
		shown(s.Admin, "Growth.")
		s.at(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
		requireTaken(t, s.Fixture, 1)
		shown(s.Admin, "Growth.")
	})
}
