package listing

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/viewer"
)

// What is asked for is read with the id and what the list needs, each once.
func TestColumnsWith(t *testing.T) {
	if got := columnsWith(nil, "a"); got != nil {
		t.Errorf("all columns are %v", got)
	}
	if got, want := columnsWith([]string{"b", "c", "id", "c"}, "a", "b"), []string{"id", "a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// record is a row of the table records.
type record struct{ id uuid.UUID }

// query is a query of records that a policy restricts to the viewer's
// organization; where restricts it further.
type query struct {
	dialect string
	where   func(*sql.Selector)
	asked   *int
}

func (q query) Statement(ctx context.Context, columns []string) (*sql.Selector, error) {
	*q.asked++
	t := sql.Dialect(q.dialect).Table("records")
	s := sql.Dialect(q.dialect).Select(t.Columns(columns...)...).From(t)
	q.where(s)
	s.Where(sql.EQ(s.C("organization_id"), viewer.Current(ctx).OrganizationID))
	return s, s.Err()
}
func (query) Columns() []string                      { return []string{"id"} }
func (query) Assign(string) func(*record, any) error { return func(*record, any) error { return nil } }
func (query) Row([]string) *record                   { return &record{} }
func (q query) Driver() dialect.Driver               { return sql.OpenDB(q.dialect, nil) }
func everything(*sql.Selector)                       {}
func narrowed(column string, v any) func(*sql.Selector) {
	return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), v)) }
}

