package listing_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/rowscan"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Rows by id are those that the viewer may see, one or many, with the columns that
// are asked for.
func TestReadByID(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		l := newLibrary(t, url)
		ctx, own := l.as(t, l.books[0]), 0
		var all []uuid.UUID
		for _, b := range l.books {
			all = append(all, b.id)
			if b.organization == l.books[0].organization {
				own++
			}
			got, err := listing.ReadByID(ctx, l.reader, bookList(), l.bookQuery, []uuid.UUID{b.id}, []string{"name"})
			if err != nil || len(got) != map[bool]int{true: 1}[b.organization == l.books[0].organization] {
				t.Fatalf("%d books of one id (%v)", len(got), err)
			}
			if x := got[b.id]; x != nil && (x.name != b.name || !x.made.IsZero() || x.settled != readAt()) {
				t.Errorf("%+v, not %+v", x, b)
			}
		}
		got, err := listing.ReadByID(ctx, l.reader, bookList(), l.bookQuery, append(all, uuid.New()), nil)
		if err != nil || len(got) != own || own == len(all) {
			t.Fatalf("%d books of %d (%v)", len(got), own, err)
		}
		for id, x := range got {
			if b := l.books[slices.Index(all, id)]; x.id != id || x.pages != b.pages || !x.made.Equal(b.made) {
				t.Errorf("%+v, not %+v", x, b)
			}
		}
		if got, err = listing.ReadByID(ctx, l.reader, bookList(), l.bookQuery, nil, nil); err != nil || len(got) != 0 {
			t.Errorf("%d books of no id (%v)", len(got), err)
		}
	})
}

// An edge is for one viewer: another one who reads the same rows does not see its
// objects.
func TestEdgesAreForOneViewer(t *testing.T) {
	l := newLibrary(t, testdb.EmptySQLite(t))
	ctx := l.as(t, l.books[0])
	var want, found []uuid.UUID
	var ids []uuid.UUID
	for _, b := range l.books {
		ids = append(ids, b.id)
		if a := l.authorOf(b); b.organization == l.books[0].organization && a != nil {
			want = append(want, a.id)
		}
	}
	edge := l.byAuthor(ctx, nil, func(a *author) { found = append(found, a.id) })
	read := func(ctx context.Context) listing.ByID[*book] {
		t.Helper()
		found = nil
		got, err := listing.ReadByID(ctx, l.reader, bookList(), l.bookQuery, ids, []string{"name"}, edge)
		if err != nil || len(got) == 0 {
			t.Fatalf("%d books (%v)", len(got), err)
		}
		return got
	}
	for id, b := range read(ctx) {
		by := l.authorOf(l.books[slices.Index(ids, id)])
		if (b.joined == nil) != (by == nil) || by != nil && (b.joined.id != by.id || !slices.Contains(found, by.id)) {
			t.Errorf("%+v was read with a book, not %+v", b.joined, by)
		}
	}
	// Once for each, or more often if others are between them.
	for _, id := range found {
		if !slices.Contains(want, id) || len(found) > len(want) {
			t.Errorf("%v were found, not %v", found, want)
		}
	}
	for _, b := range read(l.as(t, l.books[0])) { // somebody else of the organization
		if b.joined != nil || len(found) > 0 {
			t.Error("somebody sees what was read for another")
		}
	}
}

// Computed values are of the objects that are asked for, at the time of reading,
// and of the rows that the viewer may see.
func TestComputedValues(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		l := newLibrary(t, url)
		ctx, now := l.as(t, l.books[0]), readAt().Add(-2*time.Second)
		l.reader.Now = func() time.Time { return now }
		counts := listing.Computed[*book]{Name: "books of a shelf", Query: l.bookQuery, Column: "shelf_id", Select: func(s *sql.Selector, now any) {
			s.Where(sql.LTE(s.C("made_at"), now)).Select(s.C("shelf_id")).GroupBy(s.C("shelf_id"))
			s.AppendSelectExprAs(sql.Expr(sql.Count("*")), "n")
		}}
		for range 3 { // the statement is the same for every time
			want := map[uuid.UUID]int{}
			for _, b := range l.books {
				if b.organization == l.books[0].organization && b.shelf != l.shelves[1] && !b.made.After(now) {
					want[b.shelf]++
				}
			}
			got := map[uuid.UUID]int{}
			var shelf uuid.UUID
			var n int
			cells := []any{rowscan.Into(&shelf, rowscan.ID), rowscan.Into(&n, rowscan.Int)}
			if err := counts.Read(ctx, l.reader, []uuid.UUID{l.shelves[0], l.shelves[2], l.shelves[3]}, cells, func() { got[shelf] = n }); err != nil {
				t.Fatal(err)
			}
			if len(want) != len(got) || want[l.shelves[0]] != got[l.shelves[0]] || want[l.shelves[2]] != got[l.shelves[2]] {
				t.Errorf("%v, not %v", got, want)
			}
			now = now.Add(time.Second)
		}
	})
}

