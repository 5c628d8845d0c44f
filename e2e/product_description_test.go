package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// productDescription tests that developers read descriptions as HTML that front ends can show,
// and find products by tags.
func productDescription(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "described")
	product, _ := c.newProduct(t, "described", "AUTO")
	c.admin.Do(t, "updateProduct", vars{"productId": product, "tags": []string{"Tides", "open-data"},
		"description": "# Tides\n\nOf *all* ports. <script>alert(1)</script>\n\n[Docs](https://docs.example) [x](javascript:alert(1)) ![pixel](https://evil.example/p.png)"}, `product { id }`)
	seen := c.dev.Must(t, `query($id: ID!) { product(id: $id) { descriptionHtml tags } }`, vars{"id": product})
	require.Equal(t, []any{"open-data", "tides"}, seen.At("product", "tags"))
	require.Equal(t, "<h1>Tides</h1>\n<p>Of <em>all</em> ports. alert(1)</p>\n<p><a href=\"https://docs.example\" rel=\"nofollow noreferrer\">Docs</a> x </p>",
		seen.Text("product", "descriptionHtml"))
	const find = `query($tag: String) { products(where: {tag: $tag}) { totalCount nodes { id } } }`
	found := c.dev.Must(t, find, vars{"tag": "TIDES"})
	require.Equal(t, []string{product}, texts(found, "id", "products", "nodes"))
	require.Equal(t, 0, c.dev.Must(t, find, vars{"tag": "tide"}).Number("products", "totalCount"))
	requireProblem(t, c.admin.Ask(t, "updateProduct", vars{"productId": product, "tags": []string{"two words"}}, `product { id }`), "updateProduct", "INVALID", "tags.0")
}
