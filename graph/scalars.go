package graph

import (
	"portico/graph/model"
	"portico/internal/gqlhttp"
)

// scalars returns checks of the schema's own scalars, applied before anything
// runs. A UUID may be any string here; the field that needs one reports what is
// not.
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
