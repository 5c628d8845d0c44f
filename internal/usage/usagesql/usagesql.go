// Package usagesql builds the statements about counts for both databases:
// arguments, bulks of rows, sums that do not overflow, and the scanning of results.
package usagesql

import (
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
)

// Postgres reports whether the database is Postgres, and not SQLite.
func Postgres(db *database.DB) bool { return db.Dialect() == dialect.Postgres }

// Args collects the arguments of a statement.
type Args struct {
	DB     *database.DB
	Values []any
}

// Add adds an argument and returns its placeholder.
func (a *Args) Add(v any) string {
	a.Values = append(a.Values, v)
	return fmt.Sprintf("$%d", len(a.Values))
}

// AddBulk adds the arguments of a bulk and returns its Source.
func (a *Args) AddBulk(b *Bulk) string {
	source := b.Source(len(a.Values) + 1)
	a.Values = append(a.Values, b.Args()...)
	return source
}

// AnyOf returns the condition that a column is one of the ids.
func (a *Args) AnyOf(column string, ids []uuid.UUID) string {
	placeholder := a.Add(database.List(a.DB.Dialect(), ids))
	if Postgres(a.DB) {
		placeholder += "::uuid[]"
	}
	return database.InList(a.DB.Dialect(), column, placeholder)
}

// SetSum returns the assignment of an upsert that adds the column added of the new
// row to a column of the table, as usage.Add does.
func SetSum(table, column, added string) string {
	return fmt.Sprintf("%[2]s = CASE WHEN %[1]s.%[2]s > %[4]d - excluded.%[3]s THEN %[4]d ELSE %[1]s.%[2]s + excluded.%[3]s END", table, column, added, int64(usage.MaxCount))
}

// Sum returns the sum of an expression over rows, at most usage.MaxCount.
func Sum(db *database.DB, expression string) string {
	if Postgres(db) {
		return fmt.Sprintf("CAST(LEAST(SUM(%s), %d) AS bigint)", expression, int64(usage.MaxCount))
	}
	return fmt.Sprintf("CAST(MIN(TOTAL(%s), %d) AS integer)", expression, int64(usage.MaxCount))
}

// Mean returns the mean over rows as a floating-point number: the sum of one column
// divided by that of the column calls.
func Mean(db *database.DB, sum, calls string) string {
	if Postgres(db) {
		return fmt.Sprintf("CAST(SUM(%s) / GREATEST(SUM(%s), 1) AS double precision)", sum, calls)
	}
	return fmt.Sprintf("TOTAL(%s) / MAX(TOTAL(%s), 1)", sum, calls)
}

// Capped returns an expression of one row, at most usage.MaxCount.
func Capped(db *database.DB, expression string) string {
	if Postgres(db) {
		return fmt.Sprintf("LEAST(%s, %d)", expression, int64(usage.MaxCount))
	}
	return fmt.Sprintf("CAST(MIN(%s, %d) AS integer)", expression, int64(usage.MaxCount))
}
