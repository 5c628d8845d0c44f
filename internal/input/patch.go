package input

import "portico/internal/fault"

// Patch is an optional attribute of an update: absent (Set is false), cleared
// (Value is nil) or set to a value.
type Patch[T any] struct {
	Set   bool
	Value *T
}

// SetTo returns a patch that sets a value.
func SetTo[T any](v T) Patch[T] { return Patch[T]{Set: true, Value: &v} }

// Or returns the value, or clear if the attribute is cleared.
func (p Patch[T]) Or(clear T) T {
	if p.Value == nil {
		return clear
	}
	return *p.Value
}

// Required returns an error if the attribute is cleared.
func (p Patch[T]) Required(field string) error {
	if p.Set && p.Value == nil {
		return fault.Input(fault.Required, field, "This cannot be cleared.")
	}
	return nil
}

// Or returns the value of an optional attribute, or another one without it.
func Or[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}
