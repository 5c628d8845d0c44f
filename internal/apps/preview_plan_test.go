package apps_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/portal/portaltest"
)

func TestPreviewChangePlan(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		paid, err := s.Portal.Catalog.CreatePlan(s.Admin, catalog.CreatePlanInput{ProductID: s.product.GlobalID(), Name: "paid", Kind: new(domain.PlanSubscription),
			Price: &domain.Price{Amount: "19.9", Currency: "EUR"}, Approval: new(domain.Auto)})
		require.NoError(t, err)
		promised, err := s.Portal.Catalog.CreatePlan(s.Admin, catalog.CreatePlanInput{ProductID: s.product.GlobalID(), Name: "promised", Kind: new(domain.PlanFree), Price: &domain.Price{Amount: "5", Currency: "EUR"}})
		require.NoError(t, err)
		account, app := s.Account.GlobalID(), s.app.GlobalID()
		wide := s.MustKey(t, s.Developer, apps.GenerateKeyInput{AccountID: &account}).Credential
		s.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: &app, Access: new(access.ListedProducts)})
		gone := s.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: &app}).Credential
		_, err = s.Portal.Apps.RevokeKey(s.Developer, gone.GlobalID(), nil, nil)
		require.NoError(t, err)
		s.subscribed(t, "Other app")
		events := s.Rows(t, "events")

		ask := func(to *db.Plan, when domain.PlanChangeTime) *apps.PlanChangePreview {
			p, err := s.Portal.Apps.PreviewChangePlan(s.Developer, apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: to.GlobalID(), When: when})
			require.NoError(t, err)
			require.Equal(t, s.free.ID, p.PlanID)
			require.Equal(t, to.ID, p.NewPlanID)
			return p
		}
		p := ask(paid, domain.PlanChangeNow)
		require.Equal(t, &domain.Price{Amount: "19.90", Currency: "EUR"}, p.PriceDifference)
		require.Nil(t, ask(promised, domain.PlanChangeNow).PriceDifference, "a free plan costs nothing, whatever price it has been given")
		require.False(t, p.NeedsApproval)
		require.True(t, p.EffectiveAt.Equal(s.Clock.Now()))
		require.Equal(t, []uuid.UUID{s.app.ID}, p.Impact.AppIDs)
		require.Equal(t, []uuid.UUID{s.sub.ID}, p.Impact.SubscriptionIDs)
		require.Equal(t, 2, p.Impact.CredentialCount, "the app's first key, and the account's")
		require.Contains(t, p.Impact.CredentialIDs, wide.ID)
		require.Equal(t, &apps.ImpactCalls{Apps: ids(s.sub.AppID), Products: ids(s.sub.ProductID)}, p.Impact.Calls)
		require.True(t, ask(paid, domain.PlanChangePeriodEnd).EffectiveAt.Equal(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)))
		p = ask(s.gold, domain.PlanChangeNow)
		require.True(t, p.NeedsApproval)
		require.Nil(t, p.EffectiveAt)
		require.Nil(t, p.PriceDifference)
		require.Equal(t, 1, p.Impact.AppCount)
		require.Equal(t, &apps.Impact{}, ask(s.free, domain.PlanChangeNow).Impact, "it has the plan")
		require.Equal(t, events, s.Rows(t, "events"))

		_, err = s.Portal.Apps.Suspend(s.Admin, s.sub.GlobalID(), nil)
		require.NoError(t, err)
		p = ask(paid, domain.PlanChangeNow)
		require.Equal(t, &apps.Impact{}, p.Impact)
		require.Nil(t, p.EffectiveAt)
	})
}

func TestPreviewChangePlan_Err(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		_, elsewhere := s.MustProduct(t, s.Admin, "maps")
		in := apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: elsewhere.GlobalID(), When: domain.PlanChangeNow}
		_, err := s.Portal.Apps.PreviewChangePlan(s.Developer, in)
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		in.PlanID = s.gold.GlobalID()
		_, err = s.Portal.Apps.PreviewChangePlan(s.Enter(t, s.MustApprover(t, s.Admin, s.product)), in)
		portaltest.RequireCode(t, err, fault.CodeForbidden)
		_, err = s.Portal.Apps.PreviewChangePlan(s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Other")), in)
		portaltest.RequireCode(t, err, fault.CodeNotFound)
	})
}
