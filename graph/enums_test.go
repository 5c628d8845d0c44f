package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
	"portico/internal/testdb"
)

// TestEnumsAreExact sends every enum of every argument, at any depth, in
// variables and in the document, in lower case, in mixed case, and with an
// unknown value.
func TestEnumsAreExact(t *testing.T) {
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	testdb.Each(t, func(t *testing.T, url string) {
		w, tried := newWorld(t, url), 0
		for root, operation := range map[*ast.Definition]string{whole.Query: "query", whole.Mutation: "mutation"} {
			for _, f := range root.Fields {
				for _, a := range f.Arguments {
					for _, path := range enumsIn(whole, a.Type, nil) {
						for _, wrong := range misspellings(whole.Types[path.enum].EnumValues[0].Name) {
							tried++
							refusedEnum(t, w, whole, operation, f, a, path, wrong)
						}
					}
				}
			}
		}
		require.Greater(t, tried, 100)
	})
}

// misspellings returns misspellings of an enum's value, none of which is another
// value.
func misspellings(name string) []string {
	low := strings.ToLower(name)
	return []string{low, name[:1] + low[1:], name + "_", "NO_SUCH_VALUE"}
}

// way is a path to an enum inside an argument.
type way struct {
	fields []string
	enum   string
}

func enumsIn(whole *ast.Schema, t *ast.Type, so []string) []way {
	d := whole.Types[t.Name()]
	if d.Kind == ast.Enum {
		return []way{{append([]string(nil), so...), d.Name}}
	}
	var out []way
	if d.Kind == ast.InputObject && len(so) < 5 {
		for _, f := range d.Fields {
			out = append(out, enumsIn(whole, f.Type, append(so, f.Name))...)
		}
	}
	return out
}

// refusedEnum sends an argument that is valid but for one enum, as a variable
// and as a literal.
func refusedEnum(t *testing.T, w *world, whole *ast.Schema, operation string, f *ast.FieldDefinition, a *ast.ArgumentDefinition, path way, wrong string) {
	t.Helper()
	value := filled(w, whole, a.Type, path.fields, wrong)
	var others []string
	for _, other := range f.Arguments {
		if other.Name != a.Name && other.Type.NonNull && other.DefaultValue == nil {
			others = append(others, ", "+other.Name+": "+literal(whole, other.Type, filled(w, whole, other.Type, nil, "")))
		}
	}
	below := ""
	if d := whole.Types[f.Type.Name()]; d.Kind == ast.Object {
		below = " { __typename }"
	}
	rest := strings.Join(others, "") + ")" + below + " }"
	inVariable := fmt.Sprintf("%s($v: %s) { %s(%s: $v", operation, a.Type, f.Name, a.Name) + rest
	inDocument := fmt.Sprintf("%s { %s(%s: %s", operation, f.Name, a.Name, literal(whole, a.Type, value)) + rest
	for document, vars := range map[string]map[string]any{inVariable: {"v": value}, inDocument: nil} {
		got := w.ask(t, w.tokens["admin"], document, vars)
		sent, _ := json.Marshal(vars)
		require.NotEmpty(t, got.Errors, "%s %s: %s", document, sent, got.raw)
		require.Equal(t, "BAD_USER_INPUT", got.Errors[0].Extensions["code"], "%s %s: %s", document, sent, got.raw)
		require.Equal(t, "INVALID_VALUE", got.Errors[0].Extensions["reason"], "%s %s: %s", document, sent, got.raw)
		require.Nil(t, got.Data, "%s %s", document, sent)
		require.Regexp(t, "enum|not a valid "+path.enum, got.raw, "%s %s: something else was refused", document, sent)
	}
}

// filled returns a value of a type with all required fields, and those on the
// path to the enum.
func filled(w *world, whole *ast.Schema, t *ast.Type, path []string, enum string) any {
	if t.Elem != nil {
		return []any{filled(w, whole, t.Elem, path, enum)}
	}
	switch d := whole.Types[t.NamedType]; d.Kind {
	case ast.Enum:
		if len(path) == 0 && enum != "" {
			return enum
		}
		return d.EnumValues[0].Name
	case ast.InputObject:
		out := map[string]any{}
		for _, f := range d.Fields {
			switch {
			case len(path) > 0 && f.Name == path[0]:
				out[f.Name] = filled(w, whole, f.Type, path[1:], enum)
			case f.Type.NonNull && f.DefaultValue == nil:
				out[f.Name] = filled(w, whole, f.Type, []string{"elsewhere"}, "")
			}
		}
		return out
	}
	switch t.NamedType {
	case "Int", "Float", "BigInt":
		return 1
	case "Boolean":
		return true
	case "Time":
		return "2026-03-01T00:00:00Z"
	case "Decimal":
		return "1.5"
	case "UUID":
		return "018f3c1e-7b1a-7c3e-9f00-0123456789ab"
	}
	return "word"
}

// literal returns a value as a literal of a document.
func literal(whole *ast.Schema, t *ast.Type, v any) string {
	switch v := v.(type) {
	case []any:
		return "[" + literal(whole, t.Elem, v[0]) + "]"
	case map[string]any:
		var fields []string
		for name, one := range v {
			fields = append(fields, name+": "+literal(whole, whole.Types[t.Name()].Fields.ForName(name).Type, one))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case string:
		if whole.Types[t.Name()].Kind == ast.Enum {
			return v
		}
	}
	text, _ := json.Marshal(v)
	return string(text)
}
