package apps_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// A subscription says who requested it and, if nobody had to approve it, that it
// was approved at once.
func TestRegister(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, plan := f.MustProduct(t, x.Admin, "rain")
		t.Run("OK, pending", func(t *testing.T) {
			waiting := f.MustRegister(t, x.Developer, f.MustApp(t, x.Developer, "App").App, prod, plan)
			require.Equal(t, access.SubscriptionWaiting, waiting.Status)
			require.Nil(t, waiting.DecidedAt)
			require.Equal(t, viewer.Current(x.Developer).UserID, *waiting.RequestedBy)
		})
		prod, plan = f.MustAutomaticProduct(t, x.Admin, "weather")
		t.Run("OK, approved at once", func(t *testing.T) {
			approved := f.MustRegister(t, x.Developer, f.MustApp(t, x.Developer, "App").App, prod, plan)
			require.Equal(t, access.SubscriptionApproved, approved.Status)
			require.True(t, f.Clock.Now().Equal(*approved.DecidedAt))
		})
		t.Run("OK, by Portico itself", func(t *testing.T) {
			itself := f.MustRegister(t, portaltest.As(t, viewer.ForSystem(x.Organization.ID)), f.MustApp(t, x.Developer, "App").App, prod, plan)
			require.Nil(t, itself.RequestedBy, "Portico is no user")
		})
		t.Run("ErrProductIdNotAvailable", func(t *testing.T) {
			app := f.MustApp(t, x.Developer, "Late").App.GlobalID()
			_, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(), Status: input.SetTo(domain.Retired)})
			require.NoError(t, err)
			for _, who := range []context.Context{x.Admin, x.Developer} {
				_, err = f.Portal.Apps.Register(who, apps.RegisterInput{AppID: app, ProductID: prod.GlobalID()})
				portaltest.RequireProblems(t, err, "NOT_AVAILABLE productId")
				require.Equal(t, []fault.Param{{Name: "status", Value: "RETIRED"}}, fault.Problems(err)[0].Params)
			}
		})
	})
}
