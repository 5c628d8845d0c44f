package testdb_test

import (
	"context"
	"strconv"
	"testing"

	"portico/internal/testdb"
	"portico/migrate"
)

func TestEachIsFreshAndMigrated(t *testing.T) {
	testdb.Each(t, func(t *testing.T, first string) {
		ctx := context.Background()
		second := testdb.SQLite(t)
		if t.Name() == "TestEachIsFreshAndMigrated/postgres" {
			second, _ = testdb.Postgres(t)
		}
		one, two := testdb.Open(t, first), testdb.Open(t, second)
		if _, err := one.ExecContext(ctx, "CREATE TABLE mine (id integer)"); err != nil {
			t.Fatal(err)
		}
		if _, err := two.ExecContext(ctx, "SELECT count(*) FROM mine"); err == nil {
			t.Error("two tests share a database")
		}
		if applied, err := migrate.Up(ctx, two); err != nil || len(applied) != 0 {
			t.Errorf("was not migrated: %v %v", applied, err)
		}
		if _, err := two.ExecContext(ctx, "SELECT count(*) FROM schema_migrations"); err != nil {
			t.Errorf("was not migrated: %v", err)
		}
	})
}

// Many tests, as of several processes, request their databases at once.
func TestConcurrentDatabases(t *testing.T) {
	if _, ok := testdb.Postgres(t); !ok {
		t.Skip("without a server there is nothing to share")
	}
	for n := range 4 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			url, _ := testdb.Postgres(t)
			testdb.Open(t, url)
		})
	}
}
