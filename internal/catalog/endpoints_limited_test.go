package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// An endpoint stays while somebody goes by terms that limit it, whatever the plan says now.
func TestEndpointsLimitedByOlderTermsStay(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, plan := f.MustAutomaticProduct(t, x.Admin, "weather")
		search := f.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/search")
		limit := func(all ...catalog.EndpointLimitInput) {
			_, err := f.Portal.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), EndpointLimits: input.SetTo(all)})
			require.NoError(t, err)
		}
		limit(limitOf(search.GlobalID()))
		app := f.MustApp(t, x.Developer, "shop").App
		s := f.MustRegister(t, x.Developer, app, prod, plan)
		require.Equal(t, access.SubscriptionApproved, s.Status)
		limit()
		_, err := f.Portal.Catalog.DeleteEndpoint(x.Admin, search.GlobalID())
		portaltest.RequireProblems(t, err, "NOT_ALLOWED endpointId")
		require.Contains(t, fault.Problems(err)[0].Message, "older terms of the plan "+plan.Name)
		_, err = f.Portal.Apps.MovePlanSubscriptions(x.Admin, apps.MovePlanSubscriptionsInput{PlanID: plan.GlobalID()})
		require.NoError(t, err)
		_, err = f.Portal.Catalog.DeleteEndpoint(x.Admin, search.GlobalID())
		require.NoError(t, err)
	})
}
