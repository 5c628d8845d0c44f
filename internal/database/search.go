package database

import (
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// Searched is what is searched of the rows of a table, and with which indexes: migrations
// make these, from the same texts.
type Searched struct {
	Table string
	// Texts returns the expressions that are searched, each by itself, where c returns
	// the name of a column. They are folded, have no line breaks, and are what the index
	// on Postgres has.
	Texts func(c func(column string) string) []string
}

// Columns returns a Searched of columns that have folded texts, or UUIDs.
func Columns(table string, columns ...string) Searched {
	return Searched{table, func(c func(string) string) (all []string) {
		for _, column := range columns {
			all = append(all, c(column))
		}
		return all
	}}
}

// Contains returns the condition that one of the texts contains a folded text of three
// characters or more.
func (x Searched) Contains(text string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if s.Dialect() == dialect.Postgres {
			like := x.like(s, "%"+escapeLike(text)+"%")
			// Twice, for the sake of statements whose plan is made for whatever will be
			// searched: Postgres then takes it to be found in one row of two hundred, and
			// would read a tenant's rows in the order of the list until a page is full.
			// Of what is found twice it expects so few that it uses the index.
			s.Where(sql.And(like, like))
			return
		}
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C("id")).WriteString(" IN (SELECT e.object_id FROM search_index AS f CROSS JOIN search_entries AS e ON e.id = f.rowid WHERE e.noun = ").
				Arg(x.Table).WriteString(" AND f.search_index MATCH ").Arg(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`).WriteString(")")
		}))
	}
}

// like returns the condition that what the index has is like a pattern, in which there is
// no line break.
func (x Searched) like(s *sql.Selector, pattern string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.Wrap(func(b *sql.Builder) {
			for i, text := range x.Texts(s.C) {
				if i > 0 {
					b.WriteString(` || E'\n' || `)
				}
				b.WriteString("(" + text + ")::text")
			}
		}).WriteString(" LIKE ").Arg(pattern)
	})
}

// escapeLike returns a text with which LIKE compares letter by letter.
func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
