package portal

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

// children describes how rows belong to parents.
type children[T row] struct {
	list[T]
	// column has the parent's id.
	column string
	parent func(T) uuid.UUID
	// through is set if a row may belong to several parents, by way of another
	// table: it joins that table and returns its column with the parent's id.
	through func(*sql.Selector) string
}

// parentColumn returns the column of s that names the parent.
func (ch children[T]) parentColumn(s *sql.Selector) string {
	if ch.through != nil {
		return ch.through(s)
	}
	return s.C(ch.column)
}

// parentOf returns the id of the parent that a row was read for.
func (ch children[T]) parentOf(r T) (uuid.UUID, error) {
	if ch.through == nil {
		return ch.parent(r), nil
	}
	var id uuid.UUID
	v, err := r.Value(parentColumn)
	if err == nil {
		err = id.Scan(v)
	}
	if err != nil {
		return id, fmt.Errorf("portal: the parent of a row: %w", err)
	}
	return id, nil
}

// parentColumn returns the column of s with the parent's id.
const parentColumn = "parent_id"

// readPages reads the same page for many parents in one statement. fresh
// returns a new query.
func readPages[T row, S any](ctx context.Context, p *Portal, ch children[T], fresh func() listable[T, S], parents []uuid.UUID, order Order, r Read) (Pages[T], error) {
	if len(parents) == 1 {
		return readOnlyParent(ctx, p, ch, fresh, parents[0], order, r)
	}
	rd, err := p.newPageQuery(ch.name, order, r)
	if err != nil {
		return nil, err
	}
	q := fresh()
	columns := r.Columns
	if len(columns) > 0 && ch.through == nil {
		columns = append([]string{ch.column}, columns...)
	}
	selectColumns(q, ch.list, order, columns)
	q.Modify(func(s *sql.Selector) {
		base := s
		if ch.through != nil {
			base = s.Clone() // the join is only needed for the ranking
		}
		parent := ch.parentColumn(base)
		database.AnyOf(parent, parents)(base)
		rd.rankPerParent(s, base, parent, ch.through != nil)
	})
	rows, err := q.All(ctx)
	if err != nil {
		return nil, publicError(err)
	}
	return groupByParent(ctx, p, ch, fresh, rows, rd, parents)
}

// rankPerParent keeps, of the rows of base, those of the window for each
// parent, and counts each parent's rows if the total is wanted. If a row may
// belong to several parents, it is returned with the one it was read for.
func (rd pageQuery) rankPerParent(s, base *sql.Selector, parent string, several bool) {
	inner := base.Clone().Select(base.C("id"))
	window := sql.RowNumber().PartitionBy(parent)
	window.OrderBy(rd.orderTerms(base)...)
	if several {
		inner.AppendSelectExprAs(sql.Raw(parent), parentColumn)
	}
	if rd.wanted.Total {
		inner.AppendSelectExprAs(sql.Expr("COUNT(*) OVER (PARTITION BY "+parent+")"), totalColumn)
	}
	if !rd.hasCursor() {
		inner.AppendSelectExprAs(window, "place")
	} else {
		// The total counts all of a parent's rows, the ranks only those beyond the
		// cursor.
		inner = rankBeyondCursors(base, inner, rd, window, parent, several)
	}
	r := inner.As("ranked")
	s.Join(r).On(s.C("id"), r.C("id"))
	s.Where(sql.LTE(r.C("place"), rd.window.Limit+1))
	if several {
		s.AppendSelectExprAs(sql.Raw(r.C(parentColumn)), parentColumn)
	}
	if rd.wanted.Total {
		s.AppendSelectExprAs(sql.Raw(r.C(totalColumn)), totalColumn)
	}
	rd.orderRows(s)
}

// rankBeyondCursors ranks the rows beyond the cursors, and keeps the totals.
func rankBeyondCursors(s, totals *sql.Selector, rd pageQuery, window *sql.WindowBuilder, parent string, several bool) *sql.Selector {
	out := s.Clone().Select(s.C("id"))
	out.AppendSelectExprAs(window, "place")
	if several {
		out.AppendSelectExprAs(sql.Raw(parent), parentColumn)
	}
	rd.boundRows(out)
	if rd.wanted.Total {
		t := totals.As("totals")
		out.Join(t).On(s.C("id"), t.C("id"))
		if several {
			out.OnP(sql.ColumnsEQ(parent, t.C(parentColumn)))
		}
		out.AppendSelectExprAs(sql.Raw(t.C(totalColumn)), totalColumn)
	}
	return out
}

// readOnlyParent reads the page of a single parent, which needs no ranking.
func readOnlyParent[T row, S any](ctx context.Context, p *Portal, ch children[T], fresh func() listable[T, S], parent uuid.UUID, order Order, r Read) (Pages[T], error) {
	one, err := readPage(ctx, p, ch.list, ofParent(ch, fresh, parent), order, r)
	if err != nil {
		return nil, err
	}
	return Pages[T]{parent: one}, nil
}

// ofParent restricts a query to one parent's rows.
func ofParent[T row, S any](ch children[T], fresh func() listable[T, S], parent uuid.UUID) func() listable[T, S] {
	return func() listable[T, S] {
		q := fresh()
		q.Modify(func(s *sql.Selector) { s.Where(sql.EQ(ch.parentColumn(s), parent)) })
		return q
	}
}

// groupByParent groups the rows by parent into pages.
func groupByParent[T row, S any](ctx context.Context, p *Portal, ch children[T], fresh func() listable[T, S], rows []T, rd pageQuery, parents []uuid.UUID) (Pages[T], error) {
	by := make(map[uuid.UUID][]T, len(parents))
	for _, row := range rows {
		id, err := ch.parentOf(row)
		if err != nil {
			return nil, err
		}
		by[id] = append(by[id], row)
	}
	out := make(Pages[T], len(parents))
	for _, id := range parents {
		one := paging.Trim(rd.window, by[id], rd.wanted, cursor(p, ch.list, rd.order))
		var err error
		if rd.wanted.Total && len(by[id]) == 0 && rd.hasCursor() {
			one.TotalCount, err = totalWithoutRows(ctx, p, ch.list, ofParent(ch, fresh, id), rd.order)
		} else if rd.wanted.Total {
			one.TotalCount, err = totalOf(by[id])
		}
		if err != nil {
			return nil, err
		}
		out[id] = one
	}
	return out, nil
}
