package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// The id is added to what the address has, and a fragment stays behind it.
func TestHandOffURL(t *testing.T) {
	for address, want := range map[string]string{
		"":                           "",
		"https://legal.example":      "https://legal.example?subscription=sub_1",
		"https://legal.example/sign": "https://legal.example/sign?subscription=sub_1",
		"https://legal.example/?":    "https://legal.example/?subscription=sub_1",
		"https://legal.example/sign?lang=en&a=%26#top": "https://legal.example/sign?lang=en&a=%26&subscription=sub_1#top",
	} {
		require.Equal(t, want, catalog.HandOffURL(&db.Product{HandOffURL: address}, "sub_1"))
	}
}

// The address of a hand-off is checked and kept like that of the documentation.
func TestHandOffURLOfAProduct(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		_, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "bad", HandOffURL: new("javascript:alert(1)")})
		portaltest.RequireProblems(t, err, "INVALID handOffUrl")
		_, err = f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "bad", HandOffURL: new("https://legal.example?a=b&subscription=sub_1")})
		portaltest.RequireProblems(t, err, "INVALID handOffUrl")
		made, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "contract", HandOffURL: new("https://LEGAL.example/sign")})
		require.NoError(t, err)
		require.Equal(t, "https://legal.example/sign", made.HandOffURL)
		_, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: made.GlobalID(), HandOffURL: input.SetTo("https://me:secret@legal.example")})
		portaltest.RequireProblems(t, err, "INVALID handOffUrl")
		made, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: made.GlobalID(), HandOffURL: input.Patch[string]{Set: true}})
		require.NoError(t, err)
		require.Empty(t, made.HandOffURL)
	})
}
