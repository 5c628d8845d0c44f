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

// Scalars map the name of a scalar to a function that returns why it does not
// accept a value, alike for literals and for variables. A value is a string, a
// bool, a json.Number as written, or something that no scalar accepts.
type Scalars map[string]func(value any) error

// withBuiltIn returns s and the specification's scalars, by its rules of input
// coercion.
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
					return errWrongKind
				}
				return err
			}
			return checkInteger(v)
		},
		"String": func(v any) error {
			if _, ok := v.(string); !ok {
				return errWrongKind
			}
			return nil
		},
		"Boolean": func(v any) error {
			if _, ok := v.(bool); !ok {
				return errWrongKind
			}
			return nil
		},
		"ID": func(v any) error {
			if _, ok := v.(string); ok {
				return nil
			}
			return checkInteger(v)
		},
	}
	maps.Copy(all, s)
	return all
}

// numeral returns a number as written, "" for any other value.
func numeral(v any) json.Number {
	n, _ := v.(json.Number)
	return n
}

// isWhole reports whether a number is written without a fraction and an
// exponent.
func isWhole(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

// checkInteger returns an error unless v is an integer that a document may
// contain.
func checkInteger(v any) error {
	_, err := strconv.ParseInt(string(numeral(v)), 10, 64)
	return err
}

// reject returns why a scalar does not accept a value, "" if it does.
func (s Scalars) reject(name string, value any) string {
	check, known := s[name]
	if !known {
		return ""
	}
	err := check(value)
	if err == nil {
		return ""
	}
	if known := (*fault.Error)(nil); errors.As(err, &known) {
		return known.Message
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

// scalarRule is the name of rule; kindRule is that of the specification's rule
// which checks the kind of a literal.
const scalarRule, kindRule = "ScalarValues", "ValuesOfCorrectType"

// rule returns a rule that refuses literals which their scalar does not accept,
// anywhere in a document.
func (s Scalars) rule() core.Rule {
	return core.Rule{Name: scalarRule, RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, v *ast.Value) {
			if v.Definition == nil || v.Definition.Kind != ast.Scalar || v.ExpectedType == nil {
				return
			}
			plain, apart := literal(v)
			if apart || checkedByKind(v) {
				return
			}
			if why := s.reject(v.Definition.Name, plain); why != "" {
				addError(core.Message("%s", why), core.At(v.Position))
			}
		})
	}}
}

// checkedByKind reports whether the specification's rule has checked a literal.
// It checks everything of the built-in scalars but objects and the range of an
// Int.
func checkedByKind(v *ast.Value) bool {
	if v.Kind == ast.ObjectValue || !v.Definition.OneOf("Boolean", "Float", "ID", "Int", "String") {
		return false
	}
	_, err := v.Value(nil)
	return err != nil || v.Definition.Name != "Int" || v.Kind != ast.IntValue
}

// literal returns a literal as Scalars accept it. apart is set for variables,
// null, and the lists of a list type, which are checked elsewhere.
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