// reads are the ways to read books.
func (l *library) reads(ctx context.Context, query func() listing.Query[*book], columns []string, edges ...listing.Edge) map[string]func() error {
	req := listing.Request{Columns: columns, Edges: edges}
	return map[string]func() error{
		"a page": func() error {
			_, err := listing.ReadPage(ctx, l.reader, bookList(), listing.All(query), listing.Order{}, req)
			return err
		},
		"pages": func() error {
			_, err := listing.ReadPages(ctx, l.reader, onShelves(), listing.All(query), l.shelves, listing.Order{}, req)
			return err
		},
		"the page of one": func() error {
			_, err := listing.ReadPages(ctx, l.reader, onShelves(), listing.All(query), l.shelves[:1], listing.Order{}, req)
			return err
		},
		"rows by id": func() error {
			_, err := listing.ReadByID(ctx, l.reader, bookList(), query, []uuid.UUID{l.books[0].id}, columns, edges...)
			return err
		},
		"computed values": func() error {
			var n int
			c := listing.Computed[*book]{Name: "c", Query: query, Column: "shelf_id", Select: func(s *sql.Selector, _ any) {
				s.Select(s.C("pages"))
				if len(columns) > 0 || len(edges) > 0 {
					s.Select("nothing")
				}
			}}
			return c.Read(ctx, l.reader, l.shelves, []any{&n}, func() {})
		},
	}
}

// An error of the database is shown as the reader says, in every way of reading.
func TestErrorsAreShownByTheReader(t *testing.T) {
	l := newLibrary(t, testdb.EmptySQLite(t))
	shown, ctx := errors.New("shown"), l.as(t, l.books[0])
	l.reader.Fault = func(err error) error { return errors.Join(shown, err) }
	changed := func(f func(*table[*book])) func() listing.Query[*book] {
		return func() listing.Query[*book] {
			q, _ := l.bookQuery().(table[*book])
			f(&q)
			return q
		}
	}
	refused := errors.New("refused")
	of := func(q func() listing.Query[*author]) listing.Edge {
		list := listing.List[*author]{Name: "authors", ID: func(a *author) uuid.UUID { return a.id }}
		return listing.EdgeTo(ctx, l.reader, "author_id", list, q, []string{"age"}, func(*author) {})
	}
	for name, reads := range map[string]map[string]func() error{
		"a query that refuses":         l.reads(ctx, changed(func(q *table[*book]) { q.err = refused }), nil),
		"an unknown table":             l.reads(ctx, changed(func(q *table[*book]) { q.name = "films" }), nil),
		"an unknown column":            l.reads(ctx, l.bookQuery, []string{"weight"}),
		"an unknown column of an edge": l.reads(ctx, l.bookQuery, nil, of(l.authorQuery)),
		"an edge that refuses": l.reads(ctx, l.bookQuery, nil, of(func() listing.Query[*author] {
			q, _ := l.authorQuery().(table[*author])
			q.err = refused
			return q
		})),
	} {
		for way, read := range reads {
			l.reader.Statements.Purge()
			if err := read(); !errors.Is(err, shown) {
				t.Errorf("%s of %s: %v", way, name, err)
			}
		}
	}
	bad := changed(func(q *table[*book]) {
		q.assign = func(string) func(*book, any) error { return func(*book, any) error { return refused } }
	})
	for _, way := range []string{"a page", "pages", "the page of one", "rows by id"} {
		l.reader.Statements.Purge()
		if err := l.reads(ctx, bad, nil)[way](); !errors.Is(err, refused) || !errors.Is(err, shown) {
			t.Errorf("%s whose rows cannot be scanned: %v", way, err)
		}
	}
}

// Arguments that are not valid are refused by every way of paging.
func TestArgumentsAreChecked(t *testing.T) {
	l := newLibrary(t, testdb.EmptySQLite(t))
	ctx, none, cursor := viewer.NewContext(t.Context(), viewer.Viewer{}), 0, "x"
	for name, args := range map[string]paging.Args{"a limit": {First: &none}, "a cursor after": {After: &cursor}, "a cursor before": {Before: &cursor}} {
		req := listing.Request{Args: args}
		_, one := listing.ReadPages(ctx, l.reader, onShelves(), listing.All(l.bookQuery), l.shelves[:1], listing.Order{}, req)
		_, many := listing.ReadPages(ctx, l.reader, onShelves(), listing.All(l.bookQuery), l.shelves, listing.Order{}, req)
		_, memory := listing.PageOf(l.reader, bookList(), nil, req)
		if one == nil || many == nil || memory == nil {
			t.Errorf("%s: %v, %v, %v", name, one, many, memory)
		}
	}
}

// Statements are kept only where there is a cache.
func TestReadingWithoutACache(t *testing.T) {
	l := newLibrary(t, testdb.EmptySQLite(t))
	l.reader.Statements = nil
	for way, read := range l.reads(l.as(t, l.books[0]), l.bookQuery, nil) {
		if err := read(); err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
}
