package graph

import (
	"portico/graph/model"
	"portico/internal/gqlhttp"
)

// scalars say what the schema's own scalars take, before anything is run. A
// UUID may be any string here: which are none is told where one is wanted.
func scalars() gqlhttp.Scalars {
	return gqlhttp.Scalars{
		"BigInt":  takes(model.UnmarshalBigInt),
		"Decimal": takes(model.UnmarshalDecimal),
		"Time":    takes(model.UnmarshalTime),
		"UUID":    takes(model.UnmarshalUUIDText),
	}
}

func takes[T any](unmarshal func(v any) (T, error)) func(v any) error {
	return func(v any) error {
		_, err := unmarshal(v)
		return err
	}
}
