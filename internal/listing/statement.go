package listing

import (
	"context"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/viewer"
)

// statement is the text of a read and how its rows are scanned. It serves every
// request of its shape: whatever differs between those is an argument.
type statement[T any] struct {
	text string
	// args are constants of the shape, and slots.
	args   []any
	driver dialect.Driver
	rows   *reading[T]
	// parent and total say which further columns follow those of the rows.
	parent, total bool
	// joined are the readings of the edges.
	joined []any
}

// draft is what a statement is built from, unless there is one of its shape.
type draft[T any] struct {
	shape  shape
	source Source[T]
	// asked are the columns that are asked for, further are those that the list
	// needs besides.
	asked, further []string
	edges          []Edge
	// complete completes the statement.
	complete func(*sql.Selector)
	// order returns the order of a page's rows by the names of columns; nil if there
	// is none.
	order func(c func(string) string) []string
}

// prepare returns the statement of the draft's shape: the kept one, or a new one.
func (d draft[T]) prepare(ctx context.Context, r Reader) (*statement[T], error) {
	of := d.shape
	marked := r.Statements.markers()
	of.viewer = marked.shapeOf(viewer.Current(ctx))
	of.filtered, of.filter = d.source.of, d.source.filter
	of.columns = columnsOf(d.asked, d.edges)
	if s, ok := r.Statements.cached(of).(*statement[T]); ok {
		return s, nil
	}
	further := slices.Clone(d.further)
	for _, e := range d.edges {
		further = append(further, e.refers())
	}
	q, columns := d.source.fresh(), columnsWith(d.asked, further...)
	ctx = viewer.NewContext(ctx, of.viewer)
	selector, err := q.Statement(ctx, columns)
	if err != nil {
		return nil, err
	}
	d.complete(selector)
	s := &statement[T]{driver: q.Driver(), parent: of.parent, total: of.total}
	if s.rows, err = newReading(q, columns); err != nil {
		return nil, err
	}
	c := selector.C
	if len(d.edges) > 0 && d.order != nil {
		selector, c = s.afterwards(selector, d.order)
	}
	for _, e := range d.edges {
		joined, err := e.join(ctx, selector, c)
		if err != nil {
			return nil, err
		}
		s.joined = append(s.joined, joined)
	}
	text, args := selector.Query()
	if err := selector.Err(); err != nil {
		return nil, err
	}
	s.text, s.args = distinct(text, marked.withSlots(args))
	if general(s.args) && d.source.whole() && len(of.filter) <= maxFilter {
		r.Statements.add(of, s)
	}
	return s, nil
}

// afterwards returns a statement in which edges are joined to the rows of a page,
// which are found first: without an index for their order, all rows would be
// joined before they are sorted. c returns the name of a column of the rows.
func (s *statement[T]) afterwards(page *sql.Selector, order func(c func(string) string) []string) (out *sql.Selector, c func(string) string) {
	page = named(page, "page")
	columns := slices.Clone(s.rows.read)
	if s.parent {
		columns = append(columns, parentColumn)
	}
	if s.total {
		columns = append(columns, totalColumn)
	}
	for i := range columns {
		columns[i] = page.C(columns[i])
	}
	out = sql.Dialect(page.Dialect()).Select(columns...).From(page)
	return out.OrderBy(order(page.C)...), page.C
}

// named returns a copy of a statement under a name. The statement itself keeps its
// own names, which its predicates may ask for when the text is written.
func named(s *sql.Selector, name string) *sql.Selector { return s.Clone().As(name) }

// run reads the rows for a request's values, and calls each with every row: its
// parent and the total, if the statement has them.
func (s *statement[T]) run(ctx context.Context, v values, edges []Edge, each func(row T, parent uuid.UUID, total int)) error {
	rows, err := s.query(ctx, v)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err has the error
	return s.scan(rows, edges, each)
}

// query runs the statement for a request's values.
func (s *statement[T]) query(ctx context.Context, v values) (*sql.Rows, error) {
	args := make([]any, len(s.args))
	for i, a := range s.args {
		if slot, ok := a.(slot); ok {
			a = v.of(slot, s.driver.Dialect())
		}
		args[i] = a
	}
	var rows sql.Rows
	if err := s.driver.Query(ctx, s.text, args, &rows); err != nil {
		return nil, err
	}
	return &rows, nil
}
