package apps_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// planScene is a tenant with an approved subscription to a product of several plans.
type planScene struct {
	*portaltest.Fixture
	portaltest.Tenant
	product          *db.Product
	free, gold, auto *db.Plan
	app              *db.App
	sub              *db.Subscription
}

func newPlanScene(t *testing.T, f *portaltest.Fixture, slug string) *planScene {
	s := &planScene{Fixture: f, Tenant: f.MustTenant(t, slug)}
	s.product, s.free = f.MustProduct(t, s.Admin, "weather")
	s.gold = f.MustPlan(t, s.Admin, s.product, "gold")
	var err error
	s.auto, err = f.Portal.Catalog.CreatePlan(s.Admin, catalog.CreatePlanInput{ProductID: s.product.GlobalID(), Name: "auto", Approval: new(domain.Auto)})
	require.NoError(t, err)
	s.app, s.sub = s.subscribed(t, "App")
	return s
}

// subscribed creates an app with an approved subscription by the plan free.
func (s *planScene) subscribed(t *testing.T, name string) (*db.App, *db.Subscription) {
	t.Helper()
	app := s.MustApp(t, s.Developer, name).App
	waiting := s.MustRegister(t, s.Developer, app, s.product, s.free)
	sub, err := s.Portal.Apps.Approve(s.Admin, waiting.GlobalID(), nil)
	require.NoError(t, err)
	return app, sub
}

func (s *planScene) change(ctx context.Context, to *db.Plan, when domain.PlanChangeTime) (*db.Subscription, error) {
	return s.Portal.Apps.ChangePlan(ctx, apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: to.GlobalID(), When: when, Reason: new("Growth.")})
}

func (s *planScene) decision() apps.DecidePlanChangeInput {
	return apps.DecidePlanChangeInput{SubscriptionID: s.sub.GlobalID(), Reason: new("So.")}
}

// at sets the clock.
func (s *planScene) at(moment time.Time) { s.Clock.Advance(moment.Sub(s.Clock.Now())) }

// last returns the last event of the subscription.
func (s *planScene) last(t *testing.T) *db.Event {
	t.Helper()
	e, err := s.Client.Event.Query().Where(event.SubjectID(s.sub.ID)).Order(db.Desc(event.FieldPosition)).First(portaltest.System(t))
	require.NoError(t, err)
	return e
}

// requirePlan requires that a subscription is approved, has a plan, and no change of it.
func requirePlan(t *testing.T, s *db.Subscription, want *db.Plan) {
	t.Helper()
	require.Equal(t, access.SubscriptionApproved, s.Status)
	require.Equal(t, want.ID, s.PlanID)
	require.Nil(t, apps.PendingChangeOf(s))
	require.Nil(t, s.PendingPlanID)
}

func eachPlanScene(t *testing.T, run func(t *testing.T, s *planScene)) {
	testdb.Each(t, func(t *testing.T, url string) { run(t, newPlanScene(t, portaltest.New(t, url), "one")) })
}

// A plan that asks for nobody takes effect at once, and the subscription stays the same
// one: so do its app's keys.
func TestChangePlan_AtOnce(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		after, err := s.change(s.Developer, s.auto, domain.PlanChangeNow)
		require.NoError(t, err)
		requirePlan(t, after, s.auto)
		require.Equal(t, s.sub.ID, after.ID)
		require.Equal(t, s.sub.Version+1, after.Version)
		require.Equal(t, s.sub.DecidedAt, after.DecidedAt, "nobody decided")
		e := s.last(t)
		require.Equal(t, string(eventlog.SubscriptionPlanChanged), e.Type)
		require.Equal(t, "Growth.", e.Reason)
		require.Equal(t, []domain.Change{{Field: "plan", Before: new("free"), After: new("auto")}}, e.Changes)
		require.Equal(t, s.app.ID, *e.AppID)
		// Staff need nobody's approval.
		after, err = s.change(s.Admin, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		requirePlan(t, after, s.gold)
	})
}

