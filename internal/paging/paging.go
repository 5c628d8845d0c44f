// Package paging is the arithmetic of lists: which page was asked for, where
// it begins, and what its cursors look like. It knows no rows and no SQL.
package paging

import (
	"portico/internal/fault"
)

// Limits of a page.
const (
	Default = 20
	Max     = 100
)

// Args are a connection's arguments as they came.
type Args struct {
	First, Last   *int
	After, Before *string
}

// Window is a page that may be read: Limit rows from one end, beyond the cursors.
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
		return w, fault.New(fault.BadUserInput, "Give first or last, not both.")
	case a.First != nil:
		w.Limit = *a.First
	case a.Last != nil:
		w.Limit, w.Backward = *a.Last, true
	}
	if w.Limit < 1 || w.Limit > Max {
		return w, fault.New(fault.BadUserInput, "first and last must be between 1 and 100.")
	}
	if a.After != nil {
		w.After = *a.After
	}
	if a.Before != nil {
		w.Before = *a.Before
	}
	return w, nil
}

// Info is where a page stands.
type Info struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string
}

// Page is a page that was read.
type Page[T any] struct {
	Nodes []T
	// Total is how many rows all pages have; 0 when it was not asked for.
	Total                int
	HasNext, HasPrevious bool
	// Cursor gives the place of a node.
	Cursor func(T) string
}

// Edge is a node and its place.
type Edge[T any] struct {
	Cursor string
	Node   T
}

// Edges gives the nodes with their places.
func (p *Page[T]) Edges() []*Edge[T] {
	out := make([]*Edge[T], len(p.Nodes))
	for i, n := range p.Nodes {
		out[i] = &Edge[T]{Cursor: p.Cursor(n), Node: n}
	}
	return out
}

// TotalCount gives how many rows all pages have.
func (p *Page[T]) TotalCount() int { return p.Total }

// PageInfo gives where the page stands.
func (p *Page[T]) PageInfo() *Info {
	info := &Info{HasNextPage: p.HasNext, HasPreviousPage: p.HasPrevious}
	if len(p.Nodes) > 0 {
		first, last := p.Cursor(p.Nodes[0]), p.Cursor(p.Nodes[len(p.Nodes)-1])
		info.StartCursor, info.EndCursor = &first, &last
	}
	return info
}

// Trim makes a page of the rows that a Window's read of Limit+1 gave, in the
// order they were read: the surplus row only tells that there is more.
func Trim[T any](w Window, rows []T) *Page[T] {
	p := &Page[T]{}
	more := len(rows) > w.Limit
	if more {
		rows = rows[:w.Limit]
	}
	if w.Backward {
		for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
			rows[i], rows[j] = rows[j], rows[i]
		}
		p.HasPrevious, p.HasNext = more, w.Before != ""
	} else {
		p.HasNext, p.HasPrevious = more, w.After != ""
	}
	p.Nodes = rows
	return p
}
