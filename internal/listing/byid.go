package listing

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/database"
)

// ByID maps ids to rows. Rows that the viewer may not see are absent.
type ByID[T any] map[uuid.UUID]T

// ReadByID reads those rows of a query that have one of the ids.
func ReadByID[T Row, S any](ctx context.Context, r Reader, l List[T], q Query[T, S], ids []uuid.UUID, columns []string) (ByID[T], error) {
	if names := l.Columns(columns...); names != nil {
		q.Select(names...)
	}
	q.Modify(anyOf(IDColumn, ids))
	rows, err := all(ctx, r, q)
	if err != nil {
		return nil, err
	}
	out := make(ByID[T], len(rows))
	for _, row := range rows {
		out[l.ID(row)] = row
	}
	return out, nil
}

// anyOf is database.AnyOf, but compares a single id directly, for which
// Postgres caches a generic plan.
func anyOf(column string, ids []uuid.UUID) func(*sql.Selector) {
	if len(ids) == 1 {
		return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), ids[0])) }
	}
	return database.AnyOf(column, ids)
}
