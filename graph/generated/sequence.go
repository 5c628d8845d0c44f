// Package generated is what gqlgen writes from the schema, except for this file,
// which marshals the elements of a list one after the other.
//
// gqlgen starts a goroutine for every element. Here nothing waits inside an
// element: what depends on a list is read for the whole list by the first
// element that needs it (see the batches of package graph), so the goroutines
// would cost about a fifth of a list's processor time without any benefit. The
// generator in graph/generate replaces gqlgen's function by marshalSlice.
package generated

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

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
