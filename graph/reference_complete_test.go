package graph_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/ent/db"
	"portico/graph"
)

// Every field that a query can select is known to the reference, or left out for
// a reason.
func TestTheReferenceKnowsEveryField(t *testing.T) {
	schema, err := graph.WholeSchema()
	require.NoError(t, err)
	known, types, seen := &reference{schema: schema, resolvers: resolvers()}, map[string]reflect.Type{}, map[string]bool{}
	for k, table := range newRowReader(t.Context(), db.NewClient()).tables {
		types[string(k)] = table.row
	}
	for name, value := range goValues() {
		types[name] = reflect.TypeOf(value)
	}
	left := notInReference()
	var visit func(*ast.Definition)
	visit = func(d *ast.Definition) {
		if seen[d.Name] || d.Kind != ast.Object || strings.HasPrefix(d.Name, "__") {
			return
		}
		seen[d.Name] = true
		for _, f := range d.Fields {
			name := d.Name + "." + f.Name
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			if left[name] != "" {
				delete(left, name)
				continue
			}
			if known.resolverOf(d.Name, f) == nil {
				goType := types[d.Name]
				if strings.HasSuffix(d.Name, "Edge") {
					goType = reflect.TypeFor[wholeEdge]()
				}
				require.NotNil(t, goType, "no Go type is known of %s", d.Name)
				field, ok := goField(goType, f.Name)
				require.True(t, ok, "%s is neither in the reference nor left out", name)
				if below := f.Type.Name(); types[below] == nil {
					types[below] = elementOf(field.Type)
				}
			}
			visit(schema.Types[f.Type.Name()])
		}
	}
	visit(schema.Query)
	for _, d := range schema.PossibleTypes["Node"] {
		visit(d)
	}
	require.Empty(t, left, "left out, and not a field of the schema")
}

// elementOf returns the type behind pointers and lists.
func elementOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}
