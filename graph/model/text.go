package model

import (
	"github.com/99designs/gqlgen/graphql"

	"portico/internal/domain"
)

// MarshalText encodes a text.
func MarshalText(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalText decodes a text of an input, and brings it into the form in which
// texts are stored and compared, so that none can look like another. Fields with
// @verbatim take each character as it is.
func UnmarshalText(v any) (string, error) {
	s, err := graphql.UnmarshalString(v)
	return domain.Tidy(s), err
}
