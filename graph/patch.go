package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"portico/internal/domain"
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

// patchLabels is patch for labels.
func patchLabels(o graphql.Omittable[[]*domain.Label]) input.Patch[[]domain.Label] {
	v, set := o.ValueOK()
	if v == nil {
		return input.Patch[[]domain.Label]{Set: set}
	}
	labels := make([]domain.Label, len(v))
	for i, l := range v {
		labels[i] = *l
	}
	return input.Patch[[]domain.Label]{Set: set, Value: &labels}
}

// version returns the version that an update expects.
func version(o graphql.Omittable[*int]) *int { return o.Value() }
