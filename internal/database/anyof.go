package database

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"
)

// InList returns the SQL condition that a column equals one of the values of a
// list, which is the one argument at the placeholder; see List. Its text is the
// same for any number of values, so that its prepared form is found in the cache.
func InList(dialectName, column, placeholder string) string {
	before, after := aroundList(dialectName)
	return column + before + placeholder + after
}

// aroundList returns what stands before and after the argument in InList.
func aroundList(dialectName string) (before, after string) {
	if dialectName == dialect.Postgres {
		return " = ANY(", ")"
	}
	return " IN (SELECT value FROM json_each(", "))"
}

// list is the text of a list, of a type that differs from other texts.
type list string

// Value returns the text.
func (l list) Value() (driver.Value, error) { return string(l), nil }

// List returns the argument of InList, a driver.Valuer.
func List[T uuid.UUID | ~string](dialectName string, values []T) any {
	if ids, ok := any(values).([]uuid.UUID); ok && dialectName == dialect.Postgres {
		return list(arrayOf(ids))
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	if dialectName == dialect.Postgres {
		return pq.Array(texts)
	}
	encoded, _ := json.Marshal(texts) // never fails for strings
	return list(encoded)
}

// AnyOf returns an ent predicate that is true for rows whose column equals one
// of the values, and for no row without values. Unlike ent's own …In it takes
// one argument.
func AnyOf[T uuid.UUID | ~string](column string, values []T) func(*sql.Selector) {
	return func(s *sql.Selector) { AnyOfList(column, List(s.Dialect(), values))(s) }
}

// AnyOfList is AnyOf with an argument that List has returned, or will.
func AnyOfList(column string, values any) func(*sql.Selector) {
	return func(s *sql.Selector) {
		name := s.C(column)
		s.Where(sql.P(func(b *sql.Builder) {
			before, after := aroundList(b.Dialect())
			b.Ident(name).WriteString(before).Arg(values).WriteString(after)
		}))
	}
}

// arrayOf returns the text of a Postgres array of UUIDs, which need no quotes.
func arrayOf(ids []uuid.UUID) string {
	const size = len("00000000-0000-0000-0000-000000000000,")
	out := make([]byte, 0, 2+size*len(ids))
	out = append(out, '{')
	for i, id := range ids {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, id.String()...)
	}
	return string(append(out, '}'))
}
