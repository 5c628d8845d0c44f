package apps_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/lifecycle"
	"portico/internal/listing"
	"portico/internal/paging"
)

// The counts are those of the list by the same filter, and of what the viewer may see; they
// take one statement.
func TestCountSubscriptions(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		began := s.Clock.Now()
		s.Clock.Advance(time.Hour)
		other, otherPlan := s.MustProduct(t, s.Admin, "rain")
		_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		waiting := s.MustRegister(t, s.Developer, s.app, other, otherPlan)
		_, rejected := s.subscribed(t, "Rejected")
		_, err = s.Portal.Apps.Unregister(s.Admin, rejected.GlobalID(), nil)
		require.NoError(t, err)
		_, suspended := s.subscribed(t, "Suspended")
		_, err = s.Portal.Apps.Suspend(s.Admin, suspended.GlobalID(), nil)
		require.NoError(t, err)
		two := newPlanScene(t, s.Fixture, "two") // which nobody here counts

		count := func(f apps.SubscriptionFilter) *apps.SubscriptionCounts {
			t.Helper()
			got, err := s.Portal.Apps.CountSubscriptions(s.Admin, f)
			require.NoError(t, err)
			page, err := s.Portal.Apps.Subscriptions(s.Admin, f, listing.Order{}, listing.Request{Args: paging.Args{First: new(100)}, Wanted: paging.Wanted{Edges: true, Total: true}})
			require.NoError(t, err)
			require.Len(t, page.Nodes, got.Total)
			return got
		}
		require.Equal(t, &apps.SubscriptionCounts{Total: 4, Waiting: 1, Approved: 1, Suspended: 1, Unsubscribed: 1, PlanChangesWaiting: 1}, count(apps.SubscriptionFilter{}))
		require.Equal(t, &apps.SubscriptionCounts{Total: 1, Waiting: 1}, count(apps.SubscriptionFilter{ProductIDs: []string{other.GlobalID()}}))
		require.Equal(t, &apps.SubscriptionCounts{Total: 1, Waiting: 1}, count(apps.SubscriptionFilter{Status: []access.SubscriptionStatus{access.SubscriptionWaiting}}))
		require.Equal(t, &apps.SubscriptionCounts{Total: 1, Approved: 1, PlanChangesWaiting: 1}, count(apps.SubscriptionFilter{PlanChange: []lifecycle.PlanChangeStatus{lifecycle.PlanChangeWaiting}}))
		require.Equal(t, &apps.SubscriptionCounts{}, count(apps.SubscriptionFilter{ProductIDs: []string{two.product.GlobalID()}}))
		// By age: a bound is part of what comes after it, and of nothing before.
		require.Equal(t, 1, count(apps.SubscriptionFilter{CreatedBefore: new(began.Add(time.Minute))}).Total)
		require.Equal(t, 3, count(apps.SubscriptionFilter{CreatedAfter: new(began.Add(time.Minute))}).Total)
		require.Equal(t, 3, count(apps.SubscriptionFilter{CreatedAfter: &waiting.CreatedAt}).Total)
		require.Equal(t, 1, count(apps.SubscriptionFilter{CreatedBefore: &waiting.CreatedAt}).Total)

		mine, err := s.Portal.Apps.CountSubscriptions(s.Developer, apps.SubscriptionFilter{})
		require.NoError(t, err)
		require.Equal(t, 4, mine.Total)
		theirs, err := s.Portal.Apps.CountSubscriptions(s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Another")), apps.SubscriptionFilter{})
		require.NoError(t, err)
		require.Equal(t, &apps.SubscriptionCounts{}, theirs)
		_, err = s.Portal.Apps.CountSubscriptions(s.Admin, apps.SubscriptionFilter{Search: new("ab")})
		require.True(t, fault.Is(err, fault.CodeBadUserInput))
	})
}
