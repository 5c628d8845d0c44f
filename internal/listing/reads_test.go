package listing_test

import (
	"context"
	"maps"
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
		counts := listing.Computed[*book]{Name: "books of a shelf", Query: l.bookQuery, Column: "shelf_id", Values: []string{"n"}, Select: func(s *sql.Selector, now any) {
			s.Where(sql.LTE(s.C("made_at"), now))
			s.AppendSelectExprAs(sql.Expr(sql.Count("*")), "n")
		}}
		for range 3 { // the statement is the same for every time
			want := map[uuid.UUID]int{}
			for _, b := range l.books {
				if b.organization == l.books[0].organization && b.shelf != l.shelves[0] && !b.made.After(now) {
					want[b.shelf]++
				}
			}
			got := map[uuid.UUID]int{}
			var shelf uuid.UUID
			var n int
			cells := []any{rowscan.Into(&shelf, rowscan.ID), rowscan.Into(&n, rowscan.Int)}
			if err := counts.Read(ctx, l.reader, l.shelves[1:], cells, func() { got[shelf] = n }); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(want, got) {
				t.Errorf("%v, not %v", got, want)
			}
			now = now.Add(time.Second)
		}
	})
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
