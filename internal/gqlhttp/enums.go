package gqlhttp

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
)

// exact refuses variables with an enum value that is not spelled as in the
// schema: the library compares them whatever their case, and hands them on as
// they came. Values in the document itself are compared exactly by validation.
func exact(schema *ast.Schema, op *ast.OperationDefinition, values map[string]any) *gqlerror.Error {
	for _, v := range op.VariableDefinitions {
		if value, given := values[v.Variable]; given {
			if at, bad := misspelled(schema, v.Type, value, v.Variable); bad {
				return badInput(fault.ReasonInvalidValue, fmt.Sprintf("Variable \"$%s\" is not a value of its enum.", at), v.Position)
			}
		}
	}
	return nil
}

// misspelled finds an enum value that the schema does not have. A value stands
// for a list of one where a list is wanted.
func misspelled(schema *ast.Schema, t *ast.Type, value any, at string) (string, bool) {
	if value == nil {
		return "", false
	}
	if t.Elem != nil {
		list, many := value.([]any)
		if !many {
			return misspelled(schema, t.Elem, value, at)
		}
		for i, element := range list {
			if where, bad := misspelled(schema, t.Elem, element, at+"["+strconv.Itoa(i)+"]"); bad {
				return where, true
			}
		}
		return "", false
	}
	switch d := schema.Types[t.NamedType]; {
	case d == nil:
	case d.Kind == ast.Enum:
		name, text := value.(string)
		return at, !text || !slices.ContainsFunc(d.EnumValues, func(v *ast.EnumValueDefinition) bool { return v.Name == name })
	case d.Kind == ast.InputObject:
		object, _ := value.(map[string]any)
		for _, f := range d.Fields {
			if where, bad := misspelled(schema, f.Type, object[f.Name], at+"."+f.Name); bad {
				return where, true
			}
		}
	}
	return "", false
}
