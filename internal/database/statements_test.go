package database_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"portico/internal/database"
	"portico/internal/testdb"
)

// queryer is what a DB and a Tx have in common.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func TestStatementIsPreparedOnce(t *testing.T) {
	url, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("only Postgres shows which statements are prepared")
	}
	ctx := context.Background()
	db := open(t, url, database.Options{MaxConns: 1})
	const query = "SELECT name FROM fruit WHERE id = $1"
	for range 3 {
		var name string
		if err := db.QueryRowContext(ctx, query, 1).Scan(&name); err != nil {
			t.Fatal(err)
		}
		err := db.InTx(ctx, func(tx *database.Tx) error { return tx.QueryRowContext(ctx, query, 2).Scan(&name) })
		if err != nil {
			t.Fatal(err)
		}
	}
	var prepared, uses int
	err := db.QueryRowContext(ctx, "SELECT count(*), sum(generic_plans + custom_plans) FROM pg_prepared_statements WHERE statement = '"+
		query+"'").Scan(&prepared, &uses)
	if err != nil || prepared != 1 || uses != 6 {
		t.Errorf("prepared %d times and used %d times, want 1 and 6 (%v)", prepared, uses, err)
	}
}

// Long texts leave room for few: what prepared statements cost Postgres grows with
// their length.
func TestPreparedTextsAreBounded(t *testing.T) {
	url, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("only Postgres shows which statements are prepared")
	}
	ctx := context.Background()
	db := open(t, url, database.Options{MaxConns: 1})
	for i := range 60 {
		var name string
		query := fmt.Sprintf("SELECT name FROM fruit WHERE id = $1 /* %d %s */", i, strings.Repeat("x", 4<<10))
		if err := db.QueryRowContext(ctx, query, 1).Scan(&name); err != nil {
			t.Fatal(err)
		}
	}
	var prepared, bytes int
	if err := db.QueryRowContext(ctx, "SELECT count(*), sum(length(statement)) FROM pg_prepared_statements").Scan(&prepared, &bytes); err != nil {
		t.Fatal(err)
	}
	if prepared < 20 || bytes > 128<<10 {
		t.Errorf("%d statements of %d bytes are prepared", prepared, bytes)
	}
}

// With room for one statement, each new text evicts one whose rows are open.
func TestEvictionSparesOpenRows(t *testing.T) {
	url := testdb.EmptySQLite(t)
	ctx := context.Background()
	db := open(t, url, database.Options{CachedStatements: 1})
	err := db.InTx(ctx, func(tx *database.Tx) error {
		outer, err := tx.QueryContext(ctx, "SELECT name FROM fruit WHERE id > $1 ORDER BY id", 0)
		if err != nil {
			return err
		}
		defer outer.Close()
		var names []string
		for outer.Next() {
			var name string
			if err := outer.Scan(&name); err != nil {
				return err
			}
			names = append(names, name)
			for n := range 3 { // other texts, and the same text again
				query := fmt.Sprintf("SELECT count(*) + %d FROM fruit WHERE id > $1", n)
				if n == 2 {
					query = "SELECT name FROM fruit WHERE id > $1 ORDER BY id"
				}
				var ignored any
				if err := tx.QueryRowContext(ctx, query, 0).Scan(&ignored); err != nil {
					return err
				}
			}
		}
		if fmt.Sprint(names) != "[apple pear]" {
			t.Errorf("read %v", names)
		}
		return outer.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Many goroutines, more texts than there is room for, transactions among them.
func TestStatementsUnderLoad(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := open(t, url, database.Options{CachedStatements: 2, MaxConns: 4})
		ask := func(q queryer, n int) error {
			var got int
			query := fmt.Sprintf("SELECT id + %d FROM fruit WHERE name = $1", n)
			if err := q.QueryRowContext(ctx, query, "pear").Scan(&got); err != nil {
				return err
			}
			if got != n+2 {
				return fmt.Errorf("got %d, want %d", got, n+2)
			}
			return nil
		}
		var wg sync.WaitGroup
		for g := range 16 {
			wg.Go(func() {
				for n := range 25 {
					var err error
					if (g+n)%3 == 0 {
						err = db.InTx(ctx, func(tx *database.Tx) error { return ask(tx, n%5) })
					} else {
						err = ask(db, n%5)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

// A column more in a table must not break the statements prepared on it.
func TestSchemaChangesUnderStatements(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := open(t, url, database.Options{})
		columns := func(q queryer) (int, error) {
			rows, err := q.QueryContext(ctx, "SELECT * FROM fruit WHERE id = $1", 1)
			if err != nil {
				return 0, err
			}
			defer rows.Close()
			names, err := rows.Columns()
			return len(names), err
		}
		for n := range 4 {
			got, err := columns(db)
			if err != nil || got != 2+n {
				t.Fatalf("outside a transaction: %d columns, want %d (%v)", got, 2+n, err)
			}
			must(t, db, fmt.Sprintf("ALTER TABLE fruit ADD COLUMN extra%d integer", n))
			if n%2 == 0 {
				continue
			}
			err = db.InTx(ctx, func(tx *database.Tx) (err error) { got, err = columns(tx); return err })
			if err != nil || got != 3+n {
				t.Fatalf("inside a transaction: %d columns, want %d (%v)", got, 3+n, err)
			}
		}
	})
}

func BenchmarkStatement(b *testing.B) {
	urls := map[string]string{"sqlite": testdb.EmptySQLite(b)}
	if url, ok := testdb.EmptyPostgres(b); ok {
		urls["postgres"] = url
	}
	for name, url := range urls {
		open(b, url, database.Options{})
		for cache, size := range map[string]int{"cached": 0, "uncached": -1} {
			db := testdb.OpenWith(b, url, database.Options{CachedStatements: size})
			b.Run(name+"/"+cache, func(b *testing.B) {
				var id int
				for b.Loop() {
					err := db.QueryRowContext(b.Context(), "SELECT id FROM fruit WHERE name = $1", "pear").Scan(&id)
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
