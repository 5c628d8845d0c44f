package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// A product is neither keyless nor enforces its endpoints unless the input says so.
func TestProduct_KeylessAndEnforceEndpoints(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	t.Run("OK, neither", func(t *testing.T) {
		usual, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "usual"})
		require.NoError(t, err)
		require.Equal(t, []bool{false, false}, []bool{usual.Keyless, usual.EnforceEndpoints})
	})
	open, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "open", Keyless: new(true), EnforceEndpoints: new(true)})
	require.NoError(t, err)
	require.Equal(t, []bool{true, true}, []bool{open.Keyless, open.EnforceEndpoints})
	t.Run("OK, changed", func(t *testing.T) {
		shut, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: open.GlobalID(), Keyless: input.SetTo(false), EnforceEndpoints: input.SetTo(false)})
		require.NoError(t, err)
		require.Equal(t, []bool{false, false}, []bool{shut.Keyless, shut.EnforceEndpoints})
	})
	t.Run("ErrKeylessRequiredAndEnforceEndpointsRequired", func(t *testing.T) {
		_, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{
			ProductID: open.GlobalID(), Keyless: input.Patch[bool]{Set: true}, EnforceEndpoints: input.Patch[bool]{Set: true},
		})
		portaltest.RequireProblems(t, err, "REQUIRED keyless", "REQUIRED enforceEndpoints")
	})
}

// A product without a plan cannot be published, because nobody could register with
// it.
func TestProduct_PublishingNeedsAPlan(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		tenant := f.MustTenant(t, "one")
		draft, err := f.Portal.Catalog.CreateProduct(tenant.Admin, catalog.CreateProductInput{Name: "draft"})
		require.NoError(t, err)
		becomes := func(s domain.ProductStatus) error {
			_, err := f.Portal.Catalog.UpdateProduct(tenant.Admin, catalog.UpdateProductInput{ProductID: draft.GlobalID(), Status: input.SetTo(s)})
			return err
		}
		t.Run("ErrStatusWrongStatus", func(t *testing.T) {
			for _, s := range []domain.ProductStatus{domain.Published, domain.Deprecated} {
				_, err := f.Portal.Catalog.CreateProduct(tenant.Admin, catalog.CreateProductInput{Name: "new", Status: &s})
				portaltest.RequireProblems(t, err, "WRONG_STATUS status")
				portaltest.RequireProblems(t, becomes(s), "WRONG_STATUS status")
			}
		})
		t.Run("OK, with a plan", func(t *testing.T) {
			f.MustPlan(t, tenant.Admin, draft, "free")
			for _, s := range []domain.ProductStatus{domain.Published, domain.Deprecated, domain.Published} {
				require.NoError(t, becomes(s))
			}
		})
		t.Run("OK, retired", func(t *testing.T) {
			_, err := f.Portal.Catalog.CreateProduct(tenant.Admin, catalog.CreateProductInput{Name: "gone", Status: new(domain.Retired)})
			require.NoError(t, err)
		})
	})
}

// A product accepts at least one way to present an API key, each named once, and
// both unless the input says otherwise.
func TestProduct_AuthTypes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		both, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "both"})
		require.NoError(t, err)
		require.ElementsMatch(t, access.AuthTypes(), both.AuthTypes)
		for problem, types := range map[string][]access.AuthType{"REQUIRED authTypes": {}, "INVALID authTypes": {access.Basic, access.APIKey, access.Basic}} {
			t.Run(portaltest.Subtest(problem), func(t *testing.T) {
				_, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "other", AuthTypes: types})
				portaltest.RequireProblems(t, err, problem)
				_, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: both.GlobalID(), AuthTypes: input.SetTo(types)})
				portaltest.RequireProblems(t, err, problem)
			})
		}
		t.Run("ErrAuthTypesRequired, cleared", func(t *testing.T) {
			_, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: both.GlobalID(), AuthTypes: input.Patch[[]access.AuthType]{Set: true}})
			portaltest.RequireProblems(t, err, "REQUIRED authTypes")
		})
		t.Run("OK", func(t *testing.T) {
			one, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: both.GlobalID(), AuthTypes: input.SetTo([]access.AuthType{access.Basic})})
			require.NoError(t, err)
			require.Equal(t, []access.AuthType{access.Basic}, one.AuthTypes)
		})
	})
}
