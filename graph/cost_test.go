package graph

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/fault"
)

// Every list of the schema has a price: the rows of a page are multiplied by
// the page, lists that take first or ids by that, and all others have their
// greatest length in the one table.
func TestEveryListHasAPrice(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	p := prices()
	used := map[string]bool{}
	for _, d := range ours(whole) {
		for _, f := range d.Fields {
			if d.Kind == ast.InputObject || f.Type.Elem == nil || strings.HasPrefix(f.Name, "__") {
				continue
			}
			row := strings.HasSuffix(d.Name, "Connection") && (f.Name == "nodes" || f.Name == "edges")
			sized := f.Arguments.ForName("first") != nil || f.Arguments.ForName("ids") != nil
			length := p.Length(d.Name, f.Name)
			if !row && !sized && length == 0 {
				t.Errorf("the list %s.%s has no greatest length in cost.go", d.Name, f.Name)
			}
			if (row || sized) && length != 0 {
				t.Errorf("%s.%s is multiplied by its page and has a greatest length in cost.go too", d.Name, f.Name)
			}
			used[d.Name+"."+f.Name], used["*."+f.Name] = true, true
		}
	}
	for name := range p.Lengths {
		if !used[name.Type+"."+name.Field] {
			t.Errorf("cost.go prices the list %s.%s, which the schema does not have", name.Type, name.Field)
		}
	}
	require.LessOrEqual(t, len(fault.Kinds()), mostReasons)
	for name := range p.Bases {
		require.NotNil(t, whole.Types[name.Type], name)
		require.NotNil(t, whole.Types[name.Type].Fields.ForName(name.Field), name)
	}
}

// Rows of a page stand below a field that takes first: else nothing would
// multiply them.
func TestConnectionsAreMultipliedByTheirPages(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	for _, d := range ours(whole) {
		for _, f := range d.Fields {
			if strings.HasSuffix(f.Type.Name(), "Connection") && f.Arguments.ForName("first") == nil {
				t.Errorf("%s.%s has no first", d.Name, f.Name)
			}
		}
	}
}