// A change waits where a new subscription would: it has no effect until it is approved, and
// takes effect then.
func TestStory_PlanChangeWithApproval(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		waiting, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		require.Equal(t, s.free.ID, waiting.PlanID)
		pending := apps.PendingChangeOf(waiting)
		require.Equal(t, s.gold.ID, pending.PlanID)
		require.Equal(t, lifecycle.PlanChangeWaiting, pending.Status)
		require.Nil(t, pending.EffectiveAt)
		require.Equal(t, "Growth.", pending.Reason)
		require.NotNil(t, pending.RequestedBy)
		require.Equal(t, string(eventlog.SubscriptionPlanRequested), s.last(t).Type)
		again, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		require.Equal(t, waiting.Version, again.Version, "asked for once more, it changes nothing")

		stale := s.decision()
		stale.Version = new(s.sub.Version)
		_, err = s.Portal.Apps.ApprovePlanChange(s.Admin, stale)
		portaltest.RequireCode(t, err, fault.CodeConflict)
		approver := s.Enter(t, s.MustApprover(t, s.Admin, s.product))
		after, err := s.Portal.Apps.ApprovePlanChange(approver, s.decision())
		require.NoError(t, err)
		requirePlan(t, after, s.gold)
		require.Equal(t, []domain.Change{
			{Field: "plan", Before: new("free"), After: new("gold")}, {Field: "pendingPlan", Before: new("gold")},
			{Field: "pendingStatus", Before: new("WAITING")}, {Field: "pendingWhen", Before: new("NOW")},
		}, s.last(t).Changes)
		_, err = s.Portal.Apps.ApprovePlanChange(approver, s.decision())
		portaltest.RequireProblems(t, err, "WRONG_STATUS subscriptionId")
	})
}

// An approver of other products does not find the subscription.
func TestApprovePlanChange_ErrForeignApprover(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		maps, _ := s.MustProduct(t, s.Admin, "maps")
		_, err = s.Portal.Apps.ApprovePlanChange(s.Enter(t, s.MustApprover(t, s.Admin, maps)), s.decision())
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		_, err = s.Portal.Apps.ApprovePlanChange(s.Developer, s.decision())
		portaltest.RequireCode(t, err, fault.CodeForbidden)
	})
}

// The period is the calendar month in the organization's time zone; then Portico itself
// gives the subscription its plan, once.
func TestStory_PlanChangeAtPeriodEnd(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{TimeZone: input.SetTo("Europe/Istanbul")})
		require.NoError(t, err)
		dev := s.MustDeveloper(t, s.Admin, s.Account)
		end := time.Date(2026, 3, 31, 21, 0, 0, 0, time.UTC)
		scheduled, err := s.change(dev, s.auto, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		require.Equal(t, s.free.ID, scheduled.PlanID)
		require.True(t, apps.PendingChangeOf(scheduled).EffectiveAt.Equal(end), "midnight in Istanbul")
		require.Equal(t, string(eventlog.SubscriptionPlanScheduled), s.last(t).Type)

		other := newPlanScene(t, s.Fixture, "two")
		_, err = other.change(other.Developer, other.auto, domain.PlanChangePeriodEnd)
		require.NoError(t, err)

		s.at(end.Add(-time.Second))
		requireTaken(t, s.Fixture, 0)
		s.at(end)
		requireTaken(t, s.Fixture, 1)
		requireTaken(t, s.Fixture, 0)
		requirePlan(t, s.Client.Subscription.GetX(portaltest.System(t), s.sub.ID), s.auto)
		e := s.last(t)
		require.Equal(t, string(eventlog.SubscriptionPlanChanged), e.Type)
		require.Equal(t, "Growth.", e.Reason)
		require.Nil(t, e.ActorID)
		s.at(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
		requireTaken(t, s.Fixture, 1)
	})
}

func requireTaken(t *testing.T, f *portaltest.Fixture, want int) {
	t.Helper()
	n, err := f.Portal.Maintenance.TakeDuePlans(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, n)
}

// What is approved late takes effect at the end of the month of its approval.
func TestApprovePlanChange_AtPeriodEnd(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		_, err := s.change(s.Developer, s.gold, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		s.at(time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC))
		requireTaken(t, s.Fixture, 0)
		after, err := s.Portal.Apps.ApprovePlanChange(s.Admin, s.decision())
		require.NoError(t, err)
		require.Equal(t, s.free.ID, after.PlanID)
		require.Equal(t, lifecycle.PlanChangeScheduled, apps.PendingChangeOf(after).Status)
		require.True(t, after.PendingEffectiveAt.Equal(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)))
		require.Equal(t, "Growth.", after.PendingReason, "the words of who asked")
		e := s.last(t)
		require.Equal(t, string(eventlog.SubscriptionPlanScheduled), e.Type)
		require.Equal(t, "So.", e.Reason)
	})
}

