package graph

import (
	"context"
	"reflect"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph/generated"
	"portico/internal/fault"
	"portico/internal/unseen"
)

// nulls refuses null in optional fields of inputs that cannot be null, and an empty text.
// Once an input is decoded, such a null would look like a field that was left out and get
// its default, which is not what was sent.
type nulls struct {
	schema *ast.Schema
	// payloads are the payload types of the mutations, by field.
	payloads map[string]reflect.Type
}

func newNulls(whole *ast.Schema) nulls {
	n := nulls{whole, map[string]reflect.Type{}}
	resolvers := reflect.TypeFor[generated.MutationResolver]()
	for i := range resolvers.NumMethod() {
		m := resolvers.Method(i)
		n.payloads[strings.ToLower(m.Name[:1])+m.Name[1:]] = m.Type.Out(0).Elem()
	}
	return n
}

// around answers a mutation with such a null with userErrors, and resolves every
// other field by next.
func (n nulls) around(next graphql.FieldMiddleware) graphql.FieldMiddleware {
	return func(ctx context.Context, resolve graphql.Resolver) (any, error) {
		fc := graphql.GetFieldContext(ctx)
		payload, mutation := n.payloads[fc.Field.Name]
		if !mutation || fc.Object != n.schema.Mutation.Name {
			return next(ctx, resolve)
		}
		if errs, _ := problems(fault.Collect(n.inField(ctx, fc.Field)...)); len(errs) > 0 {
			out := reflect.New(payload)
			out.Elem().FieldByName("UserErrors").Set(reflect.ValueOf(errs))
			return out.Interface(), nil
		}
		return next(ctx, resolve)
	}
}

// inField checks a field's arguments as they were sent.
func (n nulls) inField(ctx context.Context, f graphql.CollectedField) (errs []error) {
	sent := f.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	for _, a := range f.Definition.Arguments {
		errs = append(errs, n.in(a.Type, sent[a.Name], "")...)
	}
	return errs
}

// in checks a value of a type, at a path inside the input.
func (n nulls) in(t *ast.Type, sent any, at string) (errs []error) {
	switch sent := sent.(type) {
	case []any:
		for i, one := range sent {
			errs = append(errs, n.in(t.Elem, one, at+strconv.Itoa(i)+".")...)
		}
	case map[string]any:
		// One object stands for a list of it.
		d := n.schema.Types[t.Name()]
		for _, f := range d.Fields {
			value, given := sent[f.Name]
			switch {
			case given && value == nil && refusesNull(f):
				errs = append(errs, fault.Input(fault.Required, at+f.Name, "This may be left out, but not be null."))
			case given && emptyText(f, value) && refusesNull(f):
				errs = append(errs, fault.Input(fault.Required, at+f.Name, "This may be left out, but not be empty."))
			case given:
				errs = append(errs, n.in(f.Type, value, at+f.Name+".")...)
			}
		}
	}
	return errs
}

// refusesNull reports whether an optional field does not accept null.
func refusesNull(f *ast.FieldDefinition) bool {
	return !f.Type.NonNull && (f.DefaultValue != nil || f.Directives.ForName("notNull") != nil)
}

// emptyText reports whether a text has nothing that can be seen.
func emptyText(f *ast.FieldDefinition, sent any) bool {
	text, ok := sent.(string)
	return ok && f.Type.NamedType == "String" && unseen.All(text)
}
