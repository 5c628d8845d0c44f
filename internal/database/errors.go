package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"portico/internal/fault"
)

// retryAfter is when a caller may try again after an outage.
const retryAfter = time.Second

// Fault returns an error that may be shown to callers: an outage becomes
// fault.CodeUnavailable, and so does a transaction that was aborted in favor of
// others. nil, faults and all other errors are returned unchanged.
func Fault(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) || fault.Problems(err) != nil {
		return err
	}
	if IsUnavailable(err) || IsRetryable(err) {
		f := fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, err, "The database does not answer at the moment.")
		f.RetryAfter = retryAfter
		return f
	}
	return err
}

// IsUnique reports whether err is a violation of uniqueness, and returns of
// what: on Postgres the name of the constraint or index; on SQLite the columns
// ("apps.organization_id, apps.reference_id"), or the index's name if the index
// is on an expression. It recognizes errors wrapped by ent.
func IsUnique(err error) (constraint string, ok bool) {
	if err == nil {
		return "", false
	}
	if p := postgresError(err); p != nil {
		return p.Constraint, p.Code == "23505"
	}
	// SQLite's error has no structure, and ent may have reduced either to text.
	if m := uniqueText.FindStringSubmatch(err.Error()); m != nil {
		return m[1] + m[2] + m[3], true
	}
	return "", false
}

var uniqueText = regexp.MustCompile(
	`violates unique constraint "([^"]+)"|UNIQUE constraint failed: (?:index '([^']+)'|([\w.]+(?:, [\w.]+)*))`)

// IsRetryable reports whether the database aborted a transaction because of
// another one, so that running it again from its start may succeed: deadlocks,
// serialization failures, a table changed under a prepared query.
func IsRetryable(err error) bool {
	if isStalePlan(err) {
		return true
	}
	if p := postgresError(err); p != nil {
		return p.Code == "40001" || p.Code == "40P01"
	}
	var s *sqlite.Error
	return errors.As(err, &s) && s.Code() == sqlite3.SQLITE_BUSY_SNAPSHOT
}

// IsUnavailable reports whether err means that the database is unreachable, too
// busy or broken, or that a timeout expired: the request was not at fault, and
// trying again may help.
func IsUnavailable(err error) bool {
	if err == nil {
		return false
	}
	if p := postgresError(err); p != nil {
		return postgresOutage(string(p.Code))
	}
	if errors.As(err, new(unusableError)) {
		return false
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		return sqliteOutage(s.Code())
	}
	var network net.Error
	if errors.As(err, &network) {
		return true
	}
	for _, outage := range []error{
		ErrReadOnly, driver.ErrBadConn, sql.ErrConnDone, context.DeadlineExceeded, context.Canceled, os.ErrDeadlineExceeded,
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
	} {
		if errors.Is(err, outage) {
			return true
		}
	}
	return false
}

// postgresOutage reports whether code is an outage: the classes 08
// (connection), 53 (resources), 58 (the machine) and single codes: 57014
// statement timeout, 57P0x shutdown and starting up, 55P03 a lock not acquired
// in time, 25006 a standby after a failover.
func postgresOutage(code string) bool {
	switch code {
	case "57014", "57P01", "57P02", "57P03", "57P05", "55P03", "25006", "25P03":
		return true
	}
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "53") || strings.HasPrefix(code, "58")
}

// sqliteOutage reports whether code means that another process kept a lock for
// too long, or that the disk failed.
func sqliteOutage(code int) bool {
	switch code & 0xff { // the rest is detail
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	return false
}

// isStalePlan reports whether Postgres refused a prepared statement because its
// table has changed, or because a proxy in between has lost it.
func isStalePlan(err error) bool {
	p := postgresError(err)
	return p != nil && (p.Code == "26000" ||
		p.Code == "0A000" && strings.Contains(p.Message, "cached plan must not change result type"))
}

func postgresError(err error) *pq.Error {
	var p *pq.Error
	errors.As(err, &p)
	return p
}