func TestRejectPlanChange(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		blank := s.decision()
		blank.Reason = new(" ")
		_, err = s.Portal.Apps.RejectPlanChange(s.Admin, blank)
		portaltest.RequireProblems(t, err, "REQUIRED reason")
		after, err := s.Portal.Apps.RejectPlanChange(s.Admin, s.decision())
		require.NoError(t, err)
		requirePlan(t, after, s.free)
		require.Equal(t, string(eventlog.SubscriptionPlanRejected), s.last(t).Type)
		_, err = s.Portal.Apps.RejectPlanChange(s.Admin, s.decision())
		portaltest.RequireProblems(t, err, "WRONG_STATUS subscriptionId")
	})
}

func TestCancelPlanChange(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		for _, to := range []*db.Plan{s.gold, s.auto} { // it waits, and is scheduled
			_, err := s.change(s.Developer, to, domain.PlanChangePeriodEnd)
			require.NoError(t, err)
			after, err := s.Portal.Apps.CancelPlanChange(s.Developer, s.decision())
			require.NoError(t, err)
			requirePlan(t, after, s.free)
			require.Equal(t, string(eventlog.SubscriptionPlanCancelled), s.last(t).Type)
			_, err = s.Portal.Apps.CancelPlanChange(s.Developer, s.decision())
			portaltest.RequireProblems(t, err, "WRONG_STATUS subscriptionId")
		}
		s.at(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))
		requireTaken(t, s.Fixture, 0)
	})
}

// A new change takes the place of one that has not taken effect, and says so.
func TestChangePlan_Replaces(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		after, err := s.change(s.Developer, s.auto, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		require.Equal(t, s.auto.ID, *after.PendingPlanID)
		require.Equal(t, domain.Change{Field: "pendingPlan", Before: new("gold"), After: new("auto")}, s.last(t).Changes[0])
		after, err = s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		require.Nil(t, after.PendingEffectiveAt, "it waits again")
		after, err = s.change(s.Developer, s.auto, domain.PlanChangeNow)
		require.NoError(t, err)
		requirePlan(t, after, s.auto)
		require.Equal(t, []string{"plan", "pendingPlan", "pendingStatus", "pendingWhen"}, fieldsOf(s.last(t).Changes))
	})
}

func fieldsOf(all []domain.Change) (out []string) {
	for _, c := range all {
		out = append(out, c.Field)
	}
	return out
}

func TestChangePlan_Err(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		before := s.Rows(t, "events")
		maps, mapsPlan := s.MustProduct(t, s.Admin, "maps")
		before += 3 // the product, its plan, and that it was published
		_, err := s.change(s.Developer, mapsPlan, domain.PlanChangeNow)
		portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE planId")
		for _, id := range []string{"", "plan_x", maps.GlobalID(), s.sub.GlobalID()} {
			_, err = s.Portal.Apps.ChangePlan(s.Developer, apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: id, When: domain.PlanChangeNow})
			portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE planId")
		}
		for _, who := range []context.Context{s.Developer, s.Admin} {
			_, err = s.change(who, s.free, domain.PlanChangeNow)
			portaltest.RequireProblems(t, err, "ALREADY_REGISTERED planId")
		}
		stranger := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Other"))
		before = s.Rows(t, "events")
		for _, who := range []context.Context{stranger, s.MustTenant(t, "two").Admin} {
			before = s.Rows(t, "events")
			_, err = s.change(who, s.auto, domain.PlanChangeNow)
			portaltest.RequireCode(t, err, fault.CodeNotFound)
			require.Equal(t, before, s.Rows(t, "events"))
		}
		_, err = s.Portal.Apps.ChangePlan(s.Developer, apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: s.auto.GlobalID(), Reason: new(string(make([]byte, 2000)))})
		require.Error(t, err)
		require.Equal(t, before, s.Rows(t, "events"))
	})
}

// In every state but APPROVED the plan stays, for staff too.
func TestChangePlan_ErrWrongStatus(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		wrong := func(want access.SubscriptionStatus) {
			t.Helper()
			require.Equal(t, want, s.Client.Subscription.GetX(portaltest.System(t), s.sub.ID).Status)
			for _, who := range []context.Context{s.Developer, s.Admin} {
				_, err := s.change(who, s.auto, domain.PlanChangeNow)
				portaltest.RequireProblems(t, err, "WRONG_STATUS subscriptionId")
			}
		}
		approved := s.sub
		s.sub = s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "Waiting").App, s.product, s.free)
		wrong(access.SubscriptionWaiting)
		_, err := s.Portal.Apps.Reject(s.Admin, s.sub.GlobalID(), "No.")
		require.NoError(t, err)
		wrong(access.SubscriptionRejected)
		s.sub = approved
		_, err = s.Portal.Apps.Suspend(s.Admin, s.sub.GlobalID(), nil)
		require.NoError(t, err)
		wrong(access.SubscriptionSuspended)
		_, err = s.Portal.Apps.Unregister(s.Admin, s.sub.GlobalID(), nil)
		require.NoError(t, err)
		wrong(access.SubscriptionEnded)
	})
}

