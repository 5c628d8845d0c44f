package database_test

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/database"
	"portico/internal/testdb"
	"portico/internal/testdb/network"
)

// newPostgresWith returns an empty Postgres database with settings of its own.
func newPostgresWith(t *testing.T, settings ...string) string {
	t.Helper()
	address := emptyPostgres(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	db := testdb.Open(t, address)
	for _, s := range settings {
		must(t, db, "ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" SET "+s)
	}
	return address
}

func TestAReadOnlyDatabaseIsRefused(t *testing.T) {
	address := newPostgresWith(t, "default_transaction_read_only = on")
	_, err := database.Open(t.Context(), address, database.Options{})
	if err == nil || !strings.Contains(err.Error(), "takes no changes") {
		t.Errorf("got %v", err)
	}
	if !database.IsUnavailable(err) {
		t.Error("a standby that may be promoted is not waited for")
	}
}

func TestADatabaseOfAnotherEncodingIsRefused(t *testing.T) {
	u, err := url.Parse(emptyPostgres(t))
	if err != nil {
		t.Fatal(err)
	}
	admin := testdb.Open(t, u.String())
	name := strings.TrimPrefix(u.Path, "/") + "_latin"
	must(t, admin, "CREATE DATABASE "+name+" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u.Path = "/" + name
	_, err = database.Open(t.Context(), u.String(), database.Options{})
	if err == nil || !strings.Contains(err.Error(), "LATIN1") || !strings.Contains(err.Error(), "needs UTF8") || database.IsUnavailable(err) {
		t.Errorf("got %v", err)
	}
}

// Whatever a database's default is, transactions and single statements have
// the isolation level that the code requires.
func TestIsolationIsReadCommittedWhateverTheDefault(t *testing.T) {
	address := newPostgresWith(t, "default_transaction_isolation = 'serializable'")
	for name, o := range map[string]database.Options{"direct": {}, "pooled": {Pooled: true}} {
		t.Run(name, func(t *testing.T) {
			db := testdb.OpenWith(t, address, o)
			var level string
			if err := db.QueryRowContext(t.Context(), "SELECT current_setting($1)", "transaction_isolation").Scan(&level); err != nil || level != "read committed" {
				t.Errorf("a statement: %q %v", level, err)
			}
			for _, opts := range []*sql.TxOptions{nil, {ReadOnly: true}} {
				tx, err := db.Begin(t.Context(), opts)
				if err != nil {
					t.Fatal(err)
				}
				if err := tx.QueryRowContext(t.Context(), "SELECT current_setting($1)", "transaction_isolation").Scan(&level); err != nil || level != "read committed" {
					t.Errorf("a transaction: %q %v", level, err)
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A node that stops responding while it has a row locked keeps the lock for no longer
// than others wait for it.
func TestASilentTransactionIsEnded(t *testing.T) {
	address := emptyPostgres(t)
	for name, o := range map[string]database.Options{"direct": {}, "pooled": {Pooled: true}} {
		t.Run(name, func(t *testing.T) {
			o.IOTimeout = time.Minute // so that it is the server that ends what waits
			n, through := network.New(t, address)
			impatient := o
			impatient.IOTimeout = 200 * time.Millisecond
			silent, err := database.Open(t.Context(), through, impatient)
			if err != nil {
				t.Fatal(err)
			}
			other, err := database.Open(t.Context(), address, o)
			if err != nil {
				t.Fatal(err)
			}
			must(t, other, "CREATE TABLE IF NOT EXISTS place (last integer NOT NULL)")
			must(t, other, "INSERT INTO place VALUES ($1)", 1)
			draw := func(db *database.DB, then func()) error {
				return db.InTx(t.Context(), func(tx *database.Tx) error {
					_, err := tx.ExecContext(t.Context(), "UPDATE place SET last = last + $1", 1)
					then()
					return err
				})
			}
			began := time.Now()
			err = draw(silent, func() {
				n.Silence()
				if err := draw(other, func() {}); err != nil {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
			})
			if err == nil {
				t.Error("the transaction of the silent one went well")
			}
			n.Restore()
			if err := other.Close(); err != nil {
				t.Error(err)
			}
			_ = silent.Close() // its connections are dead
		})
	}
}
