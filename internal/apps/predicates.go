package apps

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"portico/internal/input"
)

// hasLabel matches rows that have a label in a column of labels.
func hasLabel(field string, l LabelFilter) func(*sql.Selector) {
	return func(s *sql.Selector) {
		column := s.C(field)
		s.Where(sql.P(func(b *sql.Builder) {
			each, as := "json_each("+column+")", "json_extract(l.value, '$.key')"
			value := "json_extract(l.value, '$.value')"
			if b.Dialect() == dialect.Postgres {
				each, as, value = "jsonb_array_elements("+column+"::jsonb)", "l.value ->> 'key'", "l.value ->> 'value'"
			}
			b.WriteString("EXISTS (SELECT 1 FROM " + each + " AS l WHERE " + as + " = ").Arg(input.Sanitize(l.Key))
			if l.Value != nil {
				b.WriteString(" AND " + value + " = ").Arg(input.Sanitize(*l.Value))
			}
			b.WriteString(")")
		}))
	}
}
