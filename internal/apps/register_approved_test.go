package apps_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// An administrator registers an app and approves that with the same step, whatever it would
// have waited for; developers do not.
func TestRegister_Approve(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		in := func(a *db.App, approve *bool) apps.RegisterInput {
			return apps.RegisterInput{AppID: a.GlobalID(), ProductID: s.product.GlobalID(), PlanID: new(s.gold.GlobalID()), Approve: approve}
		}
		a := s.MustApp(t, s.Developer, "App").App
		for _, approve := range []*bool{nil, new(false)} {
			out, err := s.Portal.Apps.Register(s.Admin, in(s.MustApp(t, s.Developer, "Waiting").App, approve))
			require.NoError(t, err)
			require.Equal(t, access.SubscriptionWaiting, out.Subscription.Status)
			require.Nil(t, out.Subscription.DecidedBy)
			for _, c := range s.Client.Event.Query().Where(event.SubjectID(out.Subscription.ID)).OnlyX(portaltest.System(t)).Changes {
				require.NotEqual(t, "approve", c.Field)
			}
		}
		_, err := s.Portal.Apps.Register(s.Developer, in(a, new(true)))
		require.True(t, fault.Is(err, fault.CodeForbidden), "%v", err)
		require.Equal(t, 3, s.Client.Subscription.Query().CountX(portaltest.System(t)), "nothing was made")

		// Also while the account is sanctioned for the product.
		_, err = s.Portal.Apps.Suspend(s.Admin, s.sub.GlobalID(), nil)
		require.NoError(t, err)
		key := in(a, new(true))
		key.IdempotencyKey = new("once")
		out, err := s.Portal.Apps.Register(s.Admin, key)
		require.NoError(t, err)
		require.Equal(t, access.SubscriptionApproved, out.Subscription.Status)
		require.Equal(t, viewer.Current(s.Admin).UserID, *out.Subscription.DecidedBy)
		require.True(t, s.Clock.Now().Equal(*out.Subscription.DecidedAt))
		require.Equal(t, []string{"SUBSCRIPTION_REGISTERED"}, s.EventTypes(t, out.Subscription.ID))
		require.Contains(t, s.Client.Event.Query().Where(event.SubjectID(out.Subscription.ID)).OnlyX(portaltest.System(t)).Changes, domain.Change{Field: "approve", After: new("true")})
		again, err := s.Portal.Apps.Register(s.Admin, key)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		key.Approve = nil
		_, err = s.Portal.Apps.Register(s.Admin, key)
		require.True(t, fault.Is(err, fault.CodeConflict), "another input")
	})
}
