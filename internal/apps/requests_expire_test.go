package apps_test

import (
	"context"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/viewer"
)

const day = 24 * time.Hour

// expireAfter sets after how many days requests expire; nil is never.
func (s *planScene) expireAfter(t *testing.T, days *int) {
	t.Helper()
	_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{RequestsExpireAfterDays: input.Patch[int]{Set: true, Value: days}})
	require.NoError(t, err)
}

// expire runs the job, and requires how much it ends.
func (s *planScene) expire(t *testing.T, want int) {
	t.Helper()
	n, err := s.Portal.Maintenance.ExpireRequests(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, n)
}

// A request that nobody decides about is rejected to the minute after its days, by Portico,
// with a reason; the app may register again, and begins anew to wait.
func TestStory_RequestExpires(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		app := s.MustApp(t, s.Developer, "Waiting").App
		waiting := s.MustRegister(t, s.Developer, app, s.product, s.free)
		s.Clock.Advance(400 * day)
		s.expire(t, 0) // which nobody has asked for
		s.Clock.Advance(-400 * day)

		s.expireAfter(t, new(14))
		s.Clock.Advance(14*day - time.Minute)
		s.expire(t, 0)
		s.Clock.Advance(time.Minute)
		s.expire(t, 1)
		s.expire(t, 0)
		now := s.Client.Subscription.GetX(s.Developer, waiting.ID)
		require.Equal(t, access.SubscriptionRejected, now.Status)
		require.Equal(t, "Nobody decided within 14 days.", now.Reason)
		require.Nil(t, now.DecidedBy)
		require.True(t, s.Clock.Now().Equal(*now.DecidedAt))
		require.Equal(t, waiting.Version+1, now.Version)
		e, err := s.Client.Event.Query().Where(event.SubjectID(waiting.ID)).Order(db.Desc(event.FieldPosition)).First(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, string(eventlog.SubscriptionExpired), e.Type)
		require.Equal(t, string(viewer.System), e.ActorRole)
		require.Equal(t, now.Reason, e.Reason)
		require.Equal(t, []domain.Change{
			{Field: "status", Before: new("WAITING"), After: new("REJECTED")}, {Field: "requestsExpireAfterDays", After: new("14")},
		}, e.Changes)
		for _, decide := range []func() error{
			func() error { return errOf(s.Portal.Apps.Approve(s.Admin, waiting.GlobalID(), nil)) },
			func() error { return errOf(s.Portal.Apps.Withdraw(s.Developer, waiting.GlobalID(), nil)) },
		} {
			portaltest.RequireProblems(t, decide(), "WRONG_STATUS subscriptionId")
		}

		again := s.MustRegister(t, s.Developer, app, s.product, s.free)
		s.Clock.Advance(13 * day)
		s.expire(t, 0)
		require.Equal(t, access.SubscriptionWaiting, s.Client.Subscription.GetX(s.Developer, again.ID).Status)
		// It applies to what waits already, too.
		s.expireAfter(t, new(1))
		s.expire(t, 1)
		require.Equal(t, "Nobody decided within a day.", s.Client.Subscription.GetX(s.Developer, again.ID).Reason)
	})
}

// A change of plan that nobody decides about ends without effect, counted from when it was
// asked for; one that is scheduled does not expire.
func TestStory_PlanRequestExpires(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		s.expireAfter(t, new(3))
		s.Clock.Advance(10 * day) // the subscription is older than that
		_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		s.Clock.Advance(3*day - time.Second)
		s.expire(t, 0)
		s.Clock.Advance(time.Second)
		s.expire(t, 1)
		now := s.Client.Subscription.GetX(s.Developer, s.sub.ID)
		requirePlan(t, now, s.free)
		require.Equal(t, "Nobody decided within 3 days.", now.Reason)
		require.Nil(t, now.DecidedBy)
		require.Nil(t, now.PendingWaitsSince)
		e := s.last(t)
		require.Equal(t, string(eventlog.SubscriptionPlanExpired), e.Type)
		require.Equal(t, now.Reason, e.Reason)
		require.Contains(t, e.Changes, domain.Change{Field: "pendingPlan", Before: new("gold")})
		require.Contains(t, e.Changes, domain.Change{Field: "requestsExpireAfterDays", After: new("3")})

		_, err = s.change(s.Developer, s.auto, domain.PlanChangePeriodEnd) // which nobody needs to approve
		require.NoError(t, err)
		s.Clock.Advance(5 * day)
		s.expire(t, 0)
	})
}

