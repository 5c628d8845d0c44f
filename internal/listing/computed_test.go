package listing_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/rowscan"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/testdb"
)

// booksOf are the numbers of an author's books, and of those made until the time of
// reading.
func (l *library) booksOf(names ...string) listing.Computed[*book] {
	return listing.Computed[*book]{Name: "books", Query: l.bookQuery, Column: "author_id", Values: names, Select: func(s *sql.Selector, now any) {
		for _, name := range names {
			s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
				b.WriteString("COUNT(*)")
				if name == "made" {
					b.WriteString(" FILTER (WHERE " + s.C("made_at") + " <= ").Arg(now).WriteString(")")
				}
			}), name)
		}
	}}
}

// Values that are computed with the rows are those of the objects, of what the viewer
// may see, for each way of reading rows; rows are neither lost nor multiplied.
func TestComputedWithTheRows(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		l := newLibrary(t, url)
		now := readAt().Add(-2 * time.Second)
		l.reader.Now = func() time.Time { return now }
		for _, owner := range l.books[:2] {
			ctx := l.as(t, owner)
			for _, names := range [][]string{{"all", "made"}, {"made"}, {}} {
				type numbers struct{ all, made int }
				want := map[uuid.UUID]numbers{}
				for _, a := range l.authors {
					if a.organization != owner.organization {
						continue
					}
					var n numbers
					for _, b := range l.books {
						if b.author == a.id && b.organization == owner.organization && len(names) > 0 {
							if len(names) == 2 {
								n.all++
							}
							if !b.made.After(now) {
								n.made++
							}
						}
					}
					want[a.id] = n
				}
				edge := l.booksOf(names...).Edge(ctx, func() ([]any, func() any) {
					var n numbers
					cells := map[string]any{"all": rowscan.Into(&n.all, rowscan.Int), "made": rowscan.Into(&n.made, rowscan.Int)}
					var some []any
					for _, name := range names {
						some = append(some, cells[name])
					}
					return some, func() any { return n }
				})
				for way, read := range l.readingAuthors() {
					got := map[uuid.UUID]numbers{}
					rows := read(ctx, t, edge)
					for _, a := range rows {
						got[a.id] = a.computed.(numbers)
					}
					if !maps.Equal(want, got) || len(rows) != len(want) {
						t.Errorf("%s, %v: %v, not %v", way, names, got, want)
					}
				}
			}
		}
	})
}

// readingAuthors returns the ways to read all authors that the viewer may see.
func (l *library) readingAuthors() map[string]func(context.Context, *testing.T, listing.Edge) []*author {
	list := listing.List[*author]{Name: "authors", ID: func(a *author) uuid.UUID { return a.id }, Keys: []listing.Key[*author]{
		{Name: "NAME", Column: "name", Value: func(a *author) any { return a.name }},
	}}
	byOrganization := listing.Children[*author]{List: list, Column: "organization_id", Parent: func(a *author) uuid.UUID { return a.organization }}
	request := func(e listing.Edge) listing.Request {
		return listing.Request{Columns: []string{"name"}, Wanted: paging.Wanted{Total: true}, Edges: []listing.Edge{e}}
	}
	return map[string]func(context.Context, *testing.T, listing.Edge) []*author{
		"a page": func(ctx context.Context, t *testing.T, e listing.Edge) []*author {
			p, err := listing.ReadPage(ctx, l.reader, list, listing.All(l.authorQuery), listing.Order{}, request(e))
			if err != nil {
				t.Fatal(err)
			}
			return p.Nodes
		},
		"pages": func(ctx context.Context, t *testing.T, e listing.Edge) (all []*author) {
			organizations := []uuid.UUID{l.authors[0].organization, l.authors[1].organization}
			by, err := listing.ReadPages(ctx, l.reader, byOrganization, listing.All(l.authorQuery), organizations, listing.Order{}, request(e))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range by {
				all = append(all, p.Nodes...)
			}
			return all
		},
		"ids": func(ctx context.Context, t *testing.T, e listing.Edge) (all []*author) {
			var ids []uuid.UUID
			for _, a := range l.authors {
				ids = append(ids, a.id)
			}
			by, err := listing.ReadByID(ctx, l.reader, list, l.authorQuery, ids, []string{"name"}, e)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range by {
				all = append(all, a)
			}
			return all
		},
	}
}
