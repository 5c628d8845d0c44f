package catalog_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Tags are kept folded and sorted, and found regardless of case.
func TestTags(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		create := func(name string, tags ...string) (*db.Product, error) {
			return f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: name, Tags: tags})
		}
		tagged, err := create("tagged", "Weather", "open-data", "İSTANBUL")
		require.NoError(t, err)
		require.Equal(t, []string{"istanbul", "open-data", "weather"}, tagged.Tags)
		_, err = create("other", "weathers")
		require.NoError(t, err)
		bare, err := create("bare")
		require.NoError(t, err)
		require.Nil(t, bare.Tags)
		_, err = create("bad", "two words", "", "A", "a", strings.Repeat("x", 31), "<b>")
		portaltest.RequireProblems(t, err, "INVALID tags.0", "INVALID tags.1", "INVALID tags.3", "INVALID tags.4", "INVALID tags.5")
		many := make([]string, 21)
		for i := range many {
			many[i] = strings.Repeat("ü", 26) + strconv.Itoa(i)
		}
		_, err = create("many", many...)
		portaltest.RequireProblems(t, err, "TOO_MANY tags")
		most, err := create("most", many[:20]...)
		require.NoError(t, err)
		require.Len(t, most.Tags, 20)

		found := func(tag string) (names []string) {
			t.Helper()
			first := 100
			page, err := f.Portal.Catalog.Products(x.Admin, catalog.ProductFilter{Tag: &tag}, listing.Order{}, listing.Request{Args: paging.Args{First: &first}})
			require.NoError(t, err)
			for _, p := range page.Nodes {
				names = append(names, p.Name)
			}
			return names
		}
		require.Equal(t, []string{"tagged"}, found("WEATHER"))
		require.Equal(t, []string{"tagged"}, found("ıstanbul"))
		require.Empty(t, found("weath"))
		require.Empty(t, found(""))
		require.Empty(t, found(`"`))

		got, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: tagged.GlobalID(), Tags: input.SetTo([]string{"open-data", "WEATHER", "istanbul"})})
		require.NoError(t, err)
		require.Equal(t, tagged.Version, got.Version, "they are the same")
		got, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: tagged.GlobalID(), Tags: input.Patch[[]string]{Set: true}})
		require.NoError(t, err)
		require.Nil(t, got.Tags)
		require.Empty(t, found("weather"))
	})
}
