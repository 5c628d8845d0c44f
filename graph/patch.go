package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"portico/internal/input"
)

// patch distinguishes absent from null in an update's input.
func patch[T any](o graphql.Omittable[*T]) input.Patch[T] {
	v, set := o.ValueOK()
	return input.Patch[T]{Set: set, Value: v}
}

// patchList is patch for lists.
func patchList[T any](o graphql.Omittable[[]T]) input.Patch[[]T] {
	v, set := o.ValueOK()
	if v == nil {
		return input.Patch[[]T]{Set: set}
	}
	return input.Patch[[]T]{Set: set, Value: &v}
}

// patchValues is patch for lists of objects, such as labels.
func patchValues[T any](o graphql.Omittable[[]*T]) input.Patch[[]T] {
	v, set := o.ValueOK()
	if v == nil {
		return input.Patch[[]T]{Set: set}
	}
	values := make([]T, len(v))
	for i, one := range v {
		values[i] = *one
	}
	return input.Patch[[]T]{Set: set, Value: &values}
}

// version returns the version that an update expects.
func version(o graphql.Omittable[*int]) *int { return o.Value() }
