package database

import (
	"encoding/json"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"
)

// AnyOf is an ent predicate: the column has one of the values. Unlike ent's
// own …In it is one argument, so the statement's text is the same for every
// number of values and its prepared form is found again. No values: no row.
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
			list, _ := json.Marshal(texts) // strings always can
			b.WriteString(" IN (SELECT value FROM json_each(").Arg(string(list)).WriteString("))")
		}))
	}
}
