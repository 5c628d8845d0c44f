package listing_test

import (
	"bytes"
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/testdb"
)

// ask is what a test asks for: a page of the books that somebody may see, by way of
// a list or of parents.
type ask struct {
	as            *book // of whose organization
	name          string
	order         listing.Order
	limit         int
	backward      bool
	after, before *book
	columns       []string
	authors       bool
	authorColumns []string
	wanted        paging.Wanted
}

func drawAsk(random *rand.Rand, l *library) ask {
	a := ask{
		as: l.books[random.IntN(2)], name: []string{"", "", "b"}[random.IntN(3)],
		order: listing.Order{By: []string{"", "NAME", "MADE", "PAGES"}[random.IntN(4)], Desc: random.IntN(2) == 0},
		limit: []int{1, 2, 4, 100}[random.IntN(4)], backward: random.IntN(2) == 0,
		columns: [][]string{nil, {"pages"}, {"name", "made_at"}}[random.IntN(3)],
		authors: random.IntN(2) == 0, authorColumns: [][]string{nil, {"name"}}[random.IntN(2)],
		wanted: paging.Wanted{Info: true, Edges: true, Total: random.IntN(2) == 0},
	}
	if random.IntN(2) == 0 {
		a.after = l.books[random.IntN(len(l.books))]
	}
	if random.IntN(3) == 0 {
		a.before = l.books[random.IntN(len(l.books))]
	}
	return a
}

// args returns the arguments of a request. Cursors are those of previous releases.
func (a ask) args() (out paging.Args) {
	if out.First = &a.limit; a.backward {
		out = paging.Args{Last: &a.limit}
	}
	if a.after != nil {
		out.After = a.cursor(a.after)
	}
	if a.before != nil {
		out.Before = a.cursor(a.before)
	}
	return out
}

func (a ask) cursor(b *book) *string {
	list := bookList()
	list.ID = func(*book) uuid.UUID { return b.id }
	for i, k := range list.Keys {
		if k.Name == cmp.Or(a.order.By, "NAME") {
			list.Keys = list.Keys[i : i+1]
			break
		}
	}
	place := paging.Place{ID: b.id, Value: map[string]string{
		"name": b.name, "made_at": b.made.Format("2006-01-02T15:04:05.999999999Z07:00"), "pages": strconv.FormatInt(b.pages, 10),
	}[list.Keys[0].Column]}
	name := "books|" + list.Keys[0].Column + "|" + map[bool]string{true: "true", false: "false"}[a.order.Desc]
	out := paging.Seal(paging.Key{ID: "k", Secret: []byte("secret")}, name, place)
	return &out
}

// compare orders two books as a page of them does.
func (a ask) compare(x, y *book) int {
	by := map[string]int{
		"NAME": cmp.Compare(x.name, y.name), "": cmp.Compare(x.name, y.name),
		"MADE": x.made.Compare(y.made), "PAGES": cmp.Compare(x.pages, y.pages),
	}[a.order.By]
	out := cmp.Or(by, bytes.Compare(x.id[:], y.id[:]))
	if a.order.Desc {
		return -out
	}
	return out
}

// expected returns the page of some books, without their cursors.
func (a ask) expected(l *library, of func(*book) bool) (nodes []*book, total int, info paging.Info) {
	var all []*book
	for _, b := range l.books {
		if b.organization == a.as.organization && (a.name == "" || a.name == b.name) && of(b) {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, a.compare)
	for _, b := range all {
		if (a.after == nil || a.compare(b, a.after) > 0) && (a.before == nil || a.compare(b, a.before) < 0) {
			nodes = append(nodes, b)
		}
	}
	more := len(nodes) > a.limit
	if a.backward {
		return nodes[max(0, len(nodes)-a.limit):], len(all), paging.Info{HasNextPage: a.before != nil, HasPreviousPage: more}
	}
	return nodes[:min(len(nodes), a.limit)], len(all), paging.Info{HasNextPage: more, HasPreviousPage: a.after != nil}
}

// check compares a page with the expected one.
func (a ask) check(t *testing.T, l *library, what string, page *paging.Page[*book], of func(*book) bool) {
	t.Helper()
	nodes, total, info := a.expected(l, of)
	if page == nil || len(page.Nodes) != len(nodes) || len(page.Edges) != len(nodes) {
		t.Fatalf("%s: %+v for %+v, not %d books", what, page, a, len(nodes))
	}
	if a.wanted.Total && page.TotalCount != total || !a.wanted.Total && page.TotalCount != 0 {
		t.Errorf("%s: a total of %d for %+v, not %d", what, page.TotalCount, a, total)
	}
	if page.PageInfo.HasNextPage != info.HasNextPage || page.PageInfo.HasPreviousPage != info.HasPreviousPage {
		t.Errorf("%s: %+v for %+v, not %+v", what, *page.PageInfo, a, info)
	}
	for i, want := range nodes {
		a.checkBook(t, l, want, page.Nodes[i])
		if page.Edges[i].Cursor == "" || page.Edges[i].Node != page.Nodes[i] {
			t.Errorf("%s: an edge of %+v", what, a)
		}
	}
}

// checkBook compares a row with what it was read from.
func (a ask) checkBook(t *testing.T, l *library, want, got *book) {
	t.Helper()
	read := func(column string) bool { return got.columns == nil || slices.Contains(got.columns, column) }
	if a.columns == nil != (got.columns == nil) || slices.ContainsFunc(a.columns, func(c string) bool { return !read(c) }) {
		t.Errorf("%v were read, not %v", got.columns, a.columns)
	}
	if got.id != want.id || read("name") && got.name != want.name || read("made_at") && !got.made.Equal(want.made) ||
		read("pages") && got.pages != want.pages || read("shelf_id") && got.shelf != want.shelf || read("author_id") && got.author != want.author {
		t.Errorf("%+v for %+v, not %+v", got, a, want)
	}
	if got.settled != readAt() {
		t.Errorf("a row of %v, not of the time of reading", got.settled)
	}
	by := l.authorOf(want)
	switch {
	case !a.authors || by == nil:
		if got.joined != nil {
			t.Errorf("%+v was read with a book", got.joined)
		}
	case got.joined == nil || got.joined.id != by.id || got.joined.name != by.name || got.joined.settled != readAt():
		t.Errorf("the author %+v, not %+v", got.joined, by)
	case (a.authorColumns == nil) != (got.joined.organization == by.organization):
		t.Errorf("the author's columns %v are %+v", a.authorColumns, got.joined)
	}
}

// Pages of any shape are those of the rows, sorted and cut in memory: by every
// order, in both directions, between cursors, of filters, of parents, and of parents
// by way of another table; although all of them share the statements.
func TestPagesAreThoseOfTheRows(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		l, random := newLibrary(t, url), rand.New(rand.NewPCG(3, 4))
		for range 30 {
			a := drawAsk(random, l)
			l.checkPages(t, a, random.IntN(3) == 0)
			for _, other := range a.neighbours(l) {
				l.checkPages(t, other, false)
			}
		}
	})
}

