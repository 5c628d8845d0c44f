package portal

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/paging"
)

// Read says which page of a list to read, and what of it.
type Read struct {
	Args paging.Args
	// Columns are the columns to read besides the id; empty for all.
	Columns []string
	// Wanted says what else to compute besides the rows.
	Wanted paging.Wanted
}

// Order is the order of a list.
type Order struct {
	// Column is the column to order by, which is never NULL; equal values are
	// ordered by id.
	Column string
	Desc   bool
}

// row is implemented by every entity.
type row interface {
	Value(name string) (ent.Value, error)
}

// listable is implemented by every ent query; S is the result of its Select.
type listable[T row, S any] interface {
	Modify(...func(*sql.Selector)) S
	Select(...string) S
	All(context.Context) ([]T, error)
}

// list describes a kind of list.
type list[T row] struct {
	// name binds cursors to the list.
	name string
	// sortValue returns a row's value of the ordered column, and its id.
	sortValue func(row T, column string) (any, uuid.UUID)
	// needs are the columns that are always read.
	needs []string
}

const totalColumn = "total_count"

// pageQuery is a validated Read: its window, order and cursors.
type pageQuery struct {
	window        paging.Window
	order         Order
	wanted        paging.Wanted
	after, before *position
}

// position is the row that a cursor points to.
type position struct {
	value any
	id    uuid.UUID
}

// newPageQuery checks the arguments and decodes the cursors.
func (p *Portal) newPageQuery(name string, order Order, r Read) (pageQuery, error) {
	w, err := r.Args.Window()
	if err != nil {
		return pageQuery{}, err
	}
	rd := pageQuery{window: w, order: order, wanted: r.Wanted}
	if rd.after, err = p.openCursor(name, order, w.After); err != nil {
		return pageQuery{}, err
	}
	rd.before, err = p.openCursor(name, order, w.Before)
	return rd, err
}

func (p *Portal) openCursor(name string, order Order, cursor string) (*position, error) {
	if cursor == "" {
		return nil, nil
	}
	place, err := paging.Open(p.secrets.CursorKeyByID, listName(name, order), cursor)
	if err != nil {
		return nil, err
	}
	value, err := parseSortValue(order.Column, place.Value)
	if err != nil {
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidCursor, "The cursor is not one of this list.")
	}
	return &position{value: value, id: place.ID}, nil
}

func listName(name string, o Order) string { return fmt.Sprintf("%s|%s|%v", name, o.Column, o.Desc) }

// cursor returns the function that seals a row's position in a list.
func cursor[T row](p *Portal, l list[T], o Order) func(T) string {
	return func(r T) string {
		value, id := l.sortValue(r, o.Column)
		return paging.Seal(p.secrets.CursorKey(), listName(l.name, o), paging.Place{Value: formatSortValue(value), ID: id})
	}
}

func formatSortValue(v any) string {
	if t, ok := v.(time.Time); ok {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

func parseSortValue(column, s string) (any, error) {
	switch column {
	case "created_at":
		return time.Parse(time.RFC3339Nano, s)
	case "position":
		var n int64
		_, err := fmt.Sscan(s, &n)
		return n, err
	}
	return s, nil
}

// readPage reads one page of a list; fresh returns a new query.
func readPage[T row, S any](ctx context.Context, p *Portal, l list[T], fresh func() listable[T, S], order Order, r Read) (*paging.Page[T], error) {
	rd, err := p.newPageQuery(l.name, order, r)
	if err != nil {
		return nil, err
	}
	q := fresh()
	selectColumns(q, l, order, r.Columns)
	q.Modify(func(s *sql.Selector) {
		if rd.wanted.Total {
			s.AppendSelectExprAs(countQuery(s), totalColumn)
		}
		rd.boundRows(s)
		rd.orderRows(s)
		s.Limit(rd.window.Limit + 1)
	})
	rows, err := q.All(ctx)
	if err != nil {
		return nil, publicError(err)
	}
	out := paging.Trim(rd.window, rows, rd.wanted, cursor(p, l, order))
	if rd.wanted.Total && len(rows) == 0 && rd.hasCursor() {
		out.TotalCount, err = totalWithoutRows(ctx, p, l, fresh, order)
	} else if rd.wanted.Total {
		out.TotalCount, err = totalOf(rows)
	}
	return out, err
}

// hasCursor reports whether the window has a cursor.
func (rd pageQuery) hasCursor() bool { return rd.after != nil || rd.before != nil }

// totalWithoutRows counts the rows of a list whose page after a cursor is
// empty, so that no row has the total.
func totalWithoutRows[T row, S any](ctx context.Context, p *Portal, l list[T], fresh func() listable[T, S], order Order) (int, error) {
	one := 1
	start, err := readPage(ctx, p, l, fresh, order, Read{Args: paging.Args{First: &one}, Columns: []string{"id"}, Wanted: paging.Wanted{Total: true}})
	if err != nil {
		return 0, err
	}
	return start.TotalCount, nil
}

// selectColumns selects the columns that were asked for and those that are
// always read.
func selectColumns[T row, S any](q listable[T, S], l list[T], order Order, columns []string) {
	if len(columns) == 0 {
		return
	}
	all := append([]string{"id", order.Column}, l.needs...)
	q.Select(distinct(append(all, columns...))...)
}

func distinct(names []string) []string {
	out := names[:0:0]
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// countQuery returns a query for the number of rows of s, without a page's
// bounds.
func countQuery(s *sql.Selector) *sql.Selector { return s.Clone().Select(sql.Count("*")) }

// boundRows restricts s to the rows after and before the window's cursors.
func (rd pageQuery) boundRows(s *sql.Selector) {
	if rd.after != nil {
		s.Where(rd.pastPosition(s, rd.after, !rd.order.Desc))
	}
	if rd.before != nil {
		s.Where(rd.pastPosition(s, rd.before, rd.order.Desc))
	}
}

// pastPosition matches the rows on one side of a position: greater ones, or
// smaller ones. Equal values are compared by id.
func (rd pageQuery) pastPosition(s *sql.Selector, at *position, greater bool) *sql.Predicate {
	beyond, column, id := sql.LT, s.C(rd.order.Column), s.C("id")
	if greater {
		beyond = sql.GT
	}
	return sql.Or(beyond(column, at.value), sql.And(sql.EQ(column, at.value), beyond(id, at.id)))
}

// orderRows orders the rows, in reverse for a page from the end.
func (rd pageQuery) orderRows(s *sql.Selector) { s.OrderBy(rd.orderTerms(s)...) }

func (rd pageQuery) orderTerms(s *sql.Selector) []string {
	way := sql.Asc
	if rd.order.Desc != rd.window.Backward {
		way = sql.Desc
	}
	return []string{way(s.C(rd.order.Column)), way(s.C("id"))}
}

// totalOf returns the total, which each row has, of the first row.
func totalOf[T row](rows []T) (int, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	v, err := rows[0].Value(totalColumn)
	if err != nil {
		return 0, err
	}
	n, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("portal: a total of type %T", v)
	}
	return int(n), nil
}
