package gqlhttp

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
)

// checkVariables refuses variables whose values would be invalid as literals:
// enum values that are not spelled as in the schema, and values that a scalar
// does not accept. The library ignores the case of enums, and accepts "1" as a
// number.
func (h *Handler) checkVariables(op *ast.OperationDefinition, given map[string]any) *gqlerror.Error {
	for _, v := range op.VariableDefinitions {
		value, isGiven := given[v.Variable]
		if !isGiven {
			continue // its default is a literal
		}
		if at, why := h.invalidAt(v.Type, value, v.Variable); why != "" {
			return badInput(fault.ReasonInvalidValue, fmt.Sprintf("Variable \"$%s\" is wrong: %s", at, why), v.Position)
		}
	}
	return nil
}

// invalidAt returns where a value is invalid and why, "" if it is valid. The
// library reports values of the wrong shape. A single value stands for a list of
// one.
func (h *Handler) invalidAt(t *ast.Type, value any, at string) (where, why string) {
	if value == nil {
		return "", ""
	}
	if t.Elem != nil {
		list, many := value.([]any)
		if !many {
			return h.invalidAt(t.Elem, value, at)
		}
		for i, element := range list {
			if where, why := h.invalidAt(t.Elem, element, at+"["+strconv.Itoa(i)+"]"); why != "" {
				return where, why
			}
		}
		return "", ""
	}
	switch d := h.schema.Schema().Types[t.NamedType]; {
	case d == nil:
	case d.Kind == ast.Enum:
		name, text := value.(string)
		if !text || !slices.ContainsFunc(d.EnumValues, func(v *ast.EnumValueDefinition) bool { return v.Name == name }) {
			return at, "It is not a value of its enum."
		}
	case d.Kind == ast.Scalar:
		return at, h.scalars.reject(d.Name, value)
	case d.Kind == ast.InputObject:
		object, _ := value.(map[string]any)
		for _, f := range d.Fields {
			if where, why := h.invalidAt(f.Type, object[f.Name], at+"."+f.Name); why != "" {
				return where, why
			}
		}
	}
	return "", ""
}
