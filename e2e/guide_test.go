package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

const guideFields = `guide { id slug title text html position version }`

// guides tests the pages about a product: their order, what is left of scripts, and who reads
// them.
func guides(t *testing.T, s *servertest.Server) {
	c, other := newActors(t, s, "guided"), newActors(t, s, "guided-other")
	product, _ := c.newProduct(t, "guided", "AUTO")
	create := func(slug string, more vars) *servertest.Answer {
		in := vars{"productId": product, "slug": slug, "title": slug, "text": "# " + slug}
		for k, v := range more {
			in[k] = v
		}
		return c.admin.Ask(t, "createGuide", in, guideFields)
	}
	one := create("begin", vars{"text": "# Begin\n\nOf <script>alert(1)</script>[x](javascript:alert(1)) [docs](https://docs.example)"})
	require.Equal(t, "<h1>Begin</h1>\n<p>Of alert(1)x <a href=\"https://docs.example\" rel=\"nofollow noreferrer\">docs</a></p>", one.Text("createGuide", "guide", "html"))
	create("limits", nil)
	last := create("errors", vars{"position": 1})
	list := func(by *servertest.Client) []string {
		return texts(by.Must(t, `query($id: ID!) { product(id: $id) { guides { nodes { slug } } } }`, vars{"id": product}), "slug", "product", "guides", "nodes")
	}
	require.Equal(t, []string{"errors", "begin", "limits"}, list(c.dev))
	moved := c.admin.Do(t, "updateGuide", vars{"guideId": last.Text("createGuide", "guide", "id"), "position": 3, "version": 1}, guideFields)
	require.Equal(t, 3, moved.Number("updateGuide", "guide", "position"))
	require.Equal(t, []string{"begin", "limits", "errors"}, list(c.dev))
	require.Equal(t, []string{"begin", "limits", "errors"}, list(other.dev), "the product is everybody's in the organization")

	for _, bad := range []struct {
		code, field string
		in          vars
	}{
		{"TAKEN", "slug", nil}, {"INVALID", "slug", vars{"slug": "../x"}}, {"TOO_LONG", "text", vars{"slug": "long", "text": strings.Repeat("a", 65<<10)}},
		{"REQUIRED", "text", vars{"slug": "empty", "text": " "}}, {"INVALID", "position", vars{"slug": "nowhere", "position": 0}}, {"REQUIRED", "title", vars{"slug": "nameless", "title": ""}},
	} {
		requireProblem(t, create("begin", bad.in), "createGuide", bad.code, bad.field)
	}
	deepest := create("deep", vars{"text": strings.Repeat("> ", 30_000) + "x"})
	require.True(t, strings.HasPrefix(deepest.Text("createGuide", "guide", "html"), "<pre>"), "it is shown as it was written")
	id := deepest.Text("createGuide", "guide", "id")
	requireUnknownField(t, c.dev.Ask(t, "deleteGuide", vars{"guideId": id}, `deletedGuideId`))
	require.Equal(t, id, c.admin.Do(t, "deleteGuide", vars{"guideId": id}, `deletedGuideId`).Text("deleteGuide", "deletedGuideId"))
	requireError(t, c.admin.Ask(t, "deleteGuide", vars{"guideId": id}, `deletedGuideId`), "NOT_FOUND")
	c.admin.Do(t, "updateProduct", vars{"productId": product, "visibility": "PRIVATE"}, `product { id }`)
	hidden := c.dev.Must(t, `query($id: ID!) { node(id: $id) { id } }`, vars{"id": one.At("createGuide", "guide", "id")})
	require.Nil(t, hidden.At("node"), "nobody reads the guide of a product that is hidden")
}
