package database_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"portico/internal/database"
	"portico/internal/testdb"
)

// open opens an empty database with one table of two rows.
func open(t testing.TB, url string, o database.Options) *database.DB {
	t.Helper()
	db := testdb.OpenWith(t, url, o)
	must(t, db, "CREATE TABLE fruit (id integer PRIMARY KEY, name varchar(50) NOT NULL)")
	must(t, db, "CREATE UNIQUE INDEX fruit_name ON fruit (name)")
	must(t, db, "INSERT INTO fruit (id, name) VALUES ($1, $2), ($3, $4)", 1, "apple", 2, "pear")
	return db
}

func must(t testing.TB, db *database.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func count(t testing.TB, db *database.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM fruit").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenRefuses(t *testing.T) {
	for name, url := range map[string]string{
		"other scheme":   "mysql://root:hunter2@host/db",
		"nothing":        "",
		"memory":         "sqlite::memory:",
		"no path":        "sqlite:",
		"a folder":       "sqlite:" + t.TempDir(),
		"a device":       "sqlite:/dev/null",
		"missing folder": "sqlite:" + filepath.Join(t.TempDir(), "no", "such", "portico.db"),
		"malformed":      "postgres://user:hunter2@ho st/db",
		"nobody there":   "postgres://user:hunter2@127.0.0.1:1/db",
	} {
		t.Run(name, func(t *testing.T) {
			db, err := database.Open(context.Background(), url, database.Options{})
			if err == nil {
				t.Fatal("opened", db.Close())
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error contains the password: %v", err)
			}
		})
	}
}

func TestSQLiteFileIsPrivate(t *testing.T) {
	url := testdb.EmptySQLite(t)
	open(t, url, database.Options{})
	for _, end := range []string{"", "-wal"} {
		info, err := os.Stat(strings.TrimPrefix(url, "sqlite:") + end)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("portico.db%s has mode %v", end, info.Mode())
		}
	}
}

func TestConcurrentOpensOfOneFile(t *testing.T) {
	url := testdb.EmptySQLite(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			db, err := database.Open(context.Background(), url, database.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestQueriesDoNotWaitForTheWriter(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		db := open(t, url, database.Options{})
		err := db.InTx(context.Background(), func(tx *database.Tx) error {
			if _, err := tx.ExecContext(context.Background(), "INSERT INTO fruit VALUES ($1, $2)", 3, "fig"); err != nil {
				return err
			}
			if n := count(t, db); n != 2 {
				t.Errorf("outside the transaction %d rows are seen, want 2", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db); n != 3 {
			t.Errorf("after it %d rows, want 3", n)
		}
	})
}

func TestQueryThatWrites(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		db := open(t, url, database.Options{})
		var id int
		row := db.QueryRowContext(context.Background(), "INSERT INTO fruit VALUES ($2, $1) RETURNING id", "fig", 3)
		if err := row.Scan(&id); err != nil || id != 3 {
			t.Fatalf("id %d, %v", id, err)
		}
	})
}

func TestObserverSeesEveryStatement(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		var mu sync.Mutex
		var seen []string
		db := testdb.OpenWith(t, url, database.Options{OnStatement: func(_ context.Context, query string) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, query)
		}})
		ctx := context.Background()
		must(t, db, "CREATE TABLE t (n integer)")
		tx, err := db.Driver().Tx(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Exec(ctx, "INSERT INTO t VALUES (1)", []any{}, nil); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		failure := errors.New("no")
		if err := db.InTx(ctx, func(*database.Tx) error { return failure }); !errors.Is(err, failure) {
			t.Fatal(err)
		}
		want := "CREATE TABLE t (n integer)|BEGIN|INSERT INTO t VALUES (1)|COMMIT|BEGIN|ROLLBACK"
		if got := strings.Join(seen, "|"); got != want {
			t.Errorf("seen %s, want %s", got, want)
		}
	})
}

func TestReadOnlyTransaction(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		db := open(t, url, database.Options{})
		tx, err := db.Begin(context.Background(), &sql.TxOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(context.Background(), "DELETE FROM fruit"); err == nil {
			t.Error("a read-only transaction has deleted")
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	})
}
