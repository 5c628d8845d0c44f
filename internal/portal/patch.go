package portal

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

// or returns the value, or clear if the attribute is cleared.
func (p Patch[T]) or(clear T) T {
	if p.Value == nil {
		return clear
	}
	return *p.Value
}

// required returns an error if the attribute is cleared.
func (p Patch[T]) required(field string) error {
	if p.Set && p.Value == nil {
		return fault.Input(fault.Required, field, "This cannot be cleared.")
	}
	return nil
}

// diff collects the attributes whose values a change replaces.
type diff struct{ changes []domain.Change }

// add adds an attribute if its value differs. Both values are kept as text.
func (d *diff) add(field string, before, after any) {
	b, a := text(before), text(after)
	if b != nil && a != nil && *b == *a || b == nil && a == nil {
		return
	}
	d.changes = append(d.changes, domain.Change{Field: field, Before: b, After: a})
}

// text formats a value for an event.
func text(v any) *string { return domain.Text(v) }

// created returns the attributes of a new object, from pairs of name and value.
func created(pairs ...any) []domain.Change {
	var d diff
	for i := 0; i+1 < len(pairs); i += 2 {
		d.add(pairs[i].(string), nil, pairs[i+1])
	}
	return d.changes
}
