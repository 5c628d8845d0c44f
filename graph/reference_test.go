package graph_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// reference answers documents slowly and plainly: it follows a document by the
// rules of GraphQL, reads objects one at a time with all of their columns, and
// takes pages from whole lists. It shares nothing with what answers requests
// except the services' decisions about one object. The rows are read as the
// viewer, so that the row policies apply, and must not change meanwhile.
type reference struct {
	w      *world
	who    viewer.Viewer
	ctx    context.Context
	schema *ast.Schema // with its directives
	// rows are what the viewer may see, system what Portico itself sees of the
	// viewer's organization.
	rows, system *rowReader
	resolvers    map[string]resolver
	orders       listOrders
}

func newReference(w *world, ctx context.Context, schema *ast.Schema) *reference {
	v := viewer.Current(ctx)
	system := viewer.AsSystem(ctx, v.OrganizationID)
	return &reference{
		w: w, who: v, ctx: ctx, schema: schema, rows: newRowReader(ctx, w.Client), system: newRowReader(system, w.Client),
		resolvers: resolvers(), orders: newListOrders(),
	}
}

// execution executes one document.
type execution struct {
	*reference
	variables map[string]any
	errors    []failedAt
}

// failedAt is a field that failed: its path, and the code and reason.
type failedAt struct{ path, why string }

// answer returns the data of an answer as JSON, and which fields failed.
func (r *reference) answer(doc *ast.QueryDocument, variables map[string]any) (data string, failed []string) {
	op := doc.Operations[0]
	a := &execution{reference: r, variables: withDefaults(op, variables)}
	out := a.object("Query", nil, []ast.SelectionSet{op.SelectionSet}, nil)
	if out == nil {
		out = []byte("null")
	}
	slices.SortStableFunc(a.errors, func(a, b failedAt) int { return strings.Compare(a.path, b.path) })
	for _, e := range a.errors[:min(len(a.errors), maxErrors)] {
		failed = append(failed, e.path+" "+e.why)
	}
	return string(out), failed
}

// maxErrors is the most errors that an answer has.
const maxErrors = 20

// withDefaults returns the variables, with the defaults of those not given.
func withDefaults(op *ast.OperationDefinition, given map[string]any) map[string]any {
	out := map[string]any{}
	for _, d := range op.VariableDefinitions {
		if v, ok := given[d.Variable]; ok {
			out[d.Variable] = v
		} else if d.DefaultValue != nil {
			out[d.Variable] = literalValue(d.DefaultValue, nil)
		}
	}
	return out
}

// group is the fields that have one name in the answer.
type group struct {
	name  string
	field *ast.Field
	below []ast.SelectionSet
}

// collect lists what sets select of an object, in the order in which each name
// first occurs.
func (a *execution) collect(typeName string, sets []ast.SelectionSet) (out []*group) {
	spread := map[string]bool{}
	var in func(ast.SelectionSet)
	in = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if a.omits(s.Directives) {
					continue
				}
				i := slices.IndexFunc(out, func(g *group) bool { return g.name == s.Alias })
				if i < 0 {
					i, out = len(out), append(out, &group{name: s.Alias, field: s})
				}
				out[i].below = append(out[i].below, s.SelectionSet)
			case *ast.InlineFragment:
				if !a.omits(s.Directives) && a.applies(s.TypeCondition, typeName) {
					in(s.SelectionSet)
				}
			case *ast.FragmentSpread:
				if !a.omits(s.Directives) && !spread[s.Name] {
					spread[s.Name] = true
					if a.applies(s.Definition.TypeCondition, typeName) {
						in(s.Definition.SelectionSet)
					}
				}
			}
		}
	}
	for _, set := range sets {
		in(set)
	}
	return out
}

// omits reports whether directives omit a selection.
func (a *execution) omits(list ast.DirectiveList) bool {
	condition := func(name string) (value, given bool) {
		d := list.ForName(name)
		if d == nil {
			return false, false
		}
		value, _ = literalValue(d.Arguments.ForName("if").Value, a.variables).(bool)
		return value, true
	}
	skip, skips := condition("skip")
	include, includes := condition("include")
	return skips && skip || includes && !include
}

// applies reports whether a fragment on a type applies to an object.
func (a *execution) applies(condition, typeName string) bool {
	return condition == "" || condition == typeName || slices.Contains(a.schema.Types[typeName].Interfaces, condition)
}

// object returns the JSON of an object; nil is null.
func (a *execution) object(typeName string, value any, sets []ast.SelectionSet, at ast.Path) []byte {
	out, null := []byte("{"), false
	for _, g := range a.collect(typeName, sets) {
		json, nullable := a.field(typeName, value, g, append(slices.Clone(at), ast.PathName(g.name)))
		if json == nil {
			json, null = []byte("null"), null || !nullable
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(strconv.AppendQuote(out, g.name), ':'), json...)
	}
	if null {
		return nil
	}
	return append(out, '}')
}

// field returns the JSON of a field, and whether it may be null.
func (a *execution) field(typeName string, parent any, g *group, at ast.Path) (json []byte, nullable bool) {
	if g.field.Name == "__typename" {
		return strconv.AppendQuote(nil, typeName), false
	}
	d := a.schema.Types[typeName].Fields.ForName(g.field.Name)
	if err := a.refusal(d.Directives); err != nil {
		return a.fail(at, err), !d.Type.NonNull
	}
	value, err := a.resolve(typeName, d, parent, a.arguments(d, g.field))
	if err != nil {
		return a.fail(at, err), !d.Type.NonNull
	}
	as := a.publicly(value)
	json = as.complete(d.Type, value, g.below, at)
	if as != a {
		a.errors = append(a.errors, as.errors...)
	}
	return json, !d.Type.NonNull
}

func (a *execution) fail(at ast.Path, err error) []byte {
	f := fault.From(err)
	a.errors = append(a.errors, failedAt{at.String(), fmt.Sprintf("%s/%s", f.Code, f.Reason)})
	return nil
}

// complete returns the JSON of a value of a type; nil is null.
func (a *execution) complete(t *ast.Type, value any, below []ast.SelectionSet, at ast.Path) []byte {
	v := reflect.ValueOf(value)
	switch {
	case t.Elem != nil && (t.NonNull || v.IsValid() && !v.IsNil()):
		return a.list(t.Elem, v, below, at)
	case !v.IsValid(), v.Kind() == reflect.Pointer && v.IsNil():
		if t.NonNull {
			return a.fail(at, fault.New(fault.CodeInternal, fault.ReasonDefect, "must not be null"))
		}
		return nil
	}
	switch d := a.schema.Types[t.NamedType]; d.Kind {
	case ast.Scalar, ast.Enum:
		return scalar(d.Name, reflect.Indirect(v).Interface())
	case ast.Interface:
		return a.object(string(value.(interface{ NodeKind() nodeid.Kind }).NodeKind()), value, below, at)
	default:
		return a.object(d.Name, value, below, at)
	}
}

// list returns the JSON of a list. An element that is null and must not be makes
// the list null.
func (a *execution) list(of *ast.Type, v reflect.Value, below []ast.SelectionSet, at ast.Path) []byte {
	out, null := []byte("["), false
	for i := range v.Len() {
		json := a.complete(of, v.Index(i).Interface(), below, append(slices.Clone(at), ast.PathIndex(i)))
		if json == nil {
			json, null = []byte("null"), null || of.NonNull
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, json...)
	}
	if null {
		return nil
	}
	return append(out, ']')
}