// neighbours returns what differs from a in one respect, so that a statement that is
// kept for too many requests shows.
func (a ask) neighbours(l *library) (out []ask) {
	for _, change := range []func(*ask){
		func(a *ask) { a.name = map[string]string{"": "a", "a": "b", "b": "c"}[a.name] },
		func(a *ask) { a.name = map[string]string{"": "c", "a": "c", "b": "a"}[a.name] },
		func(a *ask) { a.as = l.books[1-slices.Index(l.books, a.as)] },
		func(a *ask) { a.order.Desc = !a.order.Desc },
		func(a *ask) { a.order.By = map[string]string{"PAGES": "MADE", "MADE": "NAME"}[a.order.By] },
		func(a *ask) { a.limit = 3 },
		func(a *ask) { a.backward = !a.backward },
		func(a *ask) { a.after = map[bool]*book{true: l.books[7]}[a.after == nil] },
		func(a *ask) { a.before = map[bool]*book{true: l.books[8]}[a.before == nil] },
		func(a *ask) { a.columns = []string{"shelf_id"} },
		func(a *ask) { a.authors = !a.authors },
		func(a *ask) { a.authorColumns = map[bool][]string{true: {"name"}}[a.authorColumns == nil] },
		func(a *ask) { a.wanted.Total = !a.wanted.Total },
	} {
		other := a
		change(&other)
		out = append(out, other)
	}
	return out
}

// checkPages reads a page of the list, and those of parents.
func (l *library) checkPages(t *testing.T, a ask, one bool) {
	t.Helper()
	ctx := l.as(t, a.as)
	req := listing.Request{Args: a.args(), Columns: a.columns, Wanted: a.wanted}
	if a.authors {
		req.Edges = []listing.Edge{l.byAuthor(ctx, a.authorColumns, func(*author) {})}
	}
	src := listing.Filtered(a.name, l.named)
	page, err := listing.ReadPage(ctx, l.reader, bookList(), src, a.order, req)
	if err != nil {
		t.Fatal(err)
	}
	a.check(t, l, "the list", page, func(*book) bool { return true })
	l.checkParents(ctx, t, a, src, req, one)
	if t.Failed() {
		t.FailNow()
	}
}

// checkParents reads the same page of shelves and of people: of all, or of one.
func (l *library) checkParents(ctx context.Context, t *testing.T, a ask, src listing.Source[*book], req listing.Request, one bool) {
	t.Helper()
	for _, of := range []struct {
		what     string
		children listing.Children[*book]
		parents  []uuid.UUID
		has      func(parent uuid.UUID, b *book) bool
	}{
		{"a shelf", onShelves(), l.shelves, func(id uuid.UUID, b *book) bool { return b.shelf == id }},
		{"a shelf by the catalogue", catalogued(), l.shelves, func(id uuid.UUID, b *book) bool { return b.shelf == id }},
		{"a person", borrowedBy(), l.people, func(id uuid.UUID, b *book) bool { return slices.Contains(l.borrowed[id], b.id) }},
		{"an organization", inOrganizations(), []uuid.UUID{l.books[0].organization, l.books[1].organization}, func(id uuid.UUID, b *book) bool { return b.organization == id }},
	} {
		parents := of.parents
		if one {
			parents = parents[1:2]
		}
		pages, err := listing.ReadPages(ctx, l.reader, of.children, src, parents, a.order, req)
		if err != nil || len(pages) != len(parents) {
			t.Fatalf("%s: %d pages (%v)", of.what, len(pages), err)
		}
		for _, id := range parents {
			a.check(t, l, of.what, pages[id], func(b *book) bool { return of.has(id, b) })
		}
	}
}
