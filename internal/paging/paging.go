// Package paging computes the pages of lists: which page is requested, where it
// begins, and the form of its cursors. It is independent of rows and SQL.
package paging

import (
	"slices"

	"portico/internal/fault"
)

// Limits of a page.
const (
	Default = 20
	Max     = 100
)

// Args are the arguments of a connection, unchecked.
type Args struct {
	First, Last   *int
	After, Before *string
}

// Window is a valid request for a page: Limit rows from one end, beyond the
// cursors.
type Window struct {
	Limit int
	// Backward reads from the end of the list.
	Backward bool
	// After and Before are the raw cursors; empty for none.
	After, Before string
}

// Window checks the arguments. A page of less than 1 or more than 100, or from
// both ends at once, is BAD_USER_INPUT.
func (a Args) Window() (Window, error) {
	w := Window{Limit: Default}
	switch {
	case a.First != nil && a.Last != nil:
		return w, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "Give first or last, not both.")
	case a.First != nil:
		w.Limit = *a.First
	case a.Last != nil:
		w.Limit, w.Backward = *a.Last, true
	}
	if w.Limit < 1 || w.Limit > Max {
		return w, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "first and last must be between 1 and 100.")
	}
	if a.After != nil {
		w.After = *a.After
	}
	if a.Before != nil {
		w.Before = *a.Before
	}
	return w, nil
}

// Info is the position of a page in its list.
type Info struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string
}

// Page is a page of rows. Parts that were not requested are empty.
type Page[T any] struct {
	Nodes []T
	Edges []*Edge[T]
	// TotalCount is the number of rows on all pages.
	TotalCount int
	PageInfo   *Info
}

// Edge is a node and its cursor.
type Edge[T any] struct {
	Cursor string
	Node   T
}

// Wanted is which parts of a page are requested besides its nodes.
type Wanted struct{ Edges, Info, Total bool }

// Trim returns the page for a Window from up to Limit+1 rows, in the order they
// were read: the surplus row only shows that there are more. cursor returns the
// cursor of a row.
func Trim[T any](w Window, rows []T, want Wanted, cursor func(T) string) *Page[T] {
	more := len(rows) > w.Limit
	if more {
		rows = rows[:w.Limit]
	}
	info := &Info{HasNextPage: more, HasPreviousPage: w.After != ""}
	if w.Backward {
		rows = slices.Clone(rows)
		slices.Reverse(rows)
		info = &Info{HasNextPage: w.Before != "", HasPreviousPage: more}
	}
	p := &Page[T]{Nodes: rows}
	if want.Edges {
		p.Edges = make([]*Edge[T], len(rows))
		for i, r := range rows {
			p.Edges[i] = &Edge[T]{Cursor: cursor(r), Node: r}
		}
	}
	if want.Info {
		if len(rows) > 0 {
			first, last := cursor(rows[0]), cursor(rows[len(rows)-1])
			info.StartCursor, info.EndCursor = &first, &last
		}
		p.PageInfo = info
	}
	return p
}
