package listing

import (
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/rowscan"
)

// reading is how rows are read from some columns.
type reading[T any] struct {
	// columns are those that were asked for, nil for all; read are their names.
	columns, read []string
	row           func(columns []string) T
	assign        []func(T, any) error
}

// newReading returns how a query's rows are read; no columns are all.
func newReading[T any](q Query[T], columns []string) (*reading[T], error) {
	r := &reading[T]{columns: columns, read: columns, row: q.Row}
	if len(columns) == 0 {
		r.columns, r.read = nil, q.Columns()
	}
	for _, c := range r.read {
		assign := q.Assign(c)
		if assign == nil {
			return nil, fmt.Errorf("listing: no column %q", c)
		}
		r.assign = append(r.assign, assign)
	}
	return r, nil
}

// scanning scans one row after the other.
type scanning[T any] struct {
	*reading[T]
	current T
	cells   []cell[T]
}

// cell is a column of the current row; it implements sql.Scanner.
type cell[T any] struct {
	of     *scanning[T]
	assign func(T, any) error
}

// Scan assigns a driver's value.
func (c *cell[T]) Scan(v any) error { return c.assign(c.of.current, v) }

func (r *reading[T]) start() *scanning[T] {
	s := &scanning[T]{reading: r, cells: make([]cell[T], len(r.assign))}
	for i, assign := range r.assign {
		s.cells[i] = cell[T]{s, assign}
	}
	return s
}

// next begins a new row.
func (s *scanning[T]) next() { s.current = s.row(s.columns) }

// into appends the cells to what a row is scanned into.
func (s *scanning[T]) into(to []any) []any {
	for i := range s.cells {
		to = append(to, &s.cells[i])
	}
	return to
}

// scan scans all rows.
func (s *statement[T]) scan(rows *sql.Rows, edges []Edge, each func(row T, parent uuid.UUID, total int)) error {
	var parent uuid.UUID
	var total int
	main := s.rows.start()
	to := main.into(nil)
	if s.parent {
		to = append(to, rowscan.Into(&parent, rowscan.ID))
	}
	if s.total {
		to = append(to, rowscan.Into(&total, rowscan.Int))
	}
	ends := make([]edgeScanning, len(edges))
	for i, e := range edges {
		ends[i] = e.start(s.joined[i])
		to = ends[i].into(to)
	}
	for rows.Next() {
		main.next()
		for _, e := range ends {
			e.next()
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		for _, e := range ends {
			e.found(main.current)
		}
		each(main.current, parent, total)
	}
	return rows.Err()
}

// columnsOf returns the columns of rows and their edges, as one text.
func columnsOf(columns []string, edges []Edge) string {
	size := 0
	for _, c := range columns {
		size += len(c) + 1
	}
	out := make([]byte, 0, size+64*len(edges))
	for _, c := range columns {
		out = append(append(out, c...), ',')
	}
	for _, e := range edges {
		out = e.name(out)
	}
	return string(out)
}
