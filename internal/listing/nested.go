package listing

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/paging"
)

// Pages maps parents' ids to the pages of their rows.
type Pages[T any] map[uuid.UUID]*paging.Page[T]

// Children is a list of the rows of a parent.
type Children[T Row] struct {
	List[T]
	// Column has the parent's id, and Parent returns it.
	Column string
	Parent func(T) uuid.UUID
	// Through is set, instead of these, if a row may belong to several parents by
	// way of another table: it joins that table and returns its column with the
	// parent's id.
	Through func(*sql.Selector) string
}

// parentColumn returns the column of s that names the parent.
func (ch Children[T]) parentColumn(s *sql.Selector) string {
	if ch.Through != nil {
		return ch.Through(s)
	}
	return s.C(ch.Column)
}

// parentOf returns the id of the parent that a row was read for.
func (ch Children[T]) parentOf(row T) (uuid.UUID, error) {
	if ch.Through == nil {
		return ch.Parent(row), nil
	}
	var id uuid.UUID
	v, err := row.Value(parentColumn)
	if err == nil {
		err = id.Scan(v)
	}
	if err != nil {
		return id, fmt.Errorf("listing: the parent of a row: %w", err)
	}
	return id, nil
}

// parentColumn is the name under which a row of several parents has the id of
// the one it was read for.
const parentColumn = "parent_id"

// ReadPages reads the same page for many parents. fresh returns a new query.
func ReadPages[T Row, S any](ctx context.Context, r Reader, ch Children[T], fresh func() Query[T, S], parents []uuid.UUID, order Order, req Request) (Pages[T], error) {
	if len(parents) == 1 { // which needs no ranking
		one, err := ReadPage(ctx, r, ch.List, ofParent(ch, fresh, parents[0]), order, req)
		if err != nil {
			return nil, err
		}
		return Pages[T]{parents[0]: one}, nil
	}
	p, err := newPlan(r, ch.List, order, req)
	if err != nil {
		return nil, err
	}
	q := fresh()
	columns := req.Columns
	if len(columns) > 0 && ch.Through == nil {
		columns = append([]string{ch.Column}, columns...)
	}
	selectColumns(q, ch.List, p, columns)
	q.Modify(func(s *sql.Selector) {
		base := s
		if ch.Through != nil {
			base = s.Clone() // the join is only needed for the ranking
		}
		parent := ch.parentColumn(base)
		database.AnyOf(parent, parents)(base)
		p.rankPerParent(s, base, parent, ch.Through != nil)
	})
	rows, err := all(ctx, r, q)
	if err != nil {
		return nil, err
	}
	by, err := groupByParent(ch, rows, len(parents))
	if err != nil {
		return nil, err
	}
	out := make(Pages[T], len(parents))
	for _, id := range parents {
		if out[id], err = trim(ctx, r, ch.List, ofParent(ch, fresh, id), p, by[id], order); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ofParent restricts a query to one parent's rows.
func ofParent[T Row, S any](ch Children[T], fresh func() Query[T, S], parent uuid.UUID) func() Query[T, S] {
	return func() Query[T, S] {
		q := fresh()
		q.Modify(func(s *sql.Selector) { s.Where(sql.EQ(ch.parentColumn(s), parent)) })
		return q
	}
}

func groupByParent[T Row](ch Children[T], rows []T, parents int) (map[uuid.UUID][]T, error) {
	by := make(map[uuid.UUID][]T, parents)
	for _, row := range rows {
		id, err := ch.parentOf(row)
		if err != nil {
			return nil, err
		}
		by[id] = append(by[id], row)
	}
	return by, nil
}

// rankPerParent keeps, of the rows of base, those of the window for each
// parent, and counts each parent's rows if the total is wanted. If a row may
// belong to several parents, it is returned with the one it was read for.
func (p plan[T]) rankPerParent(s, base *sql.Selector, parent string, several bool) {
	inner := base.Clone().Select(base.C(IDColumn))
	window := sql.RowNumber().PartitionBy(parent)
	window.OrderBy(p.orderTerms(base)...)
	if several {
		inner.AppendSelectExprAs(sql.Raw(parent), parentColumn)
	}
	if p.wanted.Total {
		inner.AppendSelectExprAs(sql.Expr("COUNT(*) OVER (PARTITION BY "+parent+")"), totalColumn)
	}
	if !p.hasCursor() {
		inner.AppendSelectExprAs(window, "place")
	} else {
		// The total counts all of a parent's rows, the ranks only those beyond the
		// cursor.
		inner = p.rankBeyondCursors(base, inner, window, parent, several)
	}
	r := inner.As("ranked")
	s.Join(r).On(s.C(IDColumn), r.C(IDColumn))
	s.Where(sql.LTE(r.C("place"), p.window.Limit+1))
	if several {
		s.AppendSelectExprAs(sql.Raw(r.C(parentColumn)), parentColumn)
	}
	if p.wanted.Total {
		s.AppendSelectExprAs(sql.Raw(r.C(totalColumn)), totalColumn)
	}
	p.orderRows(s)
}

// rankBeyondCursors ranks the rows beyond the cursors, and keeps the totals.
func (p plan[T]) rankBeyondCursors(s, totals *sql.Selector, window *sql.WindowBuilder, parent string, several bool) *sql.Selector {
	out := s.Clone().Select(s.C(IDColumn))
	out.AppendSelectExprAs(window, "place")
	if several {
		out.AppendSelectExprAs(sql.Raw(parent), parentColumn)
	}
	p.boundRows(out)
	if p.wanted.Total {
		t := totals.As("totals")
		out.Join(t).On(s.C(IDColumn), t.C(IDColumn))
		if several {
			out.OnP(sql.ColumnsEQ(parent, t.C(parentColumn)))
		}
		out.AppendSelectExprAs(sql.Raw(t.C(totalColumn)), totalColumn)
	}
	return out
}
