package database

import (
	"encoding/json"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"
)

// AnyOf returns an ent predicate that is true for rows whose column equals one
// of the values, and for no row without values. Unlike ent's own …In it takes
// one argument, so the statement has the same text for any number of values,
// and its prepared form is found in the cache.
func AnyOf[T uuid.UUID | ~string](column string, values []T) func(*sql.Selector) {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(column))
			if b.Dialect() == dialect.Postgres {
				b.WriteString(" = ANY(").Arg(pq.Array(texts)).WriteString(")")
				return
			}
			list, _ := json.Marshal(texts) // never fails for strings
			b.WriteString(" IN (SELECT value FROM json_each(").Arg(string(list)).WriteString("))")
		}))
	}
}
