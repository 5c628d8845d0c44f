package gqlhttp

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"

	"portico/internal/fault"
)

// Scalars say for each scalar of a schema which values it takes: the same ones
// as literals and in variables. A value is a string, a bool, a json.Number as
// it was written, or something that no scalar takes.
type Scalars map[string]func(value any) error

// withBuiltIn adds those of the specification, by its rules of input coercion.
func (s Scalars) withBuiltIn() Scalars {
	all := Scalars{
		"Int": func(v any) error {
			_, err := strconv.ParseInt(string(numeral(v)), 10, 32)
			return err
		},
		"Float": func(v any) error {
			if n := numeral(v); !isWhole(n) {
				f, err := strconv.ParseFloat(string(n), 64)
				if math.IsInf(f, 0) {
					return errNotThat
				}
				return err
			}
			return wholeNumber(v)
		},
		"String": func(v any) error {
			if _, ok := v.(string); !ok {
				return errNotThat
			}
			return nil
		},
		"Boolean": func(v any) error {
			if _, ok := v.(bool); !ok {
				return errNotThat
			}
			return nil
		},
		"ID": func(v any) error {
			if _, ok := v.(string); ok {
				return nil
			}
			return wholeNumber(v)
		},
	}
	maps.Copy(all, s)
	return all
}

// numeral is a number as it was written; "" for what is none.
func numeral(v any) json.Number {
	n, _ := v.(json.Number)
	return n
}

// isWhole reports whether a number is written without a fraction and an exponent.
func isWhole(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

// wholeNumber wants what a whole number in a document may be.
func wholeNumber(v any) error {
	_, err := strconv.ParseInt(string(numeral(v)), 10, 64)
	return err
}

// wrong returns why a scalar does not take a value; "" when it does.
func (s Scalars) wrong(name string, value any) string {
	check, known := s[name]
	if !known {
		return ""
	}
	err := check(value)
	if err == nil {
		return ""
	}
	if told := (*fault.Error)(nil); errors.As(err, &told) {
		return told.Message
	}
	switch name {
	case "Int":
		return "An Int is a whole number of 32 bits."
	case "Float":
		return "A Float is a number."
	case "Boolean":
		return "A Boolean is true or false."
	case "ID":
		return "An ID is a string or a whole number."
	}
	return "A " + name + " is a string."
}

// scalarRule is the name of rule, and beside it that of the specification's rule
// which refuses what a literal's kind shows.
const scalarRule, kindRule = "ScalarValues", "ValuesOfCorrectType"

// rule refuses literals that a scalar does not take, wherever they stand.
func (s Scalars) rule() core.Rule {
	return core.Rule{Name: scalarRule, RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, v *ast.Value) {
			if v.Definition == nil || v.Definition.Kind != ast.Scalar || v.ExpectedType == nil {
				return
			}
			plain, apart := literal(v)
			if apart || toldByKind(v) {
				return
			}
			if why := s.wrong(v.Definition.Name, plain); why != "" {
				addError(core.Message("%s", why), core.At(v.Position))
			}
		})
	}}
}

// toldByKind reports whether the specification's rule has looked at a literal. It
// looks at everything of the built-in scalars but objects and the range of an Int.
func toldByKind(v *ast.Value) bool {
	if v.Kind == ast.ObjectValue || !v.Definition.OneOf("Boolean", "Float", "ID", "Int", "String") {
		return false
	}
	_, err := v.Value(nil)
	return err != nil || v.Definition.Name != "Int" || v.Kind != ast.IntValue
}

// literal is a value as Scalars take it. Variables, null, and the lists that a
// type wants are looked at apart.
func literal(v *ast.Value) (plain any, apart bool) {
	switch v.Kind {
	case ast.Variable, ast.NullValue:
		return nil, true
	case ast.ListValue:
		return nil, v.ExpectedType.Elem != nil
	case ast.IntValue, ast.FloatValue:
		return json.Number(v.Raw), false
	case ast.StringValue, ast.BlockValue:
		return v.Raw, false
	case ast.BooleanValue:
		return v.Raw == "true", false
	}
	return nil, false
}
