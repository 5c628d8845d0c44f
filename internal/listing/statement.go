package listing

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/viewer"
)

// statement is the text of a read and how its rows are scanned. It serves every
// request of its shape: whatever differs between those is an argument.
type statement[T any] struct {
	sqlText
	rows *reading[T]
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
	marks := r.Statements.viewerMarks()
	of.viewer = marks.Marked(viewer.Current(ctx))
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
	s := &statement[T]{sqlText: sqlText{driver: q.Driver()}, parent: of.parent, total: of.total}
	if s.rows, err = newReading(q, columns); err != nil {
		return nil, err
	}
	if len(d.edges) > 0 {
		page := s.afterwards(selector, d.order)
		for _, e := range d.edges {
			joined, err := e.join(ctx, page)
			if err != nil {
				return nil, err
			}
			s.joined = append(s.joined, joined)
		}
		selector = page.Selector
	}
	text, args := selector.Query()
	if err := selector.Err(); err != nil {
		return nil, err
	}
	s.text, s.args = distinct(text, withSlots(marks, args))
	if general(s.args) && d.source.whole() && len(of.filter) <= maxFilter {
		s.kept = r.Statements
		r.Statements.add(of, s)
	}
	return s, nil
}

// found is a statement whose rows are found first, so that edges can be joined to
// them.
type found struct {
	*sql.Selector
	// perRow are statements that compute something for each row, by names.
	perRow []*sql.Selector
	names  []string
}

// foundName is the name of the rows that were found.
const foundName = "page"

func (f *found) column(name string) string { return sql.Table(foundName).C(name) }

// ids returns the statement for the ids of the rows.
func (f *found) ids() *sql.Selector {
	return sql.Dialect(f.Dialect()).Select(IDColumn).From(sql.Table(foundName))
}

// afterwards returns a statement for the joins to rows that are found first: without
// an index for the order of a page, all rows would be joined before they are sorted,
// and edges may ask which rows there are.
func (s *statement[T]) afterwards(rows *sql.Selector, order func(c func(string) string) []string) *found {
	f := &found{}
	columns := slices.Clone(s.rows.read)
	if s.parent {
		columns = append(columns, parentColumn)
	}
	if s.total {
		columns = append(columns, totalColumn)
	}
	for i := range columns {
		columns[i] = f.column(columns[i])
	}
	d := sql.Dialect(rows.Dialect())
	f.Selector = d.Select(columns...).Prefix(d.With(foundName).As(rows.Clone()))
	f.FromExpr(sql.ExprFunc(func(b *sql.Builder) {
		b.Ident(foundName)
		for i, one := range f.perRow {
			b.WriteString(" CROSS JOIN LATERAL ").Wrap(func(b *sql.Builder) { b.Join(one) }).WriteString(" AS ").Ident(f.names[i])
		}
	}))
	if order != nil {
		f.OrderBy(order(f.column)...)
	}
	return f
}

// named returns a copy of a statement under a name. The statement itself keeps its
// own names, which its predicates may ask for when the text is written.
func named(s *sql.Selector, name string) *sql.Selector { return s.Clone().As(name) }

// run reads the rows for a request's values, and calls each with every row: its
// parent and the total, if the statement has them.
func (s *statement[T]) run(ctx context.Context, v values, edges []Edge, each func(row T, parent uuid.UUID, total int)) error {
	return s.sqlText.run(ctx, v, s.receive(edges, each))
}
