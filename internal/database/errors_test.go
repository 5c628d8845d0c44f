package database_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"

	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/testdb"
)

func TestIsUnique(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := open(t, url, database.Options{})
		for _, c := range []struct {
			name             string
			value            any
			postgres, sqlite string
			unique           bool
		}{
			{"column", "apple", "fruit_name", "fruit.name", true},
			{"expression", "APPLE", "fruit_lower", "fruit_lower", true},
			{"not null", nil, "", "", false},
		} {
			if c.name == "expression" {
				must(t, db, "CREATE UNIQUE INDEX fruit_lower ON fruit (lower(name))")
			}
			_, err := db.ExecContext(ctx, "INSERT INTO fruit (id, name) VALUES ($1, $2)", 9, c.value)
			if err == nil {
				t.Fatalf("%s: inserted", c.name)
			}
			want := c.postgres
			if db.Dialect() != "postgres" {
				want = c.sqlite
			}
			// As it is, wrapped, and as the bare text that some layers leave of it.
			for _, err := range []error{err, fmt.Errorf("ent: %w", err), errors.New(err.Error())} {
				got, ok := database.IsUnique(err)
				if ok != c.unique || ok && got != want {
					t.Errorf("%s: %q, %v, want %q, %v (%v)", c.name, got, ok, want, c.unique, err)
				}
			}
		}
	})
	if _, ok := database.IsUnique(nil); ok {
		t.Error("nil is no violation")
	}
}

func TestFault(t *testing.T) {
	outages := []error{
		driver.ErrBadConn, io.ErrUnexpectedEOF, io.EOF, context.DeadlineExceeded, syscall.ECONNREFUSED,
		&net.OpError{Op: "read", Err: syscall.ECONNRESET}, &net.DNSError{Err: "no such host"},
		&pq.Error{Code: "57P01"}, &pq.Error{Code: "57P03"}, &pq.Error{Code: "53300"}, &pq.Error{Code: "57014"},
		&pq.Error{Code: "08006"}, &pq.Error{Code: "40001"}, &pq.Error{Code: "40P01"},
	}
	for _, err := range outages {
		got := database.Fault(fmt.Errorf("reading: %w", err))
		if !fault.Is(got, fault.CodeUnavailable) || fault.From(got).RetryAfter <= 0 {
			t.Errorf("%v returns %v, want UNAVAILABLE and when to come again", err, got)
		}
		if !errors.Is(got, err) {
			t.Errorf("%v is lost for the log", err)
		}
	}
	others := []error{
		nil, errors.New("other"), &pq.Error{Code: "23505"}, &pq.Error{Code: "42601"}, fault.NotFound(),
		fault.Input(fault.Required, "name", "A name is needed."),
		fault.Wrap(fault.CodeConflict, fault.ReasonConcurrentChange, context.DeadlineExceeded, "Lost."),
	}
	for _, err := range others {
		if got := database.Fault(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// Another process keeps the SQLite file locked for longer than the timeout.
func TestLockedFileIsUnavailable(t *testing.T) {
	url := testdb.EmptySQLite(t)
	ctx := context.Background()
	db, other := open(t, url, database.Options{IOTimeout: 20 * time.Millisecond}), testdb.Open(t, url)
	holder, err := other.Begin(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := holder.Rollback(); err != nil {
			t.Error(err)
		}
	}()
	_, err = db.ExecContext(ctx, "INSERT INTO fruit VALUES (3, 'fig')")
	if !database.IsUnavailable(err) || !strings.Contains(err.Error(), "locked") {
		t.Errorf("got %v", err)
	}
}
