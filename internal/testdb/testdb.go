// Package testdb provides each test with a fresh, migrated database of its own,
// on SQLite and on Postgres.
//
// SQLite needs nothing. Postgres is the server named by the environment
// variable PORTICO_TEST_POSTGRES, which internal/testdb/withpg starts for one
// run of the tests:
//
//	go run ./internal/testdb/withpg go test ./...
//
// Without the variable the tests run on SQLite only; with CI=true in the
// environment they fail.
package testdb

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"portico/internal/database"
	"portico/migrate"
)

// Variable is the environment variable with the Postgres server's URL. The user
// must be allowed to create databases.
const Variable = "PORTICO_TEST_POSTGRES"

// Each runs f as the subtests "sqlite" and "postgres", each with the URL of a
// fresh, migrated database that is deleted when the subtest ends.
func Each(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t)) })
	if required(t) {
		t.Run("postgres", func(t *testing.T) {
			url, _ := Postgres(t)
			f(t, url)
		})
	}
}

// EachEmpty is Each with databases in which no migration has run.
func EachEmpty(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, EmptySQLite(t)) })
	if required(t) {
		t.Run("postgres", func(t *testing.T) {
			url, _ := EmptyPostgres(t)
			f(t, url)
		})
	}
}

// SQLite returns the URL of a migrated file in the test's own directory.
func SQLite(t testing.TB) string {
	t.Helper()
	content, err := migratedFile()
	if err != nil {
		t.Fatalf("migrating an SQLite file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "portico.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// EmptySQLite returns the URL of a file that does not exist yet.
func EmptySQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "portico.db")
}

// Postgres returns the URL of a migrated database. ok is false if there is no
// server; with CI=true the test fails instead.
func Postgres(t testing.TB) (url string, ok bool) {
	t.Helper()
	return temporary(t, func(ctx context.Context, s server) (string, error) { return s.template(ctx) })
}

// EmptyPostgres is Postgres with an empty database.
func EmptyPostgres(t testing.TB) (url string, ok bool) {
	t.Helper()
	return temporary(t, func(context.Context, server) (string, error) { return "template0", nil })
}

// EachLocale is Each, and runs a test once more on a Postgres database with the locale
// that the documentation wants. Those of other tests have C, which knows no letters but
// those of English.
func EachLocale(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	Each(t, f)
	if required(t) {
		t.Run("postgres in C.UTF-8", func(t *testing.T) {
			url, _ := temporary(t, func(context.Context, server) (string, error) { return "template0 LOCALE 'C.UTF-8'", nil })
			if err := migrated(t.Context(), url); err != nil {
				t.Fatalf("migrating a Postgres database: %v", err)
			}
			f(t, url)
		})
	}
}

// Open opens the database until the end of the test.
func Open(t testing.TB, url string) *database.DB {
	t.Helper()
	return OpenWith(t, url, database.Options{})
}

// OpenWith is Open with options. It allows transactions to stay open for longer
// than a server would, which some tests do on purpose.
func OpenWith(t testing.TB, url string, o database.Options) *database.DB {
	t.Helper()
	if o.Abandoned == 0 {
		o.Abandoned = time.Minute
	}
	db, err := database.Open(context.Background(), url, o)
	if err != nil {
		t.Fatalf("opening a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing a test database: %v", err)
		}
	})
	return db
}

// required reports whether there is a Postgres server, and ends the test if
// there must be one.
func required(t testing.TB) bool {
	t.Helper()
	if os.Getenv(Variable) != "" {
		return true
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not set: in CI the tests run on Postgres too", Variable)
	}
	return false
}

func temporary(t testing.TB, origin func(context.Context, server) (string, error)) (string, bool) {
	t.Helper()
	if !required(t) {
		return "", false
	}
	s := server{url: os.Getenv(Variable)}
	ctx := context.Background()
	from, err := origin(ctx, s)
	if err != nil {
		t.Fatalf("preparing a Postgres database: %v", err)
	}
	url, drop, err := s.create(ctx, from)
	if err != nil {
		t.Fatalf("creating a Postgres database: %v", err)
	}
	t.Cleanup(func() {
		if err := drop(ctx); err != nil {
			t.Errorf("dropping a Postgres database: %v", err)
		}
	})
	return url, true
}

// migratedFile is the content of a migrated SQLite file, created once per
// process: copying it takes a tenth of the time of migrating.
var migratedFile = sync.OnceValues(func() (content []byte, err error) {
	folder, err := os.MkdirTemp("", "portico-template-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := os.RemoveAll(folder); err == nil {
			err = e
		}
	}()
	path := filepath.Join(folder, "template.db")
	if err := migrated(context.Background(), "sqlite:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// migrated opens a database, migrates it and closes it.
func migrated(ctx context.Context, url string) error {
	db, err := database.Open(ctx, url, database.Options{})
	if err != nil {
		return err
	}
	if _, err := migrate.Up(ctx, db); err != nil {
		_ = db.Close() // the first error is the one to return
		return err
	}
	return db.Close()
}
