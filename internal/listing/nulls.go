package listing

import (
	"time"

	"entgo.io/ent/dialect/sql"
)

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

// Before returns the condition that a column has a time before t: by the expression, so
// that its index finds the rows.
func (n Nulls) Before(column string, t time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(n.compare(s, column, " < ", t))
		if n == NullsEarliest {
			s.Where(n.compare(s, column, " > ", n.time()))
		}
	}
}

// IsNull returns the condition that a column is NULL, or is not: by the expression too.
func (n Nulls) IsNull(column string, is bool) func(*sql.Selector) {
	operator := " = "
	switch {
	case !is && n == NullsEarliest:
		operator = " > "
	case !is:
		operator = " < "
	}
	return func(s *sql.Selector) { s.Where(n.compare(s, column, operator, n.time())) }
}

func (n Nulls) compare(s *sql.Selector, column, operator string, t time.Time) *sql.Predicate {
	return sql.P(func(b *sql.Builder) { b.WriteString(n.expression(s.C(column)) + operator).Arg(t) })
}
