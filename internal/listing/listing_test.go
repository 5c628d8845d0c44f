package listing_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/internal/fault"
	"portico/internal/listing"
	"portico/internal/paging"
)

// row is a row that no database has.
type row struct {
	id     uuid.UUID
	text   string
	at     time.Time
	number int64
}

type keys struct{}

func (keys) CursorKey() (id string, secret []byte) { return "k", []byte("secret") }

func (keys) CursorKeyByID(id string) (secret []byte, ok bool) { return []byte("secret"), id == "k" }

func reader() listing.Reader {
	return listing.Reader{Keys: keys{}, Fault: func(err error) error { return err }}
}

// byID is a list that is ordered by the id alone.
func byID() listing.List[*row] {
	return listing.List[*row]{
		Name: "rows",
		ID:   func(r *row) uuid.UUID { return r.id },
		Keys: []listing.Key[*row]{{Column: "id", Value: func(r *row) any { return r.id }}},
	}
}

// noQuery fails a test that reads.
type noQuery struct{ *testing.T }

func (q noQuery) Statement(context.Context, []string) (*sql.Selector, error) {
	q.Error("the database was asked")
	return nil, errors.New("asked")
}
func (noQuery) Columns() []string                   { return nil }
func (noQuery) Assign(string) func(*row, any) error { return nil }
func (noQuery) Row([]string) *row                   { return nil }
func (noQuery) Driver() dialect.Driver              { return nil }

func readNothing(t *testing.T, l listing.List[*row], o listing.Order, args paging.Args) error {
	t.Helper()
	_, err := listing.ReadPage(t.Context(), reader(), l, listing.All(func() listing.Query[*row] { return noQuery{t} }), o, listing.Request{Args: args})
	return err
}

// An order that a list does not have is an error, not another order.
func TestUnknownOrderIsRefused(t *testing.T) {
	if err := readNothing(t, byID(), listing.Order{By: "NAME"}, paging.Args{}); err == nil || fault.Is(err, fault.CodeBadUserInput) {
		t.Errorf("the order by an unknown key: %v", err)
	}
}

// A cursor whose value is not one of the key's type is refused before the
// database sees it.
func TestCursorOfAnotherTypeIsRefused(t *testing.T) {
	for _, kind := range []listing.Type{listing.Time, listing.Number} {
		l := byID()
		l.Keys = []listing.Key[*row]{{Name: "A", Column: "a", Type: kind}}
		for _, value := range []string{"", "x", "12 ", "2026-01-02"} {
			cursor := paging.Seal(paging.Key{ID: "k", Secret: []byte("secret")}, "rows|a|false", paging.Place{Value: value, ID: uuid.New()})
			if err := readNothing(t, l, listing.Order{}, paging.Args{After: &cursor}); !fault.Is(err, fault.CodeBadUserInput) {
				t.Errorf("%q as a %v: %v", value, kind, err)
			}
		}
	}
}

// Cursors of a previous release stay valid: what they are bound to and what
// they hold does not change.
func TestCursorsAreThoseOfPreviousReleases(t *testing.T) {
	r := &row{id: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"), text: "Åcme", at: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600)), number: 7}
	for _, c := range []struct {
		key        listing.Key[*row]
		name, text string
	}{
		{listing.Key[*row]{Column: "name_folded", Value: func(r *row) any { return r.text }}, "rows|name_folded|false", "Åcme"},
		{listing.Key[*row]{Column: "created_at", Type: listing.Time, Value: func(r *row) any { return r.at }}, "rows|created_at|false", "2026-01-02T02:04:05.000006Z"},
		{listing.Key[*row]{Column: "position", Type: listing.Number, Value: func(r *row) any { return r.number }}, "rows|position|false", "7"},
	} {
		l := byID()
		l.Keys = []listing.Key[*row]{c.key}
		page, err := listing.PageOf(reader(), l, []*row{r}, listing.Request{Wanted: paging.Wanted{Info: true}})
		if err != nil {
			t.Fatal(err)
		}
		place, err := paging.Open(func(id string) (paging.Key, bool) { return paging.Key{ID: id, Secret: []byte("secret")}, id == "k" }, c.name, *page.PageInfo.EndCursor)
		if want := (paging.Place{Value: c.text, ID: r.id}); err != nil || place != want {
			t.Errorf("%+v (%v), not %+v", place, err, want)
		}
	}
}

// Pages of rows in memory, followed by their cursors in either direction, are
// the rows.
func TestPagesOfRowsCoverThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := make([]*row, rapid.IntRange(0, 12).Draw(t, "rows"))
		for i := range rows {
			rows[i] = &row{id: uuid.UUID{15: byte(i)}}
		}
		size, backward := rapid.IntRange(1, 5).Draw(t, "size"), rapid.Bool().Draw(t, "backward")
		var got []*row
		var cursor *string
		for {
			args := paging.Args{First: &size, After: cursor}
			if backward {
				args = paging.Args{Last: &size, Before: cursor}
			}
			page, err := listing.PageOf(reader(), byID(), rows, listing.Request{Args: args, Wanted: paging.Wanted{Info: true}})
			if err != nil || page.TotalCount != len(rows) {
				t.Fatalf("%d rows (%v)", page.TotalCount, err)
			}
			if backward {
				got, cursor = append(slices.Clone(page.Nodes), got...), page.PageInfo.StartCursor
			} else {
				got, cursor = append(got, page.Nodes...), page.PageInfo.EndCursor
			}
			if more := page.PageInfo.HasNextPage || backward; !more || backward && !page.PageInfo.HasPreviousPage {
				break
			}
		}
		if !slices.Equal(got, rows) {
			t.Fatalf("%d rows by %d are %d", len(rows), size, len(got))
		}
	})
}