// While its account has a suspended subscription with the product, a developer's change
// waits, whatever the plan says.
func TestChangePlan_WaitsWhileAnotherIsSuspended(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		_, other := s.subscribed(t, "Other")
		_, err := s.Portal.Apps.Suspend(s.Admin, other.GlobalID(), nil)
		require.NoError(t, err)
		waiting, err := s.change(s.Developer, s.auto, domain.PlanChangeNow)
		require.NoError(t, err)
		require.Equal(t, lifecycle.PlanChangeWaiting, *waiting.PendingStatus)
		preview, err := s.Portal.Apps.PreviewChangePlan(s.Developer, apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: s.auto.GlobalID(), When: domain.PlanChangeNow})
		require.NoError(t, err)
		require.True(t, preview.NeedsApproval)
	})
}

// Whatever ends a subscription, or suspends it, ends its change of plan, and its event says
// so; nothing takes effect later.
func TestPlanChangeEndsWithTheSubscription(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		for name, end := range map[string]func(*db.App) error{
			"unregister": func(*db.App) error { return errOf(s.Portal.Apps.Unregister(s.Admin, s.sub.GlobalID(), nil)) },
			"suspend": func(*db.App) error {
				return errOf(s.Portal.Apps.Suspend(s.Admin, s.sub.GlobalID(), nil))
			},
			"delete": func(a *db.App) error { return errOf(s.Portal.Apps.DeleteApp(s.Developer, a.GlobalID(), nil)) },
		} {
			app, sub := s.subscribed(t, name)
			s.sub = sub
			_, err := s.change(s.Admin, s.gold, domain.PlanChangePeriodEnd)
			require.NoError(t, err, name)
			require.NoError(t, end(app), name)
			row := s.Client.Subscription.GetX(portaltest.System(t), sub.ID)
			require.Nil(t, row.PendingPlanID, name)
			require.Empty(t, row.PendingReason, name)
			require.Equal(t, s.free.ID, row.PlanID, name)
			e := s.last(t)
			require.Equal(t, []string{"status", "pendingPlan", "pendingStatus", "pendingWhen", "pendingEffectiveAt"}, fieldsOf(e.Changes), name)
			require.Equal(t, "gold", *e.Changes[1].Before, name)
		}
		_, sub := s.subscribed(t, "retired")
		s.sub = sub
		_, err := s.change(s.Admin, s.gold, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		_, err = s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), Status: input.SetTo(domain.Retired)})
		require.NoError(t, err)
		require.Nil(t, s.Client.Subscription.GetX(portaltest.System(t), sub.ID).PendingPlanID)
		s.at(time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC))
		requireTaken(t, s.Fixture, 0)
	})
}

func errOf[T any](_ T, err error) error { return err }

// The database holds the columns of a change together, and lets the previous release,
// which does not know them, suspend and end such a subscription: it has no effect then.
func TestPlanChange_Constraints(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		system := portaltest.System(t)
		require.Error(t, s.Client.Subscription.UpdateOneID(s.sub.ID).SetPendingPlanID(s.gold.ID).Exec(system))
		_, err := s.change(s.Admin, s.gold, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		require.Error(t, s.Client.Subscription.UpdateOneID(s.sub.ID).ClearPendingEffectiveAt().Exec(system))
		require.Error(t, s.Client.Subscription.UpdateOneID(s.sub.ID).SetPendingStatus(lifecycle.PlanChangeWaiting).Exec(system))
		require.NoError(t, s.Client.Subscription.UpdateOneID(s.sub.ID).SetStatus(access.SubscriptionEnded).Exec(system))
		row := s.Client.Subscription.GetX(system, s.sub.ID)
		require.NotNil(t, row.PendingPlanID)
		require.Nil(t, apps.PendingChangeOf(row))
		s.at(time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC))
		requireTaken(t, s.Fixture, 0)
	})
}
