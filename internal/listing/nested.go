package listing

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/paging"
)

// Pages maps parents' ids to the pages of their rows.
type Pages[T any] map[uuid.UUID]*paging.Page[T]

// Children is a list of the rows of a parent.
type Children[T any] struct {
	List[T]
	// Column has the parent's id, and Parent returns it.
	Column string
	Parent func(T) uuid.UUID
	// Through is set, instead of these, if a row may belong to several parents by
	// way of another table.
	Through *Through
}

// Through is another table that rows have their parents by.
type Through struct {
	// Name distinguishes it from others of such rows.
	Name string
	// Join joins the table and returns its column with the parent's id. It depends
	// on nothing that changes.
	Join func(*sql.Selector) string
}

// kind returns what distinguishes the statements of the list from those of others
// of such rows.
func (ch Children[T]) kind(one string) string {
	if ch.Through != nil {
		return one + ch.Through.Name
	}
	return one + ch.Column
}

// parentColumn returns the column of s that names the parent.
func (ch Children[T]) parentColumn(s *sql.Selector) string {
	if ch.Through != nil {
		return ch.Through.Join(s)
	}
	return s.C(ch.Column)
}

// parentColumn is the name under which a row of several parents has the id of
// the one it was read for.
const parentColumn = "parent_id"

// ReadPages reads the same page for many parents.
func ReadPages[T any](ctx context.Context, r Reader, ch Children[T], src Source[T], parents []uuid.UUID, order Order, req Request) (Pages[T], error) {
	if len(parents) == 1 { // which needs no ranking
		one, err := ch.pageOf(ctx, r, src, parents[0], order, req)
		if err != nil {
			return nil, err
		}
		return Pages[T]{parents[0]: one}, nil
	}
	p, err := newPlan(r, ch.List, order, req)
	if err != nil {
		return nil, err
	}
	by, err := ch.readRanked(ctx, r, p, src, parents, req)
	if err != nil {
		return nil, r.Fault(err)
	}
	out := make(Pages[T], len(parents))
	for _, id := range parents {
		rows := by[id]
		page := paging.Trim(p.window, rows.list, p.wanted, p.seal(r))
		if page.TotalCount = rows.total; p.wanted.Total && len(rows.list) == 0 && p.hasCursor() {
			page.TotalCount, err = totalWithoutRows(func(first Request) (*paging.Page[T], error) {
				return ch.pageOf(ctx, r, src, id, order, first)
			})
			if err != nil {
				return nil, err
			}
		}
		out[id] = page
	}
	return out, nil
}

// pageOf reads a page of one parent's rows.
func (ch Children[T]) pageOf(ctx context.Context, r Reader, src Source[T], parent uuid.UUID, order Order, req Request) (*paging.Page[T], error) {
	return readPage(ctx, r, ch.List, ch.kind("page by "), src, []uuid.UUID{parent}, order, req, func(s *sql.Selector) {
		s.Where(sql.EQ(ch.parentColumn(s), idSlot))
	})
}

// rowsOf are the rows of one parent.
type rowsOf[T any] struct {
	list  []T
	total int
}

// readRanked reads the rows of the plan's window for each parent.
func (ch Children[T]) readRanked(ctx context.Context, r Reader, p plan[T], src Source[T], parents []uuid.UUID, req Request) (map[uuid.UUID]rowsOf[T], error) {
	further := []string{p.key.Column}
	if ch.Through == nil {
		further = append(further, ch.Column)
	}
	edges := ofViewer(ctx, req.Edges)
	of := p.shape(ch.List, ch.kind("pages by "))
	of.parent = ch.Through != nil
	complete := func(s *sql.Selector) {
		base := s
		if of.parent {
			base = s.Clone() // the join is only needed for the ranking
		}
		parent := ch.parentColumn(base)
		database.AnyOfList(parent, idsSlot)(base)
		p.rankPerParent(s, base, parent, of.parent)
	}
	s, err := draft[T]{
		shape: of, source: src, asked: req.Columns, further: further, edges: edges, complete: complete, order: p.orderTerms,
	}.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	by := make(map[uuid.UUID]rowsOf[T], len(parents))
	err = s.run(ctx, p.values(ctx, r, parents), edges, func(row T, parent uuid.UUID, total int) {
		settle(r, row)
		if !of.parent {
			parent = ch.Parent(row)
		}
		by[parent] = rowsOf[T]{append(by[parent].list, row), total}
	})
	return by, err
}

// rankPerParent keeps, of the rows of base, those of the window for each
// parent, and counts each parent's rows if the total is wanted. If a row may
// belong to several parents, it is returned with the one it was read for.
func (p plan[T]) rankPerParent(s, base *sql.Selector, parent string, several bool) {
	inner := base.Clone().Select(base.C(IDColumn))
	window := sql.RowNumber().PartitionBy(parent)
	window.OrderBy(p.orderTerms(base.C)...)
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
