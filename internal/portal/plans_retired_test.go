package portal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// A retired product gets no plan.
func TestNoPlanOfARetiredProduct(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "weather")
		_, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(), Status: set(domain.Retired)})
		require.NoError(t, err)
		_, err = f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: prod.GlobalID(), Name: "late"})
		requireProblems(t, err, "WRONG_STATUS productId")
	})
}
