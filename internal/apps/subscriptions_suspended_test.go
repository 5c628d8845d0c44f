package apps_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

// A developer cannot evade a suspension: not by ending the subscription, nor by
// another app, nor by deleting the app.
func TestStory_SuspensionCannotBeEvaded(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{PortalUnregister: input.SetTo(domain.UnregisterAllowed)})
		require.NoError(t, err)
		dev := f.MustDeveloper(t, x.Admin, x.Account)
		prod, plan := f.MustAutomaticProduct(t, x.Admin, "weather")
		register := func(name string) *db.Subscription {
			return f.MustRegister(t, dev, f.MustApp(t, dev, name).App, prod, plan)
		}
		app := f.MustApp(t, dev, "First").App
		s := f.MustRegister(t, dev, app, prod, plan)
		require.Equal(t, access.SubscriptionApproved, s.Status)
		_, err = f.Portal.Apps.Suspend(x.Admin, s.GlobalID(), nil)
		require.NoError(t, err)

		_, err = f.Portal.Apps.Unregister(dev, s.GlobalID(), nil)
		portaltest.RequireProblems(t, err, "WRONG_STATUS subscriptionId")
		second := register("Second")
		require.Equal(t, access.SubscriptionWaiting, second.Status)
		_, err = f.Portal.Apps.DeleteApp(dev, app.GlobalID(), nil)
		require.NoError(t, err)
		require.Equal(t, access.SubscriptionWaiting, register("Third").Status, "deleting the app lifts nothing")
		approved, err := f.Portal.Apps.Approve(x.Admin, second.GlobalID(), nil)
		require.NoError(t, err)
		require.Equal(t, access.SubscriptionApproved, approved.Status, "an administrator may decide so")

		rain, rainPlan := f.MustProduct(t, x.Admin, "rain")
		rain, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: rain.GlobalID(), Approval: input.SetTo(domain.Auto)})
		require.NoError(t, err)
		require.Equal(t, access.SubscriptionApproved, f.MustRegister(t, dev, f.MustApp(t, dev, "Rain").App, rain, rainPlan).Status, "it is about that product alone")
		other := f.MustAccount(t, x.Admin, "Other")
		require.Equal(t, access.SubscriptionApproved, f.MustRegister(t, x.Admin, f.MustAppOf(t, x.Admin, other, "App").App, prod, plan).Status)
		_, err = f.Portal.Apps.RestoreApp(x.Admin, app.GlobalID(), nil)
		require.NoError(t, err)
		ended, err := f.Portal.Apps.Unregister(x.Admin, s.GlobalID(), nil)
		require.NoError(t, err, "it came back suspended")
		require.Equal(t, access.SubscriptionEnded, ended.Status)
		require.Equal(t, access.SubscriptionApproved, register("Fourth").Status, "an administrator has ended it")
	})
}

// Subscriptions that are created while another one is suspended either came before
// the suspension or are pending.
func TestRace_SuspendAndRegister(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, plan := h.Fixture.MustAutomaticProduct(t, x.Admin, "weather")
		s := h.MustRegister(t, x.Developer, h.MustApp(t, x.Developer, "App").App, prod, plan)
		appRows := make([]*db.App, racetest.Requests)
		for n := range appRows {
			appRows[n] = h.MustApp(t, x.Developer, fmt.Sprint("App ", n)).App
		}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Subscription, error) {
			if n == 0 {
				return p.Apps.Suspend(x.Admin, s.GlobalID(), nil)
			}
			created, err := p.Apps.Register(x.Developer, apps.RegisterInput{AppID: appRows[n].GlobalID(), ProductID: prod.GlobalID()})
			return created.Subscription, err
		})
		racetest.RequireOnly(t, outcomes, racetest.OK)
		all := h.Client.Subscription.Query().Where(subscription.IDNEQ(s.ID)).AllX(portaltest.System(t))
		var suspended int64
		for _, e := range h.Events(t, s.ID) {
			suspended = max(suspended, e.Position)
		}
		for _, one := range all {
			require.Equal(t, h.Events(t, one.ID)[0].Position > suspended, one.Status == access.SubscriptionWaiting)
		}
	})
}

// An app is deleted while its suspended subscriptions are resumed: none goes on
// as approved, and each is either still suspended or has ended.
func TestRace_ResumeAndDeleteApp(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		products, plans := mustProducts(t, h, x, racetest.Requests)
		created := h.MustApp(t, x.Developer, "App").App
		ids := make([]string, racetest.Requests)
		for n, prod := range products {
			s := h.MustRegister(t, x.Admin, created, prod, plans[n])
			_, err := h.Portal.Apps.Approve(x.Admin, s.GlobalID(), nil)
			require.NoError(t, err)
			_, err = h.Portal.Apps.Suspend(x.Admin, s.GlobalID(), nil)
			require.NoError(t, err)
			ids[n] = s.GlobalID()
		}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			if n == racetest.Requests/2 {
				return p.Apps.DeleteApp(x.Developer, created.GlobalID(), nil)
			}
			return p.Apps.Resume(x.Admin, ids[n], nil)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK)
		left, err := h.Client.Subscription.Query().Where(subscription.AppID(created.ID), subscription.StatusNEQ(access.SubscriptionEnded)).All(portaltest.System(t))
		require.NoError(t, err)
		require.Len(t, left, 1, "nobody resumed it")
		require.Equal(t, access.SubscriptionSuspended, left[0].Status)
	})
}
