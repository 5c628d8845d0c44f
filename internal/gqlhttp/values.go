package gqlhttp

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
)

// exact refuses variables whose values the document could not have as
// literals: enum values that are not spelled as in the schema, and what a
// scalar does not take. The library compares enums whatever their case, and
// takes "1" for a number.
func (h *Handler) exact(op *ast.OperationDefinition, given map[string]any) *gqlerror.Error {
	for _, v := range op.VariableDefinitions {
		value, isGiven := given[v.Variable]
		if !isGiven {
			continue // its default is a literal
		}
		if at, why := h.wrong(v.Type, value, v.Variable); why != "" {
			return badInput(fault.ReasonInvalidValue, fmt.Sprintf("Variable \"$%s\" is wrong: %s", at, why), v.Position)
		}
	}
	return nil
}

// wrong returns where a value is wrong and why; "" for nowhere. What has the
// wrong shape is left to the library. A value stands for a list of one where a
// list is wanted.
func (h *Handler) wrong(t *ast.Type, value any, at string) (where, why string) {
	if value == nil {
		return "", ""
	}
	if t.Elem != nil {
		list, many := value.([]any)
		if !many {
			return h.wrong(t.Elem, value, at)
		}
		for i, element := range list {
			if where, why := h.wrong(t.Elem, element, at+"["+strconv.Itoa(i)+"]"); why != "" {
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
		return at, h.scalars.wrong(d.Name, value)
	case d.Kind == ast.InputObject:
		object, _ := value.(map[string]any)
		for _, f := range d.Fields {
			if where, why := h.wrong(f.Type, object[f.Name], at+"."+f.Name); why != "" {
				return where, why
			}
		}
	}
	return "", ""
}
