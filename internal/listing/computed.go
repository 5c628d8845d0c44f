package listing

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/viewer"
)

// Computed is values that are computed from the rows of a table, such as counts,
// for the objects that one of the columns names.
type Computed[T any] struct {
	// Name distinguishes it from others of the table.
	Name  string
	Query func() Query[T]
	// Column names the object.
	Column string
	// Select replaces the columns of a statement by computed ones. now is the
	// argument for the time of reading. It depends on nothing else that changes.
	Select func(s *sql.Selector, now any)
}

// Read computes the values of some objects, and calls each for every row that the
// database answers, once its columns are scanned into cells.
func (c Computed[T]) Read(ctx context.Context, r Reader, ids []uuid.UUID, cells []any, each func()) error {
	complete := func(s *sql.Selector) {
		database.AnyOfList(c.Column, idsSlot)(s)
		c.Select(s, nowSlot)
	}
	s, err := draft[T]{shape: shape{list: c.Name, kind: "computed"}, source: All(c.Query), asked: []string{c.Column}, complete: complete}.prepare(ctx, r)
	if err != nil {
		return r.Fault(err)
	}
	rows, err := s.query(ctx, values{viewer: viewer.Current(ctx), ids: ids, now: r.Now()})
	if err != nil {
		return r.Fault(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err has the error
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return r.Fault(err)
		}
		each()
	}
	if err := rows.Err(); err != nil {
		return r.Fault(err)
	}
	return nil
}
