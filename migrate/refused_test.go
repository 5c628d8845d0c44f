package migrate_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/database"
	"portico/internal/testdb"
	"portico/migrate"
)

// If the first table cannot be created, the cause is returned, and the
// connection is released: another attempt does not wait for it.
func TestTheFirstTableCannotBeMade(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, address string) {
		db := testdb.OpenWith(t, address, database.Options{MaxConns: 1})
		for _, statement := range []string{`CREATE TABLE x (a integer)`, `CREATE INDEX schema_migrations ON x (a)`} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if _, err := migrate.Up(t.Context(), db); err == nil || !strings.Contains(err.Error(), "schema_migrations") {
				t.Errorf("got %v", err)
			}
		}
	})
}

// On Postgres 15 only the owner of a database may create tables in it.
func TestAUserWithoutTheRightToCreate(t *testing.T) {
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no users")
	}
	owner := testdb.Open(t, address)
	role := "guest_of_" + nameOf(t, address)
	for _, statement := range []string{
		`CREATE ROLE ` + role + ` LOGIN`, `REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
	} {
		if _, err := owner.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if _, err := owner.ExecContext(context.Background(), `DROP ROLE `+role); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	_, err = migrate.Up(t.Context(), testdb.Open(t, u.String()))
	if err == nil || !strings.Contains(err.Error(), "permission denied for schema public") || !strings.Contains(err.Error(), "GRANT CREATE ON SCHEMA public") {
		t.Errorf("got %v", err)
	}
}

// nameOf returns the database's name in a URL.
func nameOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// A process whose context ends while another process migrates stops waiting.
func TestStoppedWhileAnotherMigrates(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, address string) {
		holder := testdb.Open(t, address)
		tx, err := holder.Begin(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if holder.Dialect() == "postgres" {
			if _, err := tx.ExecContext(t.Context(), "SELECT pg_advisory_xact_lock($1)", int64(0x706f727469636f)); err != nil {
				t.Fatal(err)
			}
		}
		db := testdb.Open(t, address)
		ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond) // it waits as long as the lock is taken
		defer stop()
		if _, err := migrate.Up(ctx, db); !database.IsUnavailable(err) {
			t.Errorf("got %v", err)
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
}

// Who may create tables alone needs the owner for the extension, once; the error says so.
func TestAUserWithoutTheRightToCreateExtensions(t *testing.T) {
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no users")
	}
	owner := testdb.Open(t, address)
	role := "tenant_of_" + nameOf(t, address)
	exec := func(statement string) {
		t.Helper()
		if _, err := owner.ExecContext(database.Patient(context.Background(), time.Minute), statement); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE ROLE ` + role + ` LOGIN`)
	exec(`GRANT CREATE, USAGE ON SCHEMA public TO ` + role)
	t.Cleanup(func() {
		exec(`REASSIGN OWNED BY ` + role + ` TO CURRENT_USER`)
		exec(`DROP OWNED BY ` + role)
		exec(`DROP ROLE ` + role)
	})
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	db := testdb.Open(t, u.String())
	_, err = migrate.Up(t.Context(), db)
	if err == nil || !strings.Contains(err.Error(), "permission denied to create extension") || !strings.Contains(err.Error(), "run CREATE EXTENSION pg_trgm") {
		t.Fatalf("got %v", err)
	}
	exec(`CREATE EXTENSION pg_trgm`)
	if _, err = migrate.Up(t.Context(), db); err != nil {
		t.Errorf("with the extension: %v", err)
	}
}