// prepared returns the statement for a viewer of an organization.
func prepared(t *testing.T, r Reader, q query, organization uuid.UUID) *statement[*record] {
	t.Helper()
	ctx := viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Admin, OrganizationID: organization})
	s, err := draft[*record]{
		shape: shape{list: "records"}, source: All(func() Query[*record] { return q }), asked: []string{"name"}, complete: func(s *sql.Selector) {
			s.Where(sql.EQ(s.C("parent_id"), idSlot))
		},
	}.prepare(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// One statement serves two organizations; their ids are arguments.
func TestStatementsAreShared(t *testing.T) {
	for _, name := range []string{dialect.Postgres, dialect.SQLite} {
		r, asked := Reader{Statements: NewStatements()}, 0
		q := query{name, narrowed("kind", "TEXT"), &asked}
		first := prepared(t, r, q, uuid.New())
		second := prepared(t, r, q, uuid.New())
		if first != second || asked != 1 {
			t.Errorf("%s: built %d times", name, asked)
		}
		if want := []any{"TEXT", organizationSlot, idSlot}; !slices.Equal(first.args, want) {
			t.Errorf("%s: the arguments are %v, not %v", name, first.args, want)
		}
		v := values{viewer: viewer.Viewer{OrganizationID: uuid.New()}, ids: []uuid.UUID{uuid.New()}}
		if v.of(organizationSlot, name) != v.viewer.OrganizationID || v.of(idSlot, name) != v.ids[0] {
			t.Error("the slots have other values")
		}
	}
}

// A statement with a value that only this request may have serves no other.
func TestStatementsWithValuesOfARequestAreNotKept(t *testing.T) {
	for name, v := range map[string]any{"an id": uuid.New(), "a time": time.Now(), "a list of ids": database.List(dialect.Postgres, []uuid.UUID{uuid.New()}), "a list of texts": database.List(dialect.SQLite, []string{"x"}), "a slice": []string{"x"}, "a pointer": new(string)} {
		r, asked := Reader{Statements: NewStatements()}, 0
		q := query{dialect.Postgres, narrowed("secret", v), &asked}
		prepared(t, r, q, uuid.New())
		prepared(t, r, q, uuid.New())
		if asked != 2 {
			t.Errorf("a statement with %s is kept", name)
		}
	}
}

// Nor does one with a filter that is too long to be kept for it.
func TestStatementsWithLongFiltersAreNotKept(t *testing.T) {
	const quotes = 2
	for length, want := range map[int]int{maxFilter - quotes: 1, maxFilter - quotes + 1: 2} {
		r, asked := Reader{Statements: NewStatements()}, 0
		for range 2 {
			ctx := viewer.NewContext(t.Context(), viewer.Viewer{OrganizationID: uuid.New()})
			src := Filtered(strings.Repeat("x", length), func(string) Query[*record] { return query{dialect.SQLite, everything, &asked} })
			if _, err := (draft[*record]{shape: shape{list: "records"}, source: src, complete: everything}).prepare(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		if asked != want {
			t.Errorf("a statement with a filter of %d characters is built %d times, not %d", length, asked, want)
		}
	}
}

// Each slot stands for its own value.
func TestValuesOfSlots(t *testing.T) {
	v := values{viewer: viewer.Viewer{OrganizationID: uuid.New(), AccountID: uuid.New(), UserID: uuid.New()}, now: time.Now()}
	for s, want := range map[slot]any{organizationSlot: v.viewer.OrganizationID, accountSlot: v.viewer.AccountID, userSlot: v.viewer.UserID, nowSlot: v.now} {
		if got := v.of(s, dialect.SQLite); got != want {
			t.Errorf("the slot %d is %v, not %v", s, got, want)
		}
	}
}

// Each argument occurs once if placeholders have numbers.
func TestDistinctArguments(t *testing.T) {
	text, args := distinct("a = $1 AND b = $2 AND c = $3 AND d = $4 AND e = $11", []any{
		organizationSlot, "x", organizationSlot, "x", 5, 6, 7, 8, 9, 10, idSlot,
	})
	if want := "a = $1 AND b = $2 AND c = $1 AND d = $3 AND e = $10"; text != want {
		t.Errorf("%s, not %s", text, want)
	}
	if want := []any{organizationSlot, "x", "x", 5, 6, 7, 8, 9, 10, idSlot}; !slices.Equal(args, want) {
		t.Errorf("%v, not %v", args, want)
	}
	if text, args = distinct("a = ? AND b = ?", []any{idSlot, idSlot}); text != "a = ? AND b = ?" || len(args) != 2 {
		t.Error("placeholders without numbers changed")
	}
}

// A filter of which JSON leaves something out does not identify a statement.
func TestFiltersMarshalWhole(t *testing.T) {
	type hidden struct{ text string }
	type renamed struct {
		Text string `json:"-"`
	}
	type good struct {
		Text *string
		At   *time.Time
		IDs  []string
		Kind struct{ Name string }
	}
	for filter, whole := range map[any]bool{hidden{}: false, renamed{}: false, "x": true, uuid.New(): true} {
		if marshalsWhole(reflect.TypeOf(filter)) != whole {
			t.Errorf("%T: not %v", filter, whole)
		}
	}
	if !marshalsWhole(reflect.TypeFor[good]()) || marshalsWhole(reflect.TypeFor[map[string]any]()) {
		t.Error("a filter is judged wrongly")
	}
	_ = hidden{text: ""}
}

// An edge's statement is restricted as its own policies say.
func TestEdgesAreRestricted(t *testing.T) {
	asked := 0
	v := viewer.Viewer{Role: viewer.Admin, OrganizationID: uuid.New()}
	ctx := viewer.NewContext(t.Context(), v)
	fresh := func() Query[*record] { return query{dialect.Postgres, everything, &asked} }
	e := EdgeTo(ctx, Reader{}, "record_id", List[*record]{}, fresh, []string{"name"}, func(*record) {})
	s, err := draft[*record]{source: All(fresh), asked: []string{"name"}, edges: []Edge{e}, complete: everything}.prepare(ctx, Reader{})
	if err != nil {
		t.Fatal(err)
	}
	const joined = `LEFT JOIN (SELECT "records"."id", "records"."name" FROM "records" WHERE "records"."organization_id" = $1) AS "of_record_id"`
	if !strings.Contains(s.text, joined) || !slices.Equal(s.args, []any{organizationSlot}) {
		t.Errorf("%s with %v", s.text, s.args)
	}
	if len(ofViewer(ctx, []Edge{e})) != 1 || ofViewer(viewer.AsSystem(ctx, v.OrganizationID), []Edge{e}) != nil {
		t.Error("what was asked for one viewer is read for another")
	}
}

// Edges are joined to the rows of the page, not to all rows before they are sorted.
func TestEdgesAreJoinedToThePage(t *testing.T) {
	asked := 0
	ctx := viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Admin, OrganizationID: uuid.New()})
	fresh := func() Query[*record] {
		return query{dialect.Postgres, database.AnyOf("kind", []string{"TEXT"}), &asked}
	}
	e := EdgeTo(ctx, Reader{}, "record_id", List[*record]{}, fresh, []string{"name"}, func(*record) {})
	order := func(c func(string) string) []string { return []string{sql.Asc(c("name"))} }
	complete := func(s *sql.Selector) {
		s.AppendSelectExprAs(sql.Raw("1"), totalColumn)
		s.OrderBy(order(s.C)...)
		s.Limit(2)
	}
	s, err := draft[*record]{
		shape: shape{total: true}, source: All(fresh), asked: []string{"name"}, edges: []Edge{e}, complete: complete, order: order,
	}.prepare(ctx, Reader{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `WITH "page" AS (SELECT "records"."id", "records"."record_id", "records"."name", 1 AS "total_count" FROM "records" ` +
		`WHERE "records"."kind" = ANY($1) AND "records"."organization_id" = $2 ORDER BY "records"."name" ASC LIMIT 2) ` +
		`SELECT "page"."id", "page"."record_id", "page"."name", "page"."total_count", "of_record_id"."id", "of_record_id"."name" FROM "page" ` +
		`LEFT JOIN (SELECT "records"."id", "records"."name" FROM "records" WHERE "records"."kind" = ANY($3) AND "records"."organization_id" = $2) AS "of_record_id" ` +
		`ON "page"."record_id" = "of_record_id"."id" ORDER BY "page"."name" ASC`
	if s.text != want {
		t.Errorf("the text is\n%s\nnot\n%s", s.text, want)
	}
}
