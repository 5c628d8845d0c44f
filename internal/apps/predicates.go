package apps

import (
	"encoding/json"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"portico/internal/input"
)

// hasLabel matches rows that have a label in a column of labels: on Postgres by an index
// of labels, on SQLite by reading the rows that other conditions leave.
func hasLabel(field string, l LabelFilter) func(*sql.Selector) {
	return func(s *sql.Selector) {
		column := s.C(field)
		if s.Dialect() == dialect.Postgres {
			s.Where(sql.P(func(b *sql.Builder) {
				b.WriteString(column + " @> ").Arg(labelled(l)).WriteString("::jsonb")
			}))
			return
		}
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("EXISTS (SELECT 1 FROM json_each(" + column + ") AS l WHERE json_extract(l.value, '$.key') = ").Arg(input.Sanitize(l.Key))
			if l.Value != nil {
				b.WriteString(" AND json_extract(l.value, '$.value') = ").Arg(input.Sanitize(*l.Value))
			}
			b.WriteString(")")
		}))
	}
}

// labelled returns the JSON that labels contain if a filter matches them.
func labelled(l LabelFilter) string {
	label := map[string]string{"key": input.Sanitize(l.Key)}
	if l.Value != nil {
		label["value"] = input.Sanitize(*l.Value)
	}
	text, _ := json.Marshal([]any{label}) // of texts alone
	return string(text)
}
