package listing_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/rowscan"
	"portico/internal/database"
	"portico/internal/listing"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// book is a row of a library. Its author may be absent.
type book struct {
	id, organization, shelf, author uuid.UUID
	name                            string
	made                            time.Time
	pages                           int64

	columns []string // that it was read with
	settled time.Time
	joined  *author
}

// Settle notes for which time the row was read.
func (b *book) Settle(now time.Time) { b.settled = now }

// Join keeps the author.
func (b *book) Join(column string, to any) {
	if column == "author_id" {
		b.joined, _ = to.(*author)
	}
}

type author struct {
	id, organization uuid.UUID
	name             string
	settled          time.Time
	computed         any
}

func (a *author) Settle(now time.Time) { a.settled = now }

// Join keeps what was computed.
func (a *author) Join(_ string, to any) { a.computed = to }

// table is a query for the rows of a table of the viewer's organization.
type table[T any] struct {
	driver  dialect.Driver
	name    string
	columns []string
	assign  func(column string) func(T, any) error
	row     func(columns []string) T
	where   func(*sql.Selector)
	err     error
}

func (q table[T]) Statement(ctx context.Context, columns []string) (*sql.Selector, error) {
	if len(columns) == 0 {
		columns = q.columns
	}
	t := sql.Dialect(q.driver.Dialect()).Table(q.name)
	s := sql.Dialect(q.driver.Dialect()).Select(t.Columns(columns...)...).From(t)
	if q.where != nil {
		q.where(s)
	}
	s.Where(sql.EQ(s.C("organization_id"), viewer.Current(ctx).OrganizationID))
	return s, q.err
}
func (q table[T]) Columns() []string                       { return q.columns }
func (q table[T]) Assign(column string) func(T, any) error { return q.assign(column) }
func (q table[T]) Row(columns []string) T                  { return q.row(columns) }
func (q table[T]) Driver() dialect.Driver                  { return q.driver }

// library is books on shelves, in two organizations, and who has borrowed them.
type library struct {
	db       *database.DB
	driver   dialect.Driver
	reader   listing.Reader
	books    []*book
	authors  []*author
	shelves  []uuid.UUID
	borrowed map[uuid.UUID][]uuid.UUID // books, by those who have borrowed them
	people   []uuid.UUID
}

var librarySchema = map[string][]string{
	dialect.SQLite: {
		`CREATE TABLE authors (id uuid PRIMARY KEY, organization_id uuid NOT NULL, name text NOT NULL, born integer)`,
		`CREATE TABLE books (id uuid PRIMARY KEY, organization_id uuid NOT NULL, shelf_id uuid NOT NULL, author_id uuid, name text NOT NULL, made_at datetime NOT NULL, pages integer NOT NULL)`,
		`CREATE TABLE loans (book_id uuid NOT NULL, person_id uuid NOT NULL)`,
	},
	dialect.Postgres: {
		`CREATE TABLE authors (id uuid PRIMARY KEY, organization_id uuid NOT NULL, name text NOT NULL, born integer)`,
		`CREATE TABLE books (id uuid PRIMARY KEY, organization_id uuid NOT NULL, shelf_id uuid NOT NULL, author_id uuid, name text NOT NULL, made_at timestamptz NOT NULL, pages bigint NOT NULL)`,
		`CREATE TABLE loans (book_id uuid NOT NULL, person_id uuid NOT NULL)`,
	},
}

// readAt is the time for which the library's rows are read.
func readAt() time.Time { return time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC) }

