package graph_test

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
)

// parameters are the arguments of a field, with the schema's defaults. Those that are
// absent or null are not in it.
type parameters map[string]any

func (g parameters) text(name string) (string, bool) { s, ok := g[name].(string); return s, ok }

func (g parameters) number(name string) (int, bool) {
	switch n := g[name].(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	}
	return 0, false
}

func (g parameters) moment(name string) (time.Time, bool) {
	s, ok := g.text(name)
	t, _ := time.Parse(time.RFC3339Nano, s)
	return t, ok
}

func (g parameters) object(name string) parameters {
	o, _ := g[name].(map[string]any)
	return o
}

// texts returns a list of texts; a single one is a list of it. ok is false for
// one that is absent.
func (g parameters) texts(name string) (out []string, ok bool) {
	switch v := g[name].(type) {
	case nil:
		return nil, false
	case []any:
		for _, one := range v {
			out = append(out, one.(string))
		}
	default:
		out = []string{v.(string)}
	}
	return out, true
}

// arguments returns the arguments of a field.
func (a *execution) arguments(d *ast.FieldDefinition, f *ast.Field) parameters {
	out := parameters{}
	for _, def := range d.Arguments {
		value := any(absent{})
		if sent := f.Arguments.ForName(def.Name); sent != nil {
			value = literalValue(sent.Value, a.variables)
		}
		if value == (absent{}) && def.DefaultValue != nil {
			value = literalValue(def.DefaultValue, nil)
		}
		if value = a.coerce(def.Type, value); value != nil {
			out[def.Name] = value
		}
	}
	return out
}

// coerce adds the defaults of the fields of inputs. Absent values become nil.
func (a *execution) coerce(t *ast.Type, value any) any {
	switch v := value.(type) {
	case absent:
		return nil
	case map[string]any:
		out := map[string]any{}
		for _, f := range a.schema.Types[t.Name()].Fields {
			one, ok := v[f.Name]
			if (!ok || one == any(absent{})) && f.DefaultValue != nil {
				one = literalValue(f.DefaultValue, nil)
			}
			if one = a.coerce(f.Type, one); one != nil {
				out[f.Name] = one
			}
		}
		return out
	}
	return value
}

// absent is the value of a variable that was not given.
type absent struct{}

// literalValue returns the value of a literal: a number is an int, an enum a string.
func literalValue(v *ast.Value, variables map[string]any) any {
	switch v.Kind {
	case ast.Variable:
		if value, ok := variables[v.Raw]; ok {
			return value
		}
		return absent{}
	case ast.IntValue:
		n, _ := strconv.Atoi(v.Raw)
		return n
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.NullValue:
		return nil
	case ast.ListValue:
		out := []any{}
		for _, c := range v.Children {
			out = append(out, literalValue(c.Value, variables))
		}
		return out
	case ast.ObjectValue:
		out := map[string]any{}
		for _, c := range v.Children {
			out[c.Name] = literalValue(c.Value, variables)
		}
		return out
	}
	return v.Raw
}

// plainValue returns the value of the Go field that is called like a field of the
// schema.
func plainValue(object any, name string) (value any, ok bool) {
	v := reflect.Indirect(reflect.ValueOf(object))
	if v.Kind() != reflect.Struct {
		return nil, false
	}
	f, ok := goField(v.Type(), name)
	if !ok {
		return nil, false
	}
	return v.FieldByIndex(f.Index).Interface(), true
}

func goField(t reflect.Type, name string) (reflect.StructField, bool) {
	f, ok := t.FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, name) })
	return f, ok && f.IsExported()
}

// scalar returns the JSON of a value of a scalar or an enum; nil is null.
func scalar(typeName string, value any) []byte {
	switch v := value.(type) {
	case time.Time:
		return []byte(`"` + v.UTC().Format(time.RFC3339Nano) + `"`)
	case uuid.UUID:
		if v == uuid.Nil {
			return nil
		}
	case bool:
		return strconv.AppendBool(nil, v)
	}
	if typeName == "Int" || typeName == "BigInt" {
		return fmt.Append(nil, value)
	}
	return quoted(fmt.Sprint(value))
}

// quoted returns a text as JSON, with no more escapes than it must have.
func quoted(s string) []byte {
	out := []byte{'"'}
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', byte(c))
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c < ' ':
			out = fmt.Appendf(out, `\u%04X`, c)
		default:
			out = append(out, string(c)...)
		}
	}
	return append(out, '"')
}
