package listing

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"portico/internal/paging"
)

const totalColumn = "total_count"

// plan is a validated Request: its window, order and cursors.
type plan[T Row] struct {
	ordering[T]
	window        paging.Window
	wanted        paging.Wanted
	after, before *position
}

// newPlan checks the arguments and decodes the cursors.
func newPlan[T Row](r Reader, l List[T], order Order, req Request) (plan[T], error) {
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

// ReadPage reads one page of a list; fresh returns a new query.
func ReadPage[T Row, S any](ctx context.Context, r Reader, l List[T], fresh func() Query[T, S], order Order, req Request) (*paging.Page[T], error) {
	p, err := newPlan(r, l, order, req)
	if err != nil {
		return nil, err
	}
	q := fresh()
	selectColumns(q, l, p, req.Columns)
	q.Modify(func(s *sql.Selector) {
		if p.wanted.Total {
			s.AppendSelectExprAs(countQuery(s), totalColumn)
		}
		p.boundRows(s)
		p.orderRows(s)
		s.Limit(p.window.Limit + 1)
	})
	rows, err := all(ctx, r, q)
	if err != nil {
		return nil, err
	}
	return trim(ctx, r, l, fresh, p, rows, order)
}

// trim returns the page of rows that were read, with its total.
func trim[T Row, S any](ctx context.Context, r Reader, l List[T], fresh func() Query[T, S], p plan[T], rows []T, order Order) (*paging.Page[T], error) {
	out := paging.Trim(p.window, rows, p.wanted, p.seal(r))
	var err error
	if p.wanted.Total && len(rows) == 0 && p.hasCursor() {
		out.TotalCount, err = totalWithoutRows(ctx, r, l, fresh, order)
	} else if p.wanted.Total {
		out.TotalCount, err = totalOf(rows)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// hasCursor reports whether the window has a cursor.
func (p plan[T]) hasCursor() bool { return p.after != nil || p.before != nil }

// totalWithoutRows counts the rows of a list whose page after a cursor is
// empty, so that no row has the total.
func totalWithoutRows[T Row, S any](ctx context.Context, r Reader, l List[T], fresh func() Query[T, S], order Order) (int, error) {
	one := 1
	start, err := ReadPage(ctx, r, l, fresh, order, Request{Args: paging.Args{First: &one}, Columns: []string{IDColumn}, Wanted: paging.Wanted{Total: true}})
	if err != nil {
		return 0, err
	}
	return start.TotalCount, nil
}

// selectColumns selects the columns that were asked for and those that are
// always read.
func selectColumns[T Row, S any](q Query[T, S], l List[T], p plan[T], columns []string) {
	if len(columns) > 0 {
		q.Select(l.Columns(append([]string{p.key.Column}, columns...)...)...)
	}
}

// countQuery returns a query for the number of rows of s, without a page's
// bounds.
func countQuery(s *sql.Selector) *sql.Selector { return s.Clone().Select(sql.Count("*")) }

// boundRows restricts s to the rows after and before the window's cursors.
func (p plan[T]) boundRows(s *sql.Selector) {
	if p.after != nil {
		s.Where(p.pastPosition(s, p.after, !p.desc))
	}
	if p.before != nil {
		s.Where(p.pastPosition(s, p.before, p.desc))
	}
}

// pastPosition matches the rows on one side of a position: greater ones, or
// smaller ones. Equal values are compared by id.
func (p plan[T]) pastPosition(s *sql.Selector, at *position, greater bool) *sql.Predicate {
	beyond, column, id := sql.LT, s.C(p.key.Column), s.C(IDColumn)
	if greater {
		beyond = sql.GT
	}
	return sql.Or(beyond(column, at.value), sql.And(sql.EQ(column, at.value), beyond(id, at.id)))
}

// orderRows orders the rows, in reverse for a page from the end.
func (p plan[T]) orderRows(s *sql.Selector) { s.OrderBy(p.orderTerms(s)...) }

func (p plan[T]) orderTerms(s *sql.Selector) []string {
	way := sql.Asc
	if p.desc != p.window.Backward {
		way = sql.Desc
	}
	return []string{way(s.C(p.key.Column)), way(s.C(IDColumn))}
}

// totalOf returns the total, which each row has, of the first row.
func totalOf[T Row](rows []T) (int, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	v, err := rows[0].Value(totalColumn)
	if err != nil {
		return 0, err
	}
	n, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("listing: a total of type %T", v)
	}
	return int(n), nil
}

// PageOf returns a page of rows that have been read already, which are in the
// order of their ids, the list's only key.
func PageOf[T Row](r Reader, l List[T], rows []T, req Request) (*paging.Page[T], error) {
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