// newLibrary fills a database with books, of which many have equal names, times or
// numbers of pages. The last shelf and person have none.
func newLibrary(t *testing.T, url string) *library {
	t.Helper()
	d := testdb.Open(t, url)
	l := &library{db: d, driver: d.Driver(), borrowed: map[uuid.UUID][]uuid.UUID{}}
	l.reader = listing.Reader{Keys: keys{}, Fault: func(err error) error { return err }, Now: readAt, Statements: listing.NewStatements()}
	for _, s := range librarySchema[d.Dialect()] {
		l.exec(t, s)
	}
	random := rand.New(rand.NewPCG(1, 2))
	organizations := []uuid.UUID{newID(random), newID(random)}
	for i := range 4 {
		l.shelves, l.people = append(l.shelves, newID(random)), append(l.people, newID(random))
		a := &author{id: newID(random), organization: organizations[i%2], name: string(rune('k' + i))}
		l.authors = append(l.authors, a)
		l.exec(t, `INSERT INTO authors (id, organization_id, name) VALUES ($1, $2, $3)`, a.id, a.organization, a.name)
	}
	for i := range 30 {
		b := &book{
			id: newID(random), organization: organizations[min(i%5, 1)], shelf: l.shelves[[]int{0, 0, 0, 1, 2}[random.IntN(5)]],
			name: string(rune('a' + random.IntN(3))), made: readAt().Add(-time.Duration(random.IntN(4)) * 1500 * time.Millisecond), pages: int64(random.IntN(12)),
		}
		var of any
		if n := random.IntN(5); n < 4 { // some have none, some are of the other organization
			b.author, of = l.authors[n].id, l.authors[n].id
		}
		l.books = append(l.books, b)
		l.exec(t, `INSERT INTO books (id, organization_id, shelf_id, author_id, name, made_at, pages) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			b.id, b.organization, b.shelf, of, b.name, b.made, b.pages)
		for _, p := range l.people[:3] {
			if random.IntN(2) == 0 {
				l.borrowed[p] = append(l.borrowed[p], b.id)
				l.exec(t, `INSERT INTO loans (book_id, person_id) VALUES ($1, $2)`, b.id, p)
			}
		}
	}
	return l
}

// newID returns an id that is the same in every run.
func newID(random *rand.Rand) (id uuid.UUID) {
	for i := range id {
		id[i] = byte(random.UintN(256))
	}
	return id
}

func (l *library) exec(t *testing.T, text string, args ...any) {
	t.Helper()
	if _, err := l.db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

// as returns a context of somebody of the organization that owns a book.
func (l *library) as(t *testing.T, b *book) context.Context {
	return viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Admin, OrganizationID: b.organization, UserID: uuid.New()})
}

// bookQuery returns the query for all books, and named the one for those of a name.
func (l *library) bookQuery() listing.Query[*book] { return l.named("") }

func (l *library) named(name string) listing.Query[*book] {
	q := table[*book]{
		driver: l.driver, name: "books", assign: assignBook,
		columns: []string{"id", "organization_id", "shelf_id", "author_id", "name", "made_at", "pages"},
		row:     func(columns []string) *book { return &book{columns: columns} },
	}
	if name != "" {
		q.where = func(s *sql.Selector) { s.Where(sql.EQ(s.C("name"), name)) }
	}
	return q
}

func assignBook(column string) func(*book, any) error {
	switch column {
	case "id":
		return func(b *book, v any) error { return rowscan.ID(&b.id, v) }
	case "organization_id":
		return func(b *book, v any) error { return rowscan.ID(&b.organization, v) }
	case "shelf_id":
		return func(b *book, v any) error { return rowscan.ID(&b.shelf, v) }
	case "author_id":
		return func(b *book, v any) error { return rowscan.ID(&b.author, v) }
	case "name":
		return func(b *book, v any) error { return rowscan.Text(&b.name, v) }
	case "made_at":
		return func(b *book, v any) error { return rowscan.Time(&b.made, v) }
	case "pages":
		return func(b *book, v any) error { return rowscan.Int(&b.pages, v) }
	}
	return nil
}

func (l *library) authorQuery() listing.Query[*author] {
	return table[*author]{
		driver: l.driver, name: "authors", columns: []string{"id", "organization_id", "name"},
		row: func([]string) *author { return &author{} },
		assign: func(column string) func(*author, any) error {
			switch column {
			case "id":
				return func(a *author, v any) error { return rowscan.ID(&a.id, v) }
			case "organization_id":
				return func(a *author, v any) error { return rowscan.ID(&a.organization, v) }
			case "name":
				return func(a *author, v any) error { return rowscan.Text(&a.name, v) }
			}
			return nil
		},
	}
}

// byAuthor returns the edge from books to their authors, with some columns.
func (l *library) byAuthor(ctx context.Context, columns []string, found func(*author)) listing.Edge {
	list := listing.List[*author]{Name: "authors", ID: func(a *author) uuid.UUID { return a.id }}
	return listing.EdgeTo(ctx, l.reader, "author_id", list, l.authorQuery, columns, found)
}

// authorOf returns the author whom the owner of a book may see; nil for none.
func (l *library) authorOf(b *book) *author {
	i := slices.IndexFunc(l.authors, func(a *author) bool { return a.id == b.author && a.organization == b.organization })
	if i < 0 {
		return nil
	}
	return l.authors[i]
}

// bookList is ordered by name, time or number of pages.
func bookList() listing.List[*book] {
	return listing.List[*book]{Name: "books", ID: func(b *book) uuid.UUID { return b.id }, Keys: []listing.Key[*book]{
		{Name: "NAME", Column: "name", Value: func(b *book) any { return b.name }},
		{Name: "MADE", Column: "made_at", Type: listing.Time, Value: func(b *book) any { return b.made }},
		{Name: "PAGES", Column: "pages", Type: listing.Number, Value: func(b *book) any { return b.pages }},
	}}
}

// onShelves are the books of shelves.
func onShelves() listing.Children[*book] {
	return listing.Children[*book]{List: bookList(), Column: "shelf_id", Parent: func(b *book) uuid.UUID { return b.shelf }}
}

// borrowedBy are the books of people, several of whom may have borrowed a book.
func borrowedBy() listing.Children[*book] {
	return listing.Children[*book]{List: bookList(), Through: &listing.Through{Name: "loans", Join: func(s *sql.Selector) string {
		t := sql.Dialect(s.Dialect()).Table("loans").As("l")
		s.Join(t).On(s.C("id"), t.C("book_id"))
		return t.C("person_id")
	}}}
}

// inOrganizations are the books of organizations.
func inOrganizations() listing.Children[*book] {
	return listing.Children[*book]{List: bookList(), Column: "organization_id", Parent: func(b *book) uuid.UUID { return b.organization }}
}

// catalogued are the books of shelves by way of a table: the books themselves.
func catalogued() listing.Children[*book] {
	return listing.Children[*book]{List: bookList(), Through: &listing.Through{Name: "catalogue", Join: func(s *sql.Selector) string {
		t := sql.Dialect(s.Dialect()).Table("books").As("c")
		s.Join(t).On(s.C("id"), t.C("id"))
		return t.C("shelf_id")
	}}}
}
