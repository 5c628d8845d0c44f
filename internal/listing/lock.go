package listing

import (
	"context"
	"reflect"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/viewer"
)

// ReadRow reads the row of a query that has an id, with some columns; none for all. A
// clause, such as FOR SHARE, locks it until the query's transaction ends. The query
// has no conditions of its own, because its statement is kept. ok is false if the
// viewer may see no such row.
func ReadRow[T any](ctx context.Context, statements *Statements, q Query[T], clause string, id uuid.UUID, columns []string) (row T, ok bool, err error) {
	s, err := draft[T]{
		shape:  shape{list: reflect.TypeFor[T]().String(), kind: "row " + clause},
		source: All(func() Query[T] { return q }), asked: columns,
		complete: func(s *sql.Selector) {
			s.Where(sql.EQ(s.C(IDColumn), idSlot))
			if clause != "" {
				s.For(sql.LockUpdate, sql.WithLockClause(clause))
			}
		},
	}.prepare(ctx, Reader{Statements: statements})
	if err != nil {
		return row, false, err
	}
	v := values{viewer: viewer.Current(ctx), ids: []uuid.UUID{id}}
	err = s.within(q).run(ctx, v, nil, func(found T, _ uuid.UUID, _ int) { row, ok = found, true })
	return row, ok, err
}

// within returns the statement for the transaction of a query: its connection, and
// rows that belong to it.
func (s *statement[T]) within(q Query[T]) *statement[T] {
	out, rows := *s, *s.rows
	out.driver, rows.row = q.Driver(), q.Row
	out.rows = &rows
	return &out
}
