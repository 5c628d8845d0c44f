package change

import (
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
)

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

// SetText applies the patch of an attribute that is empty when cleared.
func SetText[T ~string](d *Diff, field string, before T, in input.Patch[T], set func(T)) {
	if in.Set {
		d.Add(field, before, in.Or(""))
		set(in.Or(""))
	}
}

// SetBool applies the patch of an attribute that cannot be cleared.
func SetBool(d *Diff, field string, before bool, in input.Patch[bool], set func(bool)) {
	if in.Set {
		d.Add(field, before, *in.Value)
		set(*in.Value)
	}
}

// Taken turns a violated unique constraint into a problem of the input; it
// returns other errors unchanged.
func Taken(err error, field, message string) error {
	if _, yes := database.IsUnique(err); yes {
		return fault.Input(fault.Taken, field, message)
	}
	return err
}
