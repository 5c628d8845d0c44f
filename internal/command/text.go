package command

import "portico/internal/domain"

// text is an argument that names something, in the form in which the API stores
// names.
type text string

// UnmarshalText reads the argument.
func (t *text) UnmarshalText(b []byte) error {
	*t = text(domain.Tidy(string(b)))
	return nil
}
