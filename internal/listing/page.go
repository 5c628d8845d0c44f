package listing

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/paging"
	"portico/internal/viewer"
)

const totalColumn = "total_count"

// plan is a validated Request: its window, order and cursors.
type plan[T any] struct {
	ordering[T]
	window        paging.Window
	wanted        paging.Wanted
	after, before *position
}

// newPlan checks the arguments and decodes the cursors.
func newPlan[T any](r Reader, l List[T], order Order, req Request) (plan[T], error) {
	w, err := req.Args.Window()
	if err != nil {
		return plan[T]{}, err
	}
	o, err := l.ordered(order)
	if err != nil {
		return plan[T]{}, err
	}
	p := plan[T]{ordering: o, window: w, wanted: req.Wanted}
	if p.after, err = o.open(r, w.After); err != nil {
		return plan[T]{}, err
	}
	p.before, err = o.open(r, w.Before)
	return p, err
}

// ReadPage reads one page of a list.
func ReadPage[T any](ctx context.Context, r Reader, l List[T], src Source[T], order Order, req Request) (*paging.Page[T], error) {
	return readPage(ctx, r, l, "page", src, nil, order, req, func(*sql.Selector) {})
}

// readPage reads one page of a list, of which narrow restricts the statement to
// the rows of one parent. kind distinguishes the statement from others of the list.
func readPage[T any](ctx context.Context, r Reader, l List[T], kind string, src Source[T], ids []uuid.UUID, order Order, req Request, narrow func(*sql.Selector)) (*paging.Page[T], error) {
	p, err := newPlan(r, l, order, req)
	if err != nil {
		return nil, err
	}
	edges := ofViewer(ctx, req.Edges)
	complete := func(s *sql.Selector) {
		narrow(s)
		if p.wanted.Total {
			s.AppendSelectExprAs(countQuery(s), totalColumn)
		}
		p.boundRows(s)
		p.orderRows(s)
		s.Limit(p.window.Limit + 1)
	}
	s, err := draft[T]{
		shape: p.shape(l, kind), source: src, asked: req.Columns, further: []string{p.key.Column}, edges: edges,
		complete: complete, order: p.orderTerms,
	}.prepare(ctx, r)
	if err != nil {
		return nil, r.Fault(err)
	}
	rows, total := make([]T, 0, min(p.window.Limit+1, 64)), 0
	err = s.run(ctx, p.values(ctx, r, ids), edges, func(row T, _ uuid.UUID, n int) {
		settle(r, row)
		rows, total = append(rows, row), n
	})
	if err != nil {
		return nil, r.Fault(err)
	}
	out := paging.Trim(p.window, rows, p.wanted, p.seal(r))
	if out.TotalCount = total; p.wanted.Total && len(rows) == 0 && p.hasCursor() {
		out.TotalCount, err = totalWithoutRows(func(first Request) (*paging.Page[T], error) {
			return readPage(ctx, r, l, kind, src, ids, order, first, narrow)
		})
	}
	return out, err
}

// shape returns what the statement for a page depends on.
func (p plan[T]) shape(l List[T], kind string) shape {
	return shape{
		list: l.Name, kind: kind, order: p.name, limit: p.window.Limit, backward: p.window.Backward,
		total: p.wanted.Total, after: p.after != nil, before: p.before != nil,
	}
}

// values returns what a request has for the slots of such a statement.
func (p plan[T]) values(ctx context.Context, r Reader, ids []uuid.UUID) values {
	return values{viewer: viewer.Current(ctx), ids: ids, after: p.after, before: p.before, now: r.Now()}
}

// hasCursor reports whether the window has a cursor.
func (p plan[T]) hasCursor() bool { return p.after != nil || p.before != nil }

// totalWithoutRows counts the rows of a list whose page after a cursor is
// empty, so that no row has the total.
func totalWithoutRows[T any](read func(Request) (*paging.Page[T], error)) (int, error) {
	one := 1
	start, err := read(Request{Args: paging.Args{First: &one}, Columns: []string{IDColumn}, Wanted: paging.Wanted{Total: true}})
	if err != nil {
		return 0, err
	}
	return start.TotalCount, nil
}

// countQuery returns a query for the number of rows of s, without a page's
// bounds.
func countQuery(s *sql.Selector) *sql.Selector { return s.Clone().Select(sql.Count("*")) }

// boundRows restricts s to the rows after and before the window's cursors.
func (p plan[T]) boundRows(s *sql.Selector) {
	if p.after != nil {
		s.Where(p.pastPosition(s, afterValueSlot, afterIDSlot, !p.desc))
	}
	if p.before != nil {
		s.Where(p.pastPosition(s, beforeValueSlot, beforeIDSlot, p.desc))
	}
}

// pastPosition matches the rows on one side of a position: greater ones, or
// smaller ones. Equal values are compared by id. The columns are compared as one, so
// that an index finds where the page begins.
func (p plan[T]) pastPosition(s *sql.Selector, value, id slot, greater bool) *sql.Predicate {
	columns := []string{p.key.Nulls.expression(s.C(p.key.Column)), s.C(IDColumn)}
	if greater {
		return sql.CompositeGT(columns, value, id)
	}
	return sql.CompositeLT(columns, value, id)
}

// orderRows orders the rows, in reverse for a page from the end.
func (p plan[T]) orderRows(s *sql.Selector) { s.OrderBy(p.orderTerms(s.C)...) }

func (p plan[T]) orderTerms(c func(string) string) []string {
	way := sql.Asc
	if p.desc != p.window.Backward {
		way = sql.Desc
	}
	return []string{way(p.key.Nulls.expression(c(p.key.Column))), way(c(IDColumn))}
}

// PageOf returns a page of rows that have been read already, which are in the
// order of their ids, the list's only key.
func PageOf[T any](r Reader, l List[T], rows []T, req Request) (*paging.Page[T], error) {
	p, err := newPlan(r, l, Order{}, req)
	if err != nil {
		return nil, err
	}
	total := len(rows)
	rows = slices.Clone(rows)
	if p.window.Backward {
		slices.Reverse(rows)
	}
	inside := rows[:0]
	for _, x := range rows {
		id := l.ID(x).String()
		after := p.after == nil || id > p.after.id.String()
		before := p.before == nil || id < p.before.id.String()
		if after && before && len(inside) <= p.window.Limit {
			inside = append(inside, x)
		}
	}
	out := paging.Trim(p.window, inside, p.wanted, p.seal(r))
	out.TotalCount = total
	return out, nil
}
