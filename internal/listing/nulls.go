package listing

import "time"

// Nulls says where rows are whose key, a time, is NULL: as if they had a time before or
// after all others. So one comparison finds where a page begins, and an index on the
// expression serves it: COALESCE(last_used_at, '0001-01-01 00:00:00+00:00').
type Nulls int

// No key is NULL, or those that are come first, or last, in the ascending order.
const (
	NoNulls Nulls = iota
	NullsEarliest
	NullsLatest
)

// time returns the time that stands for NULL.
func (n Nulls) time() time.Time {
	if n == NullsLatest {
		return time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
	}
	return time.Time{}
}

// expression returns what rows are ordered by, where column is the key's column.
func (n Nulls) expression(column string) string {
	if n == NoNulls {
		return column
	}
	return "COALESCE(" + column + ", '" + n.time().Format("2006-01-02 15:04:05-07:00") + "')"
}

// value returns a row's value of an order.
func (n Nulls) value(v any) any {
	if n == NoNulls {
		return v
	}
	if t := v.(*time.Time); t != nil {
		return *t
	}
	return n.time()
}
