package database_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"portico/internal/database"
	"portico/internal/testdb"
)

func TestInTxRollsBack(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := open(t, url, database.Options{})
		insert := func(tx *database.Tx) {
			if _, err := tx.ExecContext(ctx, "INSERT INTO fruit VALUES ($1, $2)", 3, "fig"); err != nil {
				t.Error(err)
			}
		}
		t.Run("error", func(t *testing.T) {
			failure := errors.New("no")
			if err := db.InTx(ctx, func(tx *database.Tx) error { insert(tx); return failure }); !errors.Is(err, failure) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("panic", func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.InTx(ctx, func(tx *database.Tx) error { insert(tx); panic("no") })
		})
		if n := count(t, db); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
	})
}

// Two transactions that take two rows in opposite orders: Postgres breaks one
// off, and it succeeds when it runs again.
func TestInTxRepeatsAfterDeadlock(t *testing.T) {
	url, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("deadlocks need Postgres; SQLite has one writer")
	}
	ctx := context.Background()
	db := open(t, url, database.Options{})
	var runs atomic.Int32
	var met sync.WaitGroup // both have locked their first row
	met.Add(2)
	var wg sync.WaitGroup
	for _, order := range [][2]int{{1, 2}, {2, 1}} {
		wg.Go(func() {
			first := true
			err := db.InTx(ctx, func(tx *database.Tx) error {
				runs.Add(1)
				for _, id := range order {
					if _, err := tx.ExecContext(ctx, "UPDATE fruit SET name = name || '!' WHERE id = $1", id); err != nil {
						return err
					}
					if first {
						first = false
						met.Done()
						met.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	// On a slow machine the second attempt may be broken off as well.
	if runs.Load() < 3 {
		t.Errorf("%d runs: there was no deadlock", runs.Load())
	}
	var n int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM fruit WHERE name LIKE '%!!'").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d rows were changed twice, want 2 (%v)", n, err)
	}
}

// SQLite transactions that read and then write must not be refused half way.
func TestReadThenWrite(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := open(t, url, database.Options{})
		must(t, db, "CREATE TABLE counter (n integer NOT NULL)")
		must(t, db, "INSERT INTO counter VALUES (0)")
		query := "SELECT n FROM counter"
		if db.Dialect() == "postgres" {
			query += " FOR UPDATE"
		}
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				err := db.InTx(ctx, func(tx *database.Tx) error {
					var n int
					if err := tx.QueryRowContext(ctx, query).Scan(&n); err != nil {
						return err
					}
					_, err := tx.ExecContext(ctx, "UPDATE counter SET n = $1", n+1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var n int
		if err := db.QueryRowContext(ctx, "SELECT n FROM counter").Scan(&n); err != nil || n != 16 {
			t.Errorf("counted %d, want 16 (%v)", n, err)
		}
	})
}
