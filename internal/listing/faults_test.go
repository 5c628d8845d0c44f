package listing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/rowscan"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/testdb"
)

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
		return listing.EdgeTo(ctx, l.reader, "author_id", list, q, []string{"born"}, func(*author) {})
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
	l.inUse(t)
}

// inUse fails a test that leaves a connection in use.
func (l *library) inUse(t *testing.T) {
	t.Helper()
	for name, s := range l.db.Stats() {
		if s.InUse > 0 {
			t.Errorf("%d connections of %s are in use", s.InUse, name)
		}
	}
}

// A computed value that cannot be scanned is an error, and frees the connection.
func TestComputedValuesOfAnotherType(t *testing.T) {
	l := newLibrary(t, testdb.EmptySQLite(t))
	counts := listing.Computed[*book]{Name: "c", Query: l.bookQuery, Column: "shelf_id", Select: func(s *sql.Selector, _ any) { s.Select(s.C("name")) }}
	if err := counts.Read(l.as(t, l.books[0]), l.reader, l.shelves, []any{rowscan.Into(new(int), rowscan.Int)}, func() {}); err == nil {
		t.Error("a name is a number")
	}
	counts.Name, counts.Select = "d", func(s *sql.Selector, _ any) { s.AddError(errors.New("refused")) }
	if err := counts.Read(l.as(t, l.books[0]), l.reader, l.shelves, nil, func() {}); err == nil {
		t.Error("a statement with an error is run")
	}
	l.inUse(t)
}

// Rows that end too early are an error, not a shorter list.
func TestReadsThatAreInterrupted(t *testing.T) {
	l := newLibrary(t, testdb.EmptySQLite(t))
	interrupted := func(read func(ctx context.Context, stop func()) error) error {
		ctx, cancel := context.WithCancel(l.as(t, l.books[0]))
		return read(ctx, func() { cancel(); time.Sleep(50 * time.Millisecond) })
	}
	if err := interrupted(func(ctx context.Context, stop func()) error {
		_, err := listing.ReadPage(ctx, l.reader, bookList(), listing.All(l.bookQuery), listing.Order{}, listing.Request{
			Edges: []listing.Edge{l.byAuthor(ctx, nil, func(*author) { stop() })},
		})
		return err
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("a page: %v", err)
	}
	if err := interrupted(func(ctx context.Context, stop func()) error {
		c := listing.Computed[*book]{Name: "c", Query: l.bookQuery, Column: "organization_id", Select: func(s *sql.Selector, _ any) { s.Select(s.C("pages")) }}
		return c.Read(ctx, l.reader, []uuid.UUID{l.books[0].organization}, []any{rowscan.Into(new(int), rowscan.Int)}, stop)
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("computed values: %v", err)
	}
}

// If the total needs a statement of its own, its failure is one.
func TestTotalsThatCannotBeRead(t *testing.T) {
	l := newLibrary(t, testdb.EmptySQLite(t))
	l.reader.Statements = nil
	ctx, refused := l.as(t, l.books[0]), errors.New("refused")
	last := ask{limit: 1, after: &book{name: "z"}, wanted: paging.Wanted{Total: true}}
	for name, read := range map[string]func(listing.Source[*book], listing.Request) error{
		"a page": func(src listing.Source[*book], req listing.Request) error {
			_, err := listing.ReadPage(ctx, l.reader, bookList(), src, listing.Order{}, req)
			return err
		},
		"pages": func(src listing.Source[*book], req listing.Request) error {
			_, err := listing.ReadPages(ctx, l.reader, onShelves(), src, l.shelves, listing.Order{}, req)
			return err
		},
	} {
		asked := 0
		src := listing.All(func() listing.Query[*book] {
			q, _ := l.bookQuery().(table[*book])
			if asked++; asked > 1 {
				q.err = refused
			}
			return q
		})
		if err := read(src, listing.Request{Args: last.args(), Wanted: last.wanted}); !errors.Is(err, refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A page reads one row more than it has, for each of its parents, and no others.
func TestPagesReadNoMoreThanTheyNeed(t *testing.T) {
	l := newLibrary(t, testdb.EmptySQLite(t))
	ctx, rows, one := l.as(t, l.books[1]), 0, 1
	src := listing.All(func() listing.Query[*book] {
		q, _ := l.bookQuery().(table[*book])
		row := q.row
		q.row = func(columns []string) *book { rows++; return row(columns) }
		return q
	})
	req := listing.Request{Args: paging.Args{First: &one}}
	if _, err := listing.ReadPage(ctx, l.reader, bookList(), src, listing.Order{}, req); err != nil || rows != 2 {
		t.Errorf("a page of one read %d rows (%v)", rows, err)
	}
	rows = 0
	if _, err := listing.ReadPages(ctx, l.reader, onShelves(), src, []uuid.UUID{l.shelves[0], l.shelves[3]}, listing.Order{}, req); err != nil || rows != 2 {
		t.Errorf("pages of one of a shelf and an empty one read %d rows (%v)", rows, err)
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
