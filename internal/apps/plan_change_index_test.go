package apps_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
)

// Among many subscriptions, the changes of plan that wait and those that are due are found by
// their partial indexes.
func TestPlanChanges_UseIndexes(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		s.many(t, 5_000)
		_, err := s.change(s.Developer, s.gold, domain.PlanChangeNow)
		require.NoError(t, err)
		_, err = s.Database.ExecContext(t.Context(), "ANALYZE")
		require.NoError(t, err)
		p, spy := s.Spied()

		page, err := p.Apps.Subscriptions(s.Admin, apps.SubscriptionFilter{PlanChange: []lifecycle.PlanChangeStatus{lifecycle.PlanChangeWaiting}}, listing.Order{},
			listing.Request{Args: paging.Args{First: new(10)}, Wanted: paging.Wanted{Edges: true}})
		require.NoError(t, err)
		require.Len(t, page.Nodes, 1)
		require.Contains(t, spy.Plan(t), "subscription_plan_changes")

		n, err := db.NewClient(db.Driver(spy)).Subscription.Query().Where(apps.PlanChangeDue(s.Clock.Now())).Unique(true).
			Select(subscription.FieldOrganizationID).Strings(portaltest.System(t))
		require.NoError(t, err)
		require.Empty(t, n)
		require.Contains(t, spy.Plan(t), "subscription_plan_changes_due")
	})
}

// many adds approved subscriptions without a change of plan.
func (s *planScene) many(t *testing.T, n int) {
	t.Helper()
	ctx := portaltest.System(t)
	for range n / 1000 {
		var made []*db.AppCreate
		var subscribed []*db.SubscriptionCreate
		for i := range 1000 {
			id, at := uuid.New(), s.Clock.Now().Add(time.Duration(i)*time.Second)
			made = append(made, s.Client.App.Create().SetID(id).SetOrganizationID(s.Organization.ID).SetAccountID(s.Account.ID).SetName("App").SetNameFolded("app").SetCreatedAt(at))
			subscribed = append(subscribed, s.Client.Subscription.Create().SetOrganizationID(s.Organization.ID).SetAccountID(s.Account.ID).SetAppID(id).
				SetProductID(s.product.ID).SetPlanID(s.free.ID).SetStatus(access.SubscriptionApproved).SetCreatedAt(at))
		}
		require.NoError(t, s.Client.App.CreateBulk(made...).Exec(ctx))
		require.NoError(t, s.Client.Subscription.CreateBulk(subscribed...).Exec(ctx))
	}
}
