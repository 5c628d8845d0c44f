// Package generated is what gqlgen writes from the schema, except for this file:
// what the generator in graph/generate puts in the place of parts of gqlgen's.
//
// Nothing waits inside the elements of a list: what they refer to is read for the
// whole list by the first element that needs it (see the batches of package
// graph). So elements are encoded one after the other. So are the fields of an
// object: a statement takes less time than handing it to another goroutine and
// another connection costs. Only root fields are resolved concurrently. Each has a
// gqlhttp.Writer, to which what is below it is written while it is resolved. Values
// that are already in memory are encoded without what gqlgen prepares for each
// field that is resolved.
package generated

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/gqlhttp"
)

// encode encodes an answer, whose root fields have been encoded already.
func encode(ctx context.Context, data graphql.Marshaler) *bytes.Buffer {
	buf := gqlhttp.Whole(ctx)
	data.MarshalGQL(buf)
	return buf
}

// fieldSet has the values of the root fields, as graphql.FieldSet does, for a
// server without @defer.
type fieldSet struct {
	fields  gqlhttp.Fields
	Values  []graphql.Marshaler
	waiting []waiting
	// Invalids is the number of fields without the value that they must have.
	Invalids uint32
}

// waiting is a field that a resolver resolves.
type waiting struct {
	i       int
	resolve func(context.Context) graphql.Marshaler
}

func newFieldSet(fields gqlhttp.Fields) *fieldSet {
	return &fieldSet{fields: fields, Values: make([]graphql.Marshaler, len(fields.List))}
}

// Concurrently registers the resolver of the field i.
func (s *fieldSet) Concurrently(i int, resolve func(context.Context) graphql.Marshaler) {
	s.waiting = append(s.waiting, waiting{i, resolve})
}

// Dispatch runs the resolvers concurrently: each may be a report of its own.
func (s *fieldSet) Dispatch(ctx context.Context) {
	if len(s.waiting) == 0 {
		return
	}
	var all sync.WaitGroup
	for _, w := range s.waiting[1:] {
		all.Go(func() { s.Values[w.i] = w.resolve(ctx) })
	}
	defer all.Wait()
	first := s.waiting[0]
	s.Values[first.i] = first.resolve(ctx)
}

// MarshalGQL writes the object. Fields of several types that have one name in the
// answer are written once.
func (s *fieldSet) MarshalGQL(w io.Writer) {
	_, _ = io.WriteString(w, "{")
	first := true
	for i, field := range s.fields.List {
		if s.fields.Repeated(i) {
			continue
		}
		if !first {
			_, _ = io.WriteString(w, ",")
		}
		first = false
		// A name in GraphQL has no character that JSON escapes.
		_, _ = io.WriteString(w, `"`)
		_, _ = io.WriteString(w, field.Alias)
		_, _ = io.WriteString(w, `":`)
		s.Values[i].MarshalGQL(w)
	}
	_, _ = io.WriteString(w, "}")
}

// resolve resolves a field without arguments and directives, as
// graphql.ResolveField does, in the context that Writer.Within returns. required
// reports whether the field must have a value.
func resolve[T any](ctx context.Context, op *graphql.OperationContext, field graphql.CollectedField, object string, resolver graphql.Resolver,
	marshal func(ctx context.Context, sel ast.SelectionSet, v T) graphql.Marshaler, required bool) (ret graphql.Marshaler) {
	ctx = gqlhttp.WriterOf(ctx).Within(ctx, object, field)
	defer func() {
		if r := recover(); r != nil {
			op.Error(ctx, op.Recover(ctx, r))
			ret = graphql.Null
		}
	}()
	v, err := op.ResolverMiddleware(ctx, resolver)
	switch value, ok := v.(T); {
	case err != nil:
		op.Error(ctx, graphql.AddFieldLocationToError(ctx, err))
	case v == nil:
		if required && !graphql.HasFieldError(ctx, graphql.GetFieldContext(ctx)) {
			graphql.AddErrorf(ctx, "must not be null")
		}
	case !ok:
		graphql.AddErrorf(ctx, "unexpected type %T of a field's value, should be %T", v, value)
	default:
		return marshal(ctx, field.Selections, value)
	}
	return graphql.Null
}
