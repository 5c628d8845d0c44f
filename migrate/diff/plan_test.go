package main

import (
	"context"
	"strings"
	"testing"

	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"

	"portico/ent/db/migrate"
	"portico/internal/testdb"
)

// The migrations lead to the schema that ent's code expects.
func TestNoDrift(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		text, err := plan(context.Background(), testdb.Open(t, url), migrate.Tables)
		if err != nil {
			t.Fatal(err)
		}
		if text != "" {
			t.Errorf("the migrations lack this; write it with go run ./migrate/diff NAME:\n%s", text)
		}
	})
}

// An additional table in the schema is a difference, one in the database is not.
func TestDriftIsSeen(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := testdb.Open(t, url)
		if _, err := db.ExecContext(ctx, "CREATE TABLE by_hand (id integer PRIMARY KEY)"); err != nil {
			t.Fatal(err)
		}
		id := &schema.Column{Name: "id", Type: field.TypeUUID}
		name := &schema.Column{Name: "name", Type: field.TypeString, Size: 255}
		table := schema.NewTable("things").AddPrimary(id).AddColumn(name)
		text, err := plan(ctx, db, []*schema.Table{table})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "CREATE TABLE") || !strings.Contains(text, "things") || strings.Contains(text, "by_hand") {
			t.Fatalf("the plan is:\n%s", text)
		}
		if _, err := db.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
		if text, err = plan(ctx, db, []*schema.Table{table}); err != nil || text != "" {
			t.Errorf("after it there is still (%v):\n%s", err, text)
		}
	})
}

// A condition of an index or a CHECK is compared by meaning, not by how the
// database spells it.
func TestConditions(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := testdb.Open(t, url)
		wanted := func(live, all string) []*schema.Table {
			status := &schema.Column{Name: "status", Type: field.TypeString, Size: 255}
			table := schema.NewTable("orders").AddPrimary(&schema.Column{Name: "id", Type: field.TypeUUID}).AddColumn(status)
			table.Annotation = &entsql.Annotation{Checks: map[string]string{"orders_status": all}}
			table.Indexes = []*schema.Index{{Name: "orders_live", Unique: true, Columns: []*schema.Column{status},
				Annotation: &entsql.IndexAnnotation{Where: live}}}
			return []*schema.Table{table}
		}
		const live, all = "status IN ('OPEN', 'PAID')", "status IN ('OPEN', 'PAID', 'GONE')"
		text, err := plan(ctx, db, wanted(live, all))
		if err != nil || !strings.Contains(text, "WHERE status IN ('OPEN', 'PAID')") {
			t.Fatalf("the plan is (%v):\n%s", err, text)
		}
		if _, err := db.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
		if text, err = plan(ctx, db, wanted(live, all)); err != nil || text != "" {
			t.Errorf("unchanged, but the plan is (%v):\n%s", err, text)
		}
		if text, err = plan(ctx, db, wanted("status IN ('OPEN', 'GONE')", all)); err != nil || !strings.Contains(text, "GONE") {
			t.Errorf("changed, but the plan is (%v):\n%s", err, text)
		}
		if text, err = plan(ctx, db, wanted(live, "status IN ('OPEN', 'LOST')")); err != nil || !strings.Contains(text, "LOST") {
			t.Errorf("CHECK changed, but the plan is (%v):\n%s", err, text)
		}
	})
}
