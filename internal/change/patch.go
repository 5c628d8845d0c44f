package change

import (
	"portico/internal/domain"
	"portico/internal/fault"
)

// Patch is an optional attribute of an update: absent (Set is false), cleared
// (Value is nil) or set to a value.
type Patch[T any] struct {
	Set   bool
	Value *T
}

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

// Diff collects the attributes whose values a change replaces.
type Diff struct{ Changes []domain.Change }

// Add adds an attribute if its value differs. Both values are kept as text.
func (d *Diff) Add(field string, before, after any) {
	b, a := domain.Text(before), domain.Text(after)
	if b != nil && a != nil && *b == *a || b == nil && a == nil {
		return
	}
	d.Changes = append(d.Changes, domain.Change{Field: field, Before: b, After: a})
}

// Attributes returns the attributes of a new object, from pairs of name and
// value.
func Attributes(pairs ...any) []domain.Change {
	var d Diff
	for i := 0; i+1 < len(pairs); i += 2 {
		d.Add(pairs[i].(string), nil, pairs[i+1])
	}
	return d.Changes
}
