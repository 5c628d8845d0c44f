package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/testdb"
)

// Null is never a default: it clears, it has no effect, or it is REQUIRED.
func TestNullIsNeverADefault(t *testing.T) {
	whole, all := places(t)
	testdb.Each(t, func(t *testing.T, url string) {
		b := &validInputs{newWorld(t, url), whole, map[string]arguments{}}
		known := mayBeNothing()
		for _, p := range all {
			if p.field.Type.NonNull || p.owner == "PriceTierInput" { // only a TIERED plan has tiers: see TestCallsOfAPrice
				continue
			}
			if known[p.name()] == "" {
				a := b.send(p, nil, "")
				require.Equal(t, "REQUIRED "+strings.Join(p.path, "."), b.problem(p, a), "%s: %s", p, a.raw)
				continue
			}
			b.requireNullIsAbsence(t, p, known[p.name()] == "cleared")
		}
		for _, p := range all {
			delete(known, p.name())
		}
		require.Empty(t, known, "there are no such fields any more")
	})
}

// An empty text is not taken for one that was left out.
func TestAnEmptyTextIsNoDefault(t *testing.T) {
	whole, all := places(t)
	b := &validInputs{newWorld(t, testdb.SQLite(t)), whole, map[string]arguments{}}
	met := 0
	for _, p := range all {
		if p.field.Type.NamedType != "String" || p.field.Directives.ForName("notNull") == nil {
			continue
		}
		met++
		for _, empty := range []string{"", " ", "\u200b"} {
			a := b.send(p, empty, "")
			require.Equal(t, "REQUIRED "+strings.Join(p.path, "."), b.problem(p, a), "%s: %s", p, a.raw)
		}
	}
	require.Equal(t, 3, met, "the title of a new product, and the currency of a price in two mutations")
}

// requireNullIsAbsence sends null, which must be answered as if the field were left out,
// and is read as empty where it clears.
func (b *validInputs) requireNullIsAbsence(t *testing.T, p place, cleared bool) {
	t.Helper()
	selection, object := b.selectionOf(p)
	want := b.problem(p, b.post(p.mutation, b.without(p), ""))
	delete(b.made, p.mutation)
	a := b.send(p, nil, selection)
	require.Equal(t, want, b.problem(p, a), "%s: %s", p, a.raw)
	delete(b.made, p.mutation)
	if !cleared || object == "" || want != "" {
		return
	}
	v := a.Data[p.mutation].(map[string]any)[object].(map[string]any)[p.field.Name]
	if list, ok := v.([]any); ok && len(list) == 0 || v == "" {
		v = nil
	}
	require.Nil(t, v, "%s: %s", p, a.raw)
}

// without returns a mutation's input without a field, of objects with what they need.
func (b *validInputs) without(p place) arguments {
	d := b.whole.Types[b.whole.Mutation.Fields.ForName(p.mutation).Arguments.ForName("input").Type.Name()]
	out := put(b.world, b.whole, d, b.of(p.mutation), p.path, nil)
	var at any = out
	for _, step := range p.path[:len(p.path)-1] {
		if step == "0" {
			at = at.([]any)[0]
			continue
		}
		at = at.(map[string]any)[step]
	}
	delete(at.(map[string]any), p.path[len(p.path)-1])
	return out
}

// selectionOf returns the selection that reads a field of the object that a mutation
// returns; "" for what is deeper or elsewhere.
func (b *validInputs) selectionOf(p place) (selection, object string) {
	if len(p.path) > 1 {
		return "", ""
	}
	for _, o := range b.whole.Types[b.whole.Mutation.Fields.ForName(p.mutation).Type.Name()].Fields {
		d := b.whole.Types[o.Type.Name()]
		f := d.Fields.ForName(p.field.Name)
		if d.Kind != ast.Object || f == nil {
			continue
		}
		switch below := b.whole.Types[f.Type.Name()]; {
		case strings.HasSuffix(below.Name, "Connection"):
			return "", ""
		case below.Kind == ast.Object:
			return o.Name + " { " + f.Name + " { __typename } }", o.Name
		}
		return o.Name + " { " + f.Name + " }", o.Name
	}
	return "", ""
}

// A variable that was not sent is a field that was left out, not null.
func TestAbsentVariableIsAbsentField(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	document := `mutation($app: ID!, $access: Access, $environment: Environment, $name: String) {
		made: generateKey(input: {appId: $app, access: $access, environment: $environment, name: $name}) { credential { access environment } userErrors { field } }
		kept: updateApp(input: {appId: $app, name: $name, description: $name}) { app { name description } userErrors { field } } }`
	a := w.askAs("developer", document, map[string]any{"app": w.ids["app"]})
	require.JSONEq(t, `{"made": {"credential": {"access": "ALL", "environment": "DEVELOPMENT"}, "userErrors": []},
		"kept": {"app": {"name": "The developer's app", "description": "New."}, "userErrors": []}}`, a.data(t), a.raw)
	a = w.askAs("developer", document, map[string]any{"app": w.ids["app"], "access": nil, "environment": nil, "name": nil})
	require.JSONEq(t, `{"made": {"credential": null, "userErrors": [{"field": ["environment"]}, {"field": ["access"]}]},
		"kept": {"app": null, "userErrors": [{"field": ["name"]}]}}`, a.data(t), a.raw)
}

// A null literal means the same as null in a variable.
func TestNullsInTheDocument(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	a := w.askAs("developer", `mutation { createApp(input: {name: "x", generateKey: null, labels: {key: "a", value: "b"}, firstKey: {access: null, environment: null}}) {
		app { id } replayed userErrors { code field } } }`, nil)
	require.JSONEq(t, `{"createApp": {"app": null, "replayed": false, "userErrors": [{"code": "REQUIRED", "field": ["generateKey"]},
		{"code": "REQUIRED", "field": ["firstKey", "environment"]}, {"code": "REQUIRED", "field": ["firstKey", "access"]}]}}`, a.data(t), a.raw)
	a = w.askAs("developer", `{ productSubscriptions(where: {history: null}) { totalCount } }`, nil)
	require.Len(t, a.Errors, 1, a.raw)
	require.Equal(t, "BAD_USER_INPUT", a.Errors[0].Extensions["code"])
}
