// Package generated is what gqlgen writes from the schema, except for this file:
// what the generator in graph/generate puts in the place of parts of gqlgen's.
//
// Nothing waits inside the elements of a list: what they refer to is read for the
// whole list by the first element that needs it (see the batches of package
// graph). So elements are encoded one after the other. So are the fields of an
// object: a statement takes less time than handing it to another goroutine and
// another connection costs. Only root fields are resolved concurrently. Values
// that are already in memory are encoded without what gqlgen prepares for each
// field that is resolved.
package generated

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"portico/internal/gqlhttp"
)

// within returns the context of an object that is encoded for a field without
// resolving it: the path of its own fields leads through that field.
func within(ctx context.Context, object string, field graphql.CollectedField) context.Context {
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: object, Field: field})
}

// encode encodes an answer, whose root fields have been encoded already.
func encode(ctx context.Context, data graphql.Marshaler) *bytes.Buffer {
	const names = 256 // of the root fields, roughly
	buf := bytes.NewBuffer(make([]byte, 0, gqlhttp.Encoded(ctx)+names))
	data.MarshalGQL(buf)
	return buf
}

// fieldSet has the values of an object's fields, as graphql.FieldSet does, for a
// server without @defer.
type fieldSet struct {
	fields  []graphql.CollectedField
	Values  []graphql.Marshaler
	waiting []waiting
	// direct is the size of what was encoded directly, at least.
	direct int
	// Invalids is the number of fields without the value that they must have.
	Invalids uint32
}

// waiting is a field that a resolver resolves.
type waiting struct {
	i       int
	resolve func(context.Context) graphql.Marshaler
}

func newFieldSet(fields []graphql.CollectedField) *fieldSet {
	return &fieldSet{fields: fields, Values: make([]graphql.Marshaler, len(fields))}
}

// Concurrently registers the resolver of the field i.
func (s *fieldSet) Concurrently(i int, resolve func(context.Context) graphql.Marshaler) {
	s.waiting = append(s.waiting, waiting{i, resolve})
}

// Dispatch runs the resolvers: concurrently for root fields, each of which may be
// a report of its own.
func (s *fieldSet) Dispatch(ctx context.Context) {
	if s.direct > 0 {
		gqlhttp.CountDirect(ctx, s.direct)
	}
	if len(s.waiting) == 0 {
		return
	}
	if len(s.waiting) > 1 && graphql.GetFieldContext(ctx).Parent == nil {
		var all sync.WaitGroup
		for _, w := range s.waiting[1:] {
			all.Go(func() { s.Values[w.i] = w.resolve(ctx) })
		}
		defer all.Wait()
		s.waiting = s.waiting[:1]
	}
	for _, w := range s.waiting {
		s.Values[w.i] = w.resolve(ctx)
	}
}

// MarshalGQL writes the object. Fields of several types that have one name in the
// answer are written once.
func (s *fieldSet) MarshalGQL(w io.Writer) {
	_, _ = io.WriteString(w, "{")
	first := true
	for i := range s.fields {
		if s.written(i) {
			continue
		}
		if !first {
			_, _ = io.WriteString(w, ",")
		}
		first = false
		// A name in GraphQL has no character that JSON escapes.
		_, _ = io.WriteString(w, `"`)
		_, _ = io.WriteString(w, s.fields[i].Alias)
		_, _ = io.WriteString(w, `":`)
		s.Values[i].MarshalGQL(w)
	}
	_, _ = io.WriteString(w, "}")
}

// written reports whether a field before i has its name.
func (s *fieldSet) written(i int) bool {
	for j := range i {
		if s.fields[j].Alias == s.fields[i].Alias {
			return true
		}
	}
	return false
}

// marshalSlice has the signature and the meaning of
// graphql.MarshalSliceConcurrently, without its goroutines: an element that
// panics makes the list null and adds an error, and the others continue.
func marshalSlice(ctx context.Context, length int, _ int64, _ bool, element func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	out := make(graphql.Array, length)
	whole := true
	for i := range length {
		child := graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i})
		var ok bool
		if out[i], ok = marshalElement(child, i, element); !ok {
			whole = false
		}
	}
	if !whole {
		return nil
	}
	return out
}

func marshalElement(ctx context.Context, i int, element func(ctx context.Context, i int) graphql.Marshaler) (m graphql.Marshaler, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, r))
			m, ok = graphql.Null, false
		}
	}()
	return element(ctx, i), true
}

// marshalPlain encodes a list of plain objects.
func marshalPlain(length int, element func(i int) graphql.Marshaler) graphql.Array {
	out := make(graphql.Array, length)
	for i := range length {
		out[i] = element(i)
	}
	return out
}
