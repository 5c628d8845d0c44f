package listing

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/viewer"
)

// Edge is the objects that one column of the rows refers to, or values that are
// computed for the rows. They are read in the rows' own statement, as the row
// policies allow.
type Edge interface {
	// of returns for whom the edge is read.
	of() viewer.Viewer
	// refers returns the column that the edge is joined by.
	refers() string
	// name appends what distinguishes the edge from others.
	name([]byte) []byte
	// join adds the edge to a statement, and returns how it is read.
	join(ctx context.Context, rows *found) (any, error)
	// start begins to scan what join has added.
	start(joined any) edgeScanning
}

type edgeScanning interface {
	next()
	into([]any) []any
	found(parent any)
}

// joiner is implemented by rows that keep what was read with them.
type joiner interface {
	// Join sets the object that a column refers to, or a computed value by its name.
	Join(name string, to any)
}

// EdgeTo returns the edge from a column to the rows of a list that the context's
// viewer may see, with some of their columns. found is called with each of them,
// once if rows that follow one another refer to it.
func EdgeTo[T any](ctx context.Context, r Reader, column string, l List[T], query func() Query[T], columns []string, found func(T)) Edge {
	return edge[T]{
		viewer: viewer.Current(ctx), reader: r, list: l, column: column,
		columns: columns, query: query, foundRow: found,
	}
}

type edge[T any] struct {
	viewer   viewer.Viewer
	reader   Reader
	list     List[T]
	column   string
	columns  []string
	query    func() Query[T]
	foundRow func(T)
}

// ofViewer returns the edges for the context's viewer. A service that reads a
// list as Portico itself must not find what the list refers to for somebody who
// may not see it.
func ofViewer(ctx context.Context, edges []Edge) []Edge {
	v := viewer.Current(ctx)
	for _, e := range edges {
		if e.of() != v {
			return nil
		}
	}
	return edges
}

func (e edge[T]) of() viewer.Viewer { return e.viewer }

func (e edge[T]) refers() string { return e.column }

func (e edge[T]) name(out []byte) []byte {
	out = append(append(out, '>'), e.column...)
	for _, c := range e.columns {
		out = append(append(out, ','), c...)
	}
	return out
}

func (e edge[T]) join(ctx context.Context, rows *found) (any, error) {
	q, columns := e.query(), columnsWith(e.columns)
	to, err := q.Statement(ctx, columns)
	if err != nil {
		return nil, err
	}
	to = named(to, "of_"+e.column)
	rows.LeftJoin(to).On(rows.column(e.column), to.C(IDColumn))
	r, err := newReading(q, columns)
	if err != nil {
		return nil, err
	}
	for _, column := range r.read {
		rows.AppendSelect(to.C(column))
	}
	return r, nil
}

func (e edge[T]) start(joined any) edgeScanning {
	return &edgeRows[T]{scanning: joined.(*reading[T]).start(), edge: e, taken: true}
}

// edgeRows scans the objects of an edge. Rows of a list often refer to the object
// that the row before them refers to, and share it then.
type edgeRows[T any] struct {
	*scanning[T]
	edge edge[T]
	// last is the object that was found last, of the id lastID; it was scanned into
	// a row of its own.
	last   T
	lastID uuid.UUID
	// taken is true if the current row was kept, or there is none yet.
	taken bool
}

// next begins a new row, unless the one before was not kept.
func (s *edgeRows[T]) next() {
	if s.taken {
		s.scanning.next()
		s.taken = false
	}
}

// found gives the current object, if there is one, to the row that refers to it.
func (s *edgeRows[T]) found(parent any) {
	id := s.edge.list.ID(s.current)
	if id == uuid.Nil {
		return
	}
	if id != s.lastID {
		settle(s.edge.reader, s.current)
		s.edge.foundRow(s.current)
		s.last, s.lastID, s.taken = s.current, id, true
	}
	if p, ok := parent.(joiner); ok {
		p.Join(s.edge.column, s.last)
	}
}
