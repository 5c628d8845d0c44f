package graph

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/viewer"
)

// withFresh returns a copy of the schema with a new type that nobody has thought about
// yet, and with fields of the organization and of the roots that lead to it.
func withFresh(t *testing.T, marks ...*ast.Directive) *ast.Schema {
	t.Helper()
	whole, err := wholeSchema()
	require.NoError(t, err)
	out := *whole
	out.Types = maps.Clone(whole.Types)
	out.Types["Fresh"] = &ast.Definition{Kind: ast.Object, Name: "Fresh", Fields: ast.FieldList{
		{Name: "note", Type: ast.NonNullNamedType("String", nil), Directives: marks},
		{Name: "secret", Type: ast.NonNullNamedType("String", nil)},
	}}
	lead := func(d *ast.Definition) *ast.Definition {
		to := *d
		to.Fields = append(to.Fields[:len(to.Fields):len(to.Fields)], &ast.FieldDefinition{Name: "fresh", Type: ast.NamedType("Fresh", nil)})
		out.Types[d.Name] = &to
		return &to
	}
	lead(whole.Types["Organization"])
	out.Query, out.Mutation = lead(whole.Query), lead(whole.Mutation)
	return &out
}

// What a new type has is hidden from approvers, and what leads to it, until somebody marks
// it or names it.
func TestANewTypeIsHiddenFromApprovers(t *testing.T) {
	cut, err := view(withFresh(t), audience{role: viewer.Approver})
	require.NoError(t, err)
	require.Nil(t, cut.Types["Fresh"])
	for _, d := range []*ast.Definition{cut.Types["Organization"], cut.Query, cut.Mutation} {
		require.Nil(t, d.Fields.ForName("fresh"), d.Name)
	}
	require.NotNil(t, cut.Types["Organization"].Fields.ForName("name"))

	cut, err = view(withFresh(t, &ast.Directive{Name: "hasScope"}), audience{role: viewer.Approver})
	require.NoError(t, err)
	require.NotNil(t, cut.Query.Fields.ForName("fresh"))
	require.NotNil(t, cut.Types["Fresh"].Fields.ForName("note"))
	require.Nil(t, cut.Types["Fresh"].Fields.ForName("secret"))
}

// The types that approvers see whole exist, have no marks, which would mean nothing there,
// and are reached.
func TestTypesThatApproversSeeWhole(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	cut, err := view(whole, audience{role: viewer.Approver})
	require.NoError(t, err)
	for _, name := range wholeToApprovers() {
		require.NotNil(t, cut.Types[name], name)
		for _, f := range whole.Types[name].Fields {
			require.Nil(t, f.Directives.ForName("hasScope"), "%s.%s", name, f.Name)
		}
	}
}
