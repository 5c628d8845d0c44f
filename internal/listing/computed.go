package listing

import (
	"context"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/viewer"
)

// Computed is values that are computed from the rows of a table, such as counts,
// for the objects that one of the columns names. Objects without rows have none.
type Computed[T any] struct {
	// Name distinguishes it from others.
	Name  string
	Query func() Query[T]
	// Column names the object.
	Column string
	// Values are the names of the values.
	Values []string
	// Select adds the values, computed from the rows of one object, to a statement.
	// now is the argument for the time of reading. It depends on nothing else that
	// changes.
	Select func(s *sql.Selector, now any)
}

// group selects the values of each object.
func (c Computed[T]) group(s *sql.Selector) {
	c.Select(s.Select(s.C(c.Column)).GroupBy(s.C(c.Column)), nowSlot)
}

// Read computes the values of some objects, and calls each for every one that has
// some, once its id and its values are scanned into the cells.
func (c Computed[T]) Read(ctx context.Context, r Reader, ids []uuid.UUID, cells []any, each func()) error {
	complete := func(s *sql.Selector) {
		database.AnyOfList(c.Column, idsSlot)(s)
		c.group(s)
	}
	s, err := draft[T]{shape: shape{list: c.Name, kind: "computed " + strings.Join(c.Values, ",")}, source: All(c.Query), asked: []string{c.Column}, complete: complete}.prepare(ctx, r)
	if err != nil {
		return r.Fault(err)
	}
	if err := s.sqlText.run(ctx, values{viewer: viewer.Current(ctx), ids: ids, now: r.Now()}, computedRows{cells, each}); err != nil {
		return r.Fault(err)
	}
	return nil
}

// computedRows receives computed values.
type computedRows struct {
	cells []any
	each  func()
}

func (d computedRows) into(to []any) []any { return append(to, d.cells...) }
func (d computedRows) next()               {}
func (d computedRows) found()              { d.each() }

// Edge returns an edge to the values of the rows, which are computed in the rows' own
// statement. start returns what the values of a row are scanned into, which are NULL
// if it has none, and a func that is called afterwards and returns what the row is to
// keep.
func (c Computed[T]) Edge(ctx context.Context, start func() (cells []any, value func() any)) Edge {
	return computedEdge[T]{viewer: viewer.Current(ctx), computed: c, begin: start}
}

type computedEdge[T any] struct {
	viewer   viewer.Viewer
	computed Computed[T]
	begin    func() (cells []any, value func() any)
}

func (e computedEdge[T]) of() viewer.Viewer { return e.viewer }

func (e computedEdge[T]) refers() string { return IDColumn }

func (e computedEdge[T]) name(out []byte) []byte {
	out = append(append(out, '#'), e.computed.Name...)
	for _, v := range e.computed.Values {
		out = append(append(out, ','), v...)
	}
	return out
}

// join computes the values for each row on Postgres, which then finds the rows that
// they come from by the index whatever it expects. SQLite cannot; it computes them for
// all rows together.
func (e computedEdge[T]) join(ctx context.Context, rows *found) (any, error) {
	c := e.computed
	if len(c.Values) == 0 {
		return nil, nil
	}
	values, err := c.Query().Statement(ctx, []string{c.Column})
	if err != nil {
		return nil, err
	}
	name := "of_" + c.Name
	if values.Dialect() == dialect.Postgres {
		values.Select().Where(sql.ColumnsEQ(values.C(c.Column), rows.column(IDColumn)))
		c.Select(values, nowSlot)
		rows.perRow, rows.names = append(rows.perRow, values), append(rows.names, name)
	} else {
		c.group(values.Where(sql.In(values.C(c.Column), rows.ids())))
		values = named(values, name)
		rows.LeftJoin(values).On(rows.column(IDColumn), values.C(c.Column))
	}
	for _, v := range c.Values {
		rows.AppendSelect(sql.Table(name).C(v))
	}
	return nil, nil
}

func (e computedEdge[T]) start(any) edgeScanning {
	cells, value := e.begin()
	return &edgeValues{e.computed.Name, cells, value}
}

// edgeValues scans the values of an edge.
type edgeValues struct {
	name  string
	cells []any
	value func() any
}

func (s *edgeValues) next()               {}
func (s *edgeValues) into(to []any) []any { return append(to, s.cells...) }
func (s *edgeValues) found(parent any) {
	if p, ok := parent.(joiner); ok {
		p.Join(s.name, s.value())
	}
}
