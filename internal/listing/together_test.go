package listing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/rowscan"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/testdb"
)

// counting counts the statements that are sent.
type counting struct {
	dialect.Driver
	texts []string
	err   error
}

func (c *counting) Query(ctx context.Context, text string, args, v any) error {
	c.texts = append(c.texts, text)
	if c.err != nil {
		return c.err
	}
	return c.Driver.Query(ctx, text, args, v)
}

// Reads that run together find what each finds by itself, whatever they are and
// however many rows each has. On Postgres their first statements are one, up to six.
func TestTogether(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		l := newLibrary(t, url)
		sent := &counting{Driver: l.driver}
		l.driver = sent
		ctx, random := l.as(t, l.books[0]), rand.New(rand.NewPCG(3, 4))
		for round := range 60 {
			reads := make([]func(context.Context) any, 1+random.IntN(9))
			for i := range reads {
				reads[i] = l.randomRead(random)
			}
			alone := make([]any, len(reads))
			for i, read := range reads {
				alone[i] = read(ctx)
			}
			before := len(sent.texts)
			for range 2 { // the second time as one
				before = len(sent.texts)
				together := make([]any, len(reads))
				all := make([]func(context.Context), len(reads))
				for i, read := range reads {
					all[i] = func(ctx context.Context) { together[i] = read(ctx) }
				}
				listing.Together(ctx, all...)
				if !reflect.DeepEqual(alone, together) {
					t.Fatalf("round %d: %v together, %v alone", round, together, alone)
				}
			}
			if texts := sent.texts[before:]; l.driver.Dialect() == dialect.Postgres {
				first := 0
				for _, text := range texts {
					if len(text) > 8<<10 {
						t.Errorf("round %d: a text of %d bytes", round, len(text))
					}
					if strings.Contains(text, "UNION ALL") {
						first++
					}
				}
				if first > (len(reads)+5)/6 {
					t.Errorf("round %d: %d statements for %d reads", round, first, len(reads))
				}
			}
		}
	})
}

// randomRead returns a read and what it found, as a value that can be compared.
func (l *library) randomRead(random *rand.Rand) func(context.Context) any {
	shelf, first, from := l.shelves[random.IntN(len(l.shelves))], 1+random.IntN(9), random.IntN(3)
	o := listing.Order{By: []string{"NAME", "MADE", "PAGES"}[random.IntN(3)], Desc: random.IntN(2) == 0}
	page := func(ctx context.Context, a paging.Args) (*paging.Page[*book], error) {
		req := listing.Request{Args: a, Columns: []string{"name", "pages"}, Wanted: paging.Wanted{Info: true, Total: from == 0}}
		req.Edges = []listing.Edge{l.byAuthor(ctx, []string{"name"}, func(*author) {})}
		pages, err := listing.ReadPages(ctx, l.reader, onShelves(), listing.All(l.bookQuery), []uuid.UUID{shelf}, o, req)
		return pages[shelf], err
	}
	switch random.IntN(5) {
	case 0:
		id := l.books[random.IntN(len(l.books))].id
		return func(ctx context.Context) any {
			got, err := listing.ReadByID(ctx, l.reader, bookList(), l.bookQuery, []uuid.UUID{id}, []string{"name"}, l.byAuthor(ctx, nil, func(*author) {}))
			return describe(got[id], err)
		}
	case 1: // an argument that is not valid, and no statement
		cursor := "x"
		return func(ctx context.Context) any {
			_, err := page(ctx, paging.Args{First: &first, After: &cursor})
			return fmt.Sprint(err)
		}
	case 2:
		counts := listing.Computed[*book]{Name: "books of a shelf", Query: l.bookQuery, Column: "shelf_id", Values: []string{"n"}, Select: func(s *sql.Selector, _ any) {
			s.AppendSelectExprAs(sql.Expr(sql.Count("*")), "n")
		}}
		return func(ctx context.Context) any {
			var of uuid.UUID
			var n int
			got := map[uuid.UUID]int{}
			err := counts.Read(ctx, l.reader, l.shelves, []any{rowscan.Into(&of, rowscan.ID), rowscan.Into(&n, rowscan.Int)}, func() { got[of] = n })
			return fmt.Sprint(got, err)
		}
	default: // a page and the one behind it, by two statements
		return func(ctx context.Context) any {
			start, err := page(ctx, paging.Args{First: &first})
			if err != nil || start.PageInfo.EndCursor == nil {
				return describe(start, err)
			}
			next, err := page(ctx, paging.Args{First: &first, After: start.PageInfo.EndCursor})
			return describe(start, err) + describe(next, err)
		}
	}
}

// describe returns everything that was found.
func describe(found any, err error) string {
	switch found := found.(type) {
	case *book:
		if found == nil {
			return fmt.Sprint("none ", err)
		}
		b := *found
		b.joined = nil
		return fmt.Sprintf("%+v by %+v, %v; ", b, found.joined, err)
	case *paging.Page[*book]:
		info, _ := json.Marshal(found.PageInfo)
		out := fmt.Sprintf("%d books, %s, %v: ", found.TotalCount, info, err)
		for _, b := range found.Nodes {
			out += describe(b, nil)
		}
		return out
	}
	return fmt.Sprint(found, err)
}

// If their statement fails, every read returns the error.
func TestReadsThatFailTogether(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		l := newLibrary(t, url)
		broken := &counting{Driver: l.driver, err: errors.New("out of order")}
		l.driver = broken
		var errs []error
		read := func(ctx context.Context) {
			_, err := listing.ReadByID(ctx, l.reader, bookList(), l.bookQuery, []uuid.UUID{l.books[0].id}, nil)
			errs = append(errs, err)
		}
		listing.Together(l.as(t, l.books[0]), read, read, read)
		errs, broken.texts = nil, nil
		listing.Together(l.as(t, l.books[0]), read, read, read)
		statements := map[string]int{dialect.Postgres: 1, dialect.SQLite: 3}[broken.Dialect()]
		if !slices.Equal(errs, []error{broken.err, broken.err, broken.err}) || len(broken.texts) != statements {
			t.Errorf("%v after %d statements", errs, len(broken.texts))
		}
	})
}
