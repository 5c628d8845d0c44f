package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

const answeredFields = `productSubscription { id status answers { name label kind value } }`

// requestForm is what the products of this story ask.
func requestForm() []any {
	return []any{
		vars{"name": "purpose", "label": "What is it for?", "kind": "TEXT", "required": true, "maxLength": 40},
		vars{"name": "size", "label": "How many calls?", "kind": "CHOICE", "options": []any{"few", "many"}},
		vars{"name": "public", "label": "Is it public?", "kind": "BOOLEAN"},
		vars{"name": "site", "label": "Where is it?", "kind": "URL"},
	}
}

func pairs(all ...string) (out []any) {
	for i := 0; i+1 < len(all); i += 2 {
		out = append(out, vars{"name": all[i], "value": all[i+1]})
	}
	return out
}

// requestForms tests that a product asks who registers an app with it, and who reads what
// was answered.
func requestForms(t *testing.T, s *servertest.Server) {
	c, other := newActors(t, s, "asking"), newActors(t, s, "asking-other")
	product, _ := c.newProduct(t, "asking", "MANUAL")
	const form = `product { id requestForm { name label kind required options maxLength } }`
	a := c.admin.Do(t, "updateProduct", vars{"productId": product, "requestForm": requestForm()}, form)
	require.Equal(t, []any{"purpose", 40.0, "CHOICE", "many", nil}, []any{
		a.At("updateProduct", "product", "requestForm", 0, "name"), a.At("updateProduct", "product", "requestForm", 0, "maxLength"),
		a.At("updateProduct", "product", "requestForm", 1, "kind"), a.At("updateProduct", "product", "requestForm", 1, "options", 1),
		a.At("updateProduct", "product", "requestForm", 3, "maxLength")})
	broken := append(requestForm(), vars{"name": "size", "label": "Again?", "kind": "TEXT"})
	requireProblem(t, c.admin.Ask(t, "updateProduct", vars{"productId": product, "requestForm": broken}, form), "updateProduct", "TAKEN", "requestForm.4.name")
	requireUnknownField(t, c.dev.Ask(t, "updateProduct", vars{"productId": product, "requestForm": []any{}}, form))
	read := c.dev.Must(t, `query($id: ID!) { product(id: $id) { requestForm { name } } }`, vars{"id": product})
	require.Equal(t, []string{"purpose", "size", "public", "site"}, texts(read, "name", "product", "requestForm"))

	app, _ := c.newApp(t, "Asked")
	for _, bad := range []struct {
		answers     []any
		code, field string
	}{
		{nil, "REQUIRED", "answers"},
		{pairs("purpose", "Maps", "colour", "red"), "UNKNOWN_REFERENCE", "answers.1.name"},
		{pairs("purpose", strings.Repeat("x", 41)), "TOO_LONG", "answers.0.value"},
		{pairs("purpose", "Maps", "size", "some"), "INVALID", "answers.1.value"},
		{pairs("purpose", "Maps", "public", "perhaps"), "INVALID", "answers.1.value"},
		{pairs("purpose", "Maps", "site", "javascript:alert(1)"), "INVALID", "answers.1.value"},
	} {
		requireProblem(t, c.dev.Ask(t, "register", vars{"appId": app, "productId": product, "answers": bad.answers}, answeredFields), "register", bad.code, bad.field)
	}
	empty := c.dev.Must(t, `query($id: ID!) { app(id: $id) { productSubscriptions { totalCount } timeline(first: 1) { nodes { type } } } }`, vars{"id": app})
	require.Zero(t, empty.Number("app", "productSubscriptions", "totalCount"), "nothing is half done")
	require.NotContains(t, empty.Raw, "SUBSCRIPTION_REGISTERED")

	in := vars{"appId": app, "productId": product, "idempotencyKey": "asked", "answers": pairs("site", "https://MAPS.example", "purpose", "Maps")}
	a = c.dev.Do(t, "register", in, answeredFields+` replayed`)
	id := a.Text("register", "productSubscription", "id")
	want := []any{
		map[string]any{"name": "purpose", "label": "What is it for?", "kind": "TEXT", "value": "Maps"},
		map[string]any{"name": "site", "label": "Where is it?", "kind": "URL", "value": "https://maps.example"},
	}
	require.Equal(t, want, a.At("register", "productSubscription", "answers"))
	require.Equal(t, true, c.dev.Do(t, "register", in, answeredFields+` replayed`).At("register", "replayed"))
	in["answers"] = pairs("purpose", "Something else")
	requireError(t, c.dev.Ask(t, "register", in, answeredFields), "CONFLICT")
	// The form changes; what was said stays.
	c.admin.Do(t, "updateProduct", vars{"productId": product, "requestForm": nil}, form)
	c.readAnswers(t, other, id, want)

	// Staff need not answer.
	c.admin.Do(t, "updateProduct", vars{"productId": product, "requestForm": requestForm()}, form)
	further, _ := c.newApp(t, "By staff")
	a = c.admin.Do(t, "register", vars{"appId": further, "productId": product}, answeredFields)
	require.Equal(t, []any{}, a.At("register", "productSubscription", "answers"))
}

// readAnswers tests who reads the answers of a subscription.
func (c *actors) readAnswers(t *testing.T, other *actors, id string, want []any) {
	t.Helper()
	const answers = `query($id: ID!) { node(id: $id) { ... on ProductSubscription { status answers { name label kind value } timeline { nodes { changes { field after } } } } } }`
	for _, who := range []*servertest.Client{c.dev, c.admin} {
		a := who.Must(t, answers, vars{"id": id})
		require.Equal(t, want, a.At("node", "answers"))
		require.Contains(t, a.Raw, `{"field":"answerCount","after":"2"}`, "the timeline has how many there are, and not what")
	}
	require.Nil(t, other.dev.Must(t, answers, vars{"id": id}).At("node"))
	listed := c.admin.Must(t, `{ productSubscriptions(where: {status: [WAITING]}, orderBy: {field: CREATED_AT, direction: DESC}, first: 50) { nodes { id answers { value } } } }`, nil)
	require.Contains(t, texts(listed, "id", "productSubscriptions", "nodes"), id)
	require.Contains(t, listed.Raw, `{"value":"https://maps.example"}`)
}
