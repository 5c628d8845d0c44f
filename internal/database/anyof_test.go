package database_test

import (
	"context"
	"slices"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/testdb"
)

func TestAnyOf(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		db := testdb.Open(t, url)
		must(t, db, "CREATE TABLE pet (id uuid PRIMARY KEY, name varchar(50) NOT NULL)")
		ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
		names := []string{`Rex`, `O'Neil "{,}"`, "Żółw"}
		for n := range ids {
			must(t, db, "INSERT INTO pet VALUES ($1, $2)", ids[n], names[n])
		}
		texts := map[string]bool{}
		for n := range 4 {
			for _, p := range []func(*entsql.Selector){
				database.AnyOf("id", append(slices.Clone(ids[:n]), uuid.New())),
				database.AnyOf("name", append(slices.Clone(names[:n]), "nobody")),
			} {
				got, text := namesOf(t, db, p)
				texts[text] = true
				if !slices.Equal(got, slices.Sorted(slices.Values(names[:n]))) {
					t.Errorf("the first %d: %q", n, got)
				}
			}
		}
		if len(texts) != 2 {
			t.Errorf("the texts depend on the number of values: %v", texts)
		}
		if got, _ := namesOf(t, db, database.AnyOf("id", []uuid.UUID(nil))); len(got) != 0 {
			t.Errorf("no values match %q", got)
		}
	})
}

func namesOf(t *testing.T, db *database.DB, p func(*entsql.Selector)) (names []string, text string) {
	t.Helper()
	s := entsql.Dialect(db.Dialect()).Select("name").From(entsql.Table("pet")).Where(entsql.NEQ("name", "Bello"))
	p(s)
	text, args := s.Query()
	var rows entsql.Rows
	if err := db.Driver().Query(context.Background(), text, args, &rows); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	if err := entsql.ScanSlice(rows, &names); err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names, text
}
