package paging_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"portico/internal/fault"
	"portico/internal/paging"
)

func TestTheSizeOfAPage(t *testing.T) {
	for _, n := range []int{1, 2, 20, 99, 100} {
		if w, err := (paging.Args{First: &n}).Window(); err != nil || w != (paging.Window{Limit: n}) {
			t.Errorf("first: %d returns %+v (%v)", n, w, err)
		}
		if w, err := (paging.Args{Last: &n}).Window(); err != nil || w != (paging.Window{Limit: n, Backward: true}) {
			t.Errorf("last: %d returns %+v (%v)", n, w, err)
		}
	}
	for _, n := range []int{math.MinInt, -2147483648, -1, 0, 101, 1000, 2147483647, 2147483648, math.MaxInt} {
		for _, args := range []paging.Args{{First: &n}, {Last: &n}} {
			if _, err := args.Window(); !fault.Is(err, fault.CodeBadUserInput) {
				t.Errorf("%d rows: %v", n, err)
			}
		}
	}
	one := 1
	if _, err := (paging.Args{First: &one, Last: &one}).Window(); !fault.Is(err, fault.CodeBadUserInput) {
		t.Errorf("both ends at once: %v", err)
	}
	after, before := "a", "b"
	w, err := paging.Args{After: &after, Before: &before}.Window()
	if err != nil || w != (paging.Window{Limit: 20, After: "a", Before: "b"}) {
		t.Errorf("no size returns %+v (%v)", w, err)
	}
}

func everything() paging.Wanted { return paging.Wanted{Edges: true, Info: true} }

func TestPages(t *testing.T) {
	for _, c := range []struct {
		window         paging.Window
		read           []int
		nodes          []int
		next, previous bool
	}{
		{paging.Window{Limit: 2}, nil, nil, false, false},
		{paging.Window{Limit: 2}, []int{1}, []int{1}, false, false},
		{paging.Window{Limit: 2}, []int{1, 2}, []int{1, 2}, false, false},
		{paging.Window{Limit: 2}, []int{1, 2, 3}, []int{1, 2}, true, false},
		{paging.Window{Limit: 2, After: "x"}, []int{1, 2, 3}, []int{1, 2}, true, true},
		{paging.Window{Limit: 2, After: "x"}, nil, nil, false, true},
		{paging.Window{Limit: 2, Backward: true}, []int{9, 8, 7}, []int{8, 9}, false, true},
		{paging.Window{Limit: 2, Backward: true}, []int{9, 8}, []int{8, 9}, false, false},
		{paging.Window{Limit: 2, Backward: true, Before: "x"}, []int{9, 8}, []int{8, 9}, true, false},
	} {
		p := paging.Trim(c.window, c.read, everything(), func(n int) string { return fmt.Sprint("c", n) })
		if !slices.Equal(p.Nodes, c.nodes) || p.PageInfo.HasNextPage != c.next || p.PageInfo.HasPreviousPage != c.previous {
			t.Errorf("%+v of %v returns %v, next %v, previous %v", c.window, c.read, p.Nodes, p.PageInfo.HasNextPage, p.PageInfo.HasPreviousPage)
		}
		for i, e := range p.Edges {
			if e.Node != c.nodes[i] || e.Cursor != fmt.Sprint("c", e.Node) {
				t.Errorf("%+v has the edge %+v", c, e)
			}
		}
		if len(p.Edges) != len(c.nodes) || (p.PageInfo.StartCursor == nil) != (len(c.nodes) == 0) {
			t.Errorf("%+v has %d edges", c, len(p.Edges))
		}
		if n := len(c.nodes); n > 0 && (*p.PageInfo.StartCursor != p.Edges[0].Cursor || *p.PageInfo.EndCursor != p.Edges[n-1].Cursor) {
			t.Errorf("%+v stands from %s to %s", c, *p.PageInfo.StartCursor, *p.PageInfo.EndCursor)
		}
	}
}

func TestTrimOmitsUnrequestedParts(t *testing.T) {
	cursor := func(int) string { t.Error("a cursor was sealed that nobody asked for"); return "" }
	p := paging.Trim(paging.Window{Limit: 1}, []int{1, 2}, paging.Wanted{Total: true}, cursor)
	if p.Edges != nil || p.PageInfo != nil || !slices.Equal(p.Nodes, []int{1}) {
		t.Errorf("made %+v", p)
	}
	rows := []int{3, 2, 1}
	paging.Trim(paging.Window{Limit: 3, Backward: true}, rows, paging.Wanted{}, cursor)
	if !slices.Equal(rows, []int{3, 2, 1}) {
		t.Error("the rows that were read were turned round")
	}
}
