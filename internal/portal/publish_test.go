package portal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Nobody could register with a product that has no plan: it is not on offer.
func TestAProductIsNotOnOfferWithoutAPlan(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		tenant := f.MustTenant(t, "one")
		draft, err := f.Portal.Catalog.CreateProduct(tenant.Admin, catalog.CreateProductInput{Name: "draft"})
		require.NoError(t, err)
		becomes := func(s domain.ProductStatus) error {
			_, err := f.Portal.Catalog.UpdateProduct(tenant.Admin, catalog.UpdateProductInput{ProductID: draft.GlobalID(), Status: input.Patch[domain.ProductStatus]{Set: true, Value: &s}})
			return err
		}
		refused := func(err error) {
			t.Helper()
			var invalid *fault.Invalid
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, fault.WrongStatus, invalid.Problems[0].Code)
		}
		for _, s := range []domain.ProductStatus{domain.Published, domain.Deprecated} {
			_, err := f.Portal.Catalog.CreateProduct(tenant.Admin, catalog.CreateProductInput{Name: "new", Status: &s})
			refused(err)
			refused(becomes(s))
		}
		f.MustPlan(t, tenant.Admin, draft, "free")
		for _, s := range []domain.ProductStatus{domain.Published, domain.Deprecated, domain.Published} {
			require.NoError(t, becomes(s))
		}
		_, err = f.Portal.Catalog.CreateProduct(tenant.Admin, catalog.CreateProductInput{Name: "gone", Status: func() *domain.ProductStatus { s := domain.Retired; return &s }()})
		require.NoError(t, err)
	})
}
