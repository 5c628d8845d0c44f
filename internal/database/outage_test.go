package database_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"portico/internal/database"
	"portico/internal/testdb"
	"portico/internal/testdb/network"
)

// newNetwork returns the network and the URL of an empty database behind it.
func newNetwork(t *testing.T) (*network.Network, string) {
	t.Helper()
	return network.New(t, emptyPostgres(t))
}

func emptyPostgres(t *testing.T) string {
	t.Helper()
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no network")
	}
	return address
}

// fillPool opens as many connections as the pool allows.
func fillPool(t *testing.T, db *database.DB, size int) {
	t.Helper()
	var wg sync.WaitGroup
	for range size {
		wg.Go(func() {
			if _, err := db.ExecContext(context.Background(), "SELECT pg_sleep($1)", 0.05); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestSilentNetwork(t *testing.T) {
	n, address := newNetwork(t)
	// So long that a machine with much else to do answers in time while the network works.
	db := open(t, address, database.Options{
		MaxConns: 8, IOTimeout: time.Second, ConnectTimeout: time.Second})
	fillPool(t, db, 8)
	n.Silence()
	for name, ask := range map[string]func(ctx context.Context) error{
		"query": func(ctx context.Context) error {
			var id int
			return db.QueryRowContext(ctx, "SELECT id FROM fruit WHERE name = $1", "pear").Scan(&id)
		},
		"transaction": func(ctx context.Context) error {
			return db.InTx(ctx, func(tx *database.Tx) error {
				_, err := tx.ExecContext(ctx, "DELETE FROM fruit WHERE id = $1", 1)
				return err
			})
		},
		"ping": db.Ping,
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // a request's deadline
		if err := ask(ctx); !database.IsUnavailable(err) {
			t.Errorf("%s: got %v", name, err)
		}
		if err := ctx.Err(); err != nil {
			t.Errorf("%s: the answer took the whole deadline: %v", name, err)
		}
		cancel()
	}
	n.Restore()
	for range 8 { // healed at once, and not one dead connection of the pool is met
		if got := count(t, db); got != 2 {
			t.Errorf("%d rows, want 2", got)
		}
	}
}

// The context's deadline counts even where the network's is longer.
func TestSilentNetworkAndContext(t *testing.T) {
	n, address := newNetwork(t)
	db := open(t, address, database.Options{IOTimeout: time.Hour, ConnectTimeout: time.Hour})
	n.Silence()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	for range 3 { // the first meets a connection of the pool, the others make one
		_, err := db.ExecContext(ctx, "DELETE FROM fruit WHERE id = $1", 1)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
}

func TestBrokenConnections(t *testing.T) {
	n, address := newNetwork(t)
	db := open(t, address, database.Options{MaxConns: 8})
	fillPool(t, db, 8)
	n.Break()
	for range 8 {
		if got := count(t, db); got != 2 {
			t.Errorf("%d rows, want 2", got)
		}
	}
}

// A write whose answer is lost may have happened: it is not sent again.
func TestLostAnswerIsNotRepeated(t *testing.T) {
	direct := emptyPostgres(t)
	n, address := network.New(t, direct)
	db := open(t, address, database.Options{MaxConns: 1})
	must(t, db, "CREATE SEQUENCE tries")
	sleeping := make(chan error, 1)
	go func() {
		_, err := db.ExecContext(context.Background(), "SELECT nextval('tries'), pg_sleep($1)", 30)
		sleeping <- err
	}()
	watch := testdb.Open(t, direct)
	tries := func() (last int) {
		row := watch.QueryRowContext(context.Background(), "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tries")
		if err := row.Scan(&last); err != nil {
			t.Fatal(err)
		}
		return last
	}
	for tries() == 0 {
		time.Sleep(time.Millisecond)
	}
	n.Break()
	if err := <-sleeping; !database.IsUnavailable(err) || errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
	if got := tries(); got != 1 {
		t.Errorf("tried %d times, want 1", got)
	}
}

func TestContextEndsStatement(t *testing.T) {
	slow := map[string]string{
		"postgres": "SELECT pg_sleep(3600 + $1)",
		"sqlite3":  "WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
	}
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		db := open(t, url, database.Options{IOTimeout: time.Hour, StatementTimeout: -1})
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
		defer cancel()
		var ignored any
		err := db.QueryRowContext(ctx, slow[db.Dialect()], 1).Scan(&ignored)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if got := count(t, db); got != 2 {
			t.Errorf("after it %d rows, want 2", got)
		}
	})
}

// The server stops a long statement before the network gives up, so that the
// connection survives; a transaction with Patient may take longer.
func TestStatementTimeout(t *testing.T) {
	url, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no statement timeout")
	}
	db := testdb.OpenWith(t, url, database.Options{MaxConns: 1, StatementTimeout: 50 * time.Millisecond})
	session := func() (pid int) {
		if err := db.QueryRowContext(context.Background(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	before := session()
	sleep := func(ctx context.Context) error {
		return db.InTx(ctx, func(tx *database.Tx) error {
			_, err := tx.ExecContext(ctx, "SELECT pg_sleep($1)", 0.3)
			return err
		})
	}
	if err := sleep(context.Background()); !database.IsUnavailable(err) {
		t.Errorf("got %v", err)
	}
	if err := sleep(database.Patient(context.Background(), time.Minute)); err != nil {
		t.Errorf("patient: %v", err)
	}
	if err := sleep(context.Background()); !database.IsUnavailable(err) {
		t.Errorf("after a patient one: %v", err)
	}
	if session() != before {
		t.Error("the connection was lost")
	}
}
