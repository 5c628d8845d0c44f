package listing

import (
	"fmt"

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

// destination receives the rows of a statement.
type destination interface {
	// into appends what the columns of a row are scanned into.
	into([]any) []any
	// next is called before a row is scanned, found afterwards.
	next()
	found()
}

// rowsOfPage receives rows with what was read with them, and calls each with every
// row: its parent and the total, if the statement has them.
type rowsOfPage[T any] struct {
	of   *statement[T]
	each func(row T, parent uuid.UUID, total int)

	main   *scanning[T]
	ends   []edgeScanning
	parent uuid.UUID
	total  int
}

func (s *statement[T]) receive(edges []Edge, each func(row T, parent uuid.UUID, total int)) *rowsOfPage[T] {
	d := &rowsOfPage[T]{of: s, each: each, main: s.rows.start(), ends: make([]edgeScanning, len(edges))}
	for i, e := range edges {
		d.ends[i] = e.start(s.joined[i])
	}
	return d
}

func (d *rowsOfPage[T]) into(to []any) []any {
	to = d.main.into(to)
	if d.of.parent {
		to = append(to, rowscan.Into(&d.parent, rowscan.ID))
	}
	if d.of.total {
		to = append(to, rowscan.Into(&d.total, rowscan.Int))
	}
	for _, e := range d.ends {
		to = e.into(to)
	}
	return to
}

func (d *rowsOfPage[T]) next() {
	d.main.next()
	for _, e := range d.ends {
		e.next()
	}
}

func (d *rowsOfPage[T]) found() {
	for _, e := range d.ends {
		e.found(d.main.current)
	}
	d.each(d.main.current, d.parent, d.total)
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