// A change that was scheduled, and waits because of a suspension when its time comes, has its
// days from then on: nobody could decide before.
func TestExpireRequests_WaitsAgain(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		s.expireAfter(t, new(2))
		_, other := s.subscribed(t, "Other")
		change, err := s.change(s.Developer, s.auto, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		_, err = s.Portal.Apps.Suspend(s.Admin, other.GlobalID(), nil)
		require.NoError(t, err)
		s.at(*change.PendingEffectiveAt)
		if s.Clock.Now().Sub(*change.PendingRequestedAt) <= 2*day {
			t.Fatal("it is not older than what expires")
		}
		_, err = s.Portal.Maintenance.TakeDuePlans(t.Context())
		require.NoError(t, err)
		s.expire(t, 0)
		s.Clock.Advance(2*day - time.Second)
		s.expire(t, 0)
		s.Clock.Advance(time.Second)
		s.expire(t, 1)
		requirePlan(t, s.Client.Subscription.GetX(s.Developer, s.sub.ID), s.free)
	})
}

// It ends what is the organization's, and nothing of one that lets requests wait, or of one
// with other days.
func TestExpireRequests_ByOrganization(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		never, later := newPlanScene(t, s.Fixture, "never"), newPlanScene(t, s.Fixture, "later")
		var waiting []*db.Subscription
		for _, x := range []*planScene{s, never, later} {
			waiting = append(waiting, x.MustRegister(t, x.Developer, x.MustApp(t, x.Developer, "Waiting").App, x.product, x.free))
		}
		s.expireAfter(t, new(5))
		later.expireAfter(t, new(50))
		s.Clock.Advance(6 * day)
		s.expire(t, 1)
		for i, want := range []access.SubscriptionStatus{access.SubscriptionRejected, access.SubscriptionWaiting, access.SubscriptionWaiting} {
			require.Equal(t, want, s.Client.Subscription.GetX(portaltest.System(t), waiting[i].ID).Status)
		}
		s.expireAfter(t, nil)
		require.Nil(t, s.Client.Organization.GetX(portaltest.System(t), s.Organization.ID).RequestsExpireAfterDays)
		for _, days := range []int{0, -1, 366} {
			_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{RequestsExpireAfterDays: input.SetTo(days)})
			portaltest.RequireProblems(t, err, "INVALID requestsExpireAfterDays")
		}
	})
}

// Among many subscriptions, what has expired is found by an index.
func TestExpireRequests_UsesIndexes(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		s.many(t, 5_000)
		_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		_, err = s.Database.ExecContext(t.Context(), "ANALYZE")
		require.NoError(t, err)
		_, spy := s.Spied()
		c, ctx := db.NewClient(db.Driver(spy)), viewer.AsSystem(t.Context(), s.Organization.ID)
		before := apps.ExpiresBefore(s.Clock.Now(), 3)
		for index, due := range map[string]func(time.Time) func(*sql.Selector){
			"subscription_organization_id_status_created_at_id": apps.RequestExpired, "subscription_plan_requests": apps.PlanRequestExpired,
		} {
			found, err := c.Subscription.Query().Where(due(before)).Exist(ctx)
			require.NoError(t, err)
			require.False(t, found)
			require.Contains(t, spy.Plan(t), index)
		}
	})
}

// The runners of several nodes end a request once, whoever decides or takes it back
// meanwhile.
func TestRace_ExpireRequests(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newPlanScene(t, h.Fixture, "one")
		s.expireAfter(t, new(1))
		app := s.MustApp(t, s.Developer, "Waiting").App
		waiting := s.MustRegister(t, s.Developer, app, s.product, s.free)
		_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		s.Clock.Advance(day)
		ended, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (int, error) {
			switch n % 8 {
			case 0:
				return 0, errOf(p.Apps.Approve(s.Admin, waiting.GlobalID(), nil))
			case 1:
				return 0, errOf(p.Apps.Withdraw(s.Developer, waiting.GlobalID(), nil))
			case 2:
				return 0, errOf(p.Apps.ApprovePlanChange(s.Admin, s.decision()))
			case 3:
				return 0, errOf(p.Apps.CancelPlanChange(s.Developer, s.decision()))
			}
			return p.Maintenance.ExpireRequests(context.WithoutCancel(t.Context()))
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS")
		sum := 0
		for _, n := range ended {
			sum += n
		}
		expired := len(h.Events(t, waiting.ID, eventlog.SubscriptionExpired)) + planEvents(t, h, s, eventlog.SubscriptionPlanExpired)
		require.Equal(t, expired, sum)
		requireOneDecision(t, h, waiting)
		require.Equal(t, 1, planEvents(t, h, s, eventlog.SubscriptionPlanExpired, eventlog.SubscriptionPlanChanged, eventlog.SubscriptionPlanCancelled))
		requireCurrent(t, h, s)
		left, err := h.Client.Subscription.Query().Where(subscription.StatusEQ(access.SubscriptionWaiting)).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Zero(t, left)
	})
}
