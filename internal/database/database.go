// Package database opens the one database that Portico runs on, SQLite in a
// file or Postgres, and hides what is different about them: pools, prepared
// statements, deadlines and the meaning of errors.
//
// A statement passes through three layers. DB chooses the pool and calls
// OnStatement; database/sql takes a connection from it; and that
// connection (conn in this package) caches its prepared statements, so that
// the second use of a text costs one round trip. That is true inside a
// transaction too, because the cache belongs to the connection.
package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// Options configures Open. The zero value is right for a server.
type Options struct {
	// MaxConns is the most connections that are open at once; default 16. For
	// SQLite it is the number of readers, at most 8; there is always one writer.
	MaxConns int
	// IOTimeout is how long one read or write on the network may take before the
	// connection is given up, and on SQLite how long to wait for another
	// process's lock; default 4 s. Patient raises it for a context on Postgres.
	IOTimeout time.Duration
	// ConnectTimeout is how long opening a connection may take; default 3 s.
	ConnectTimeout time.Duration
	// StatementTimeout is when Postgres itself stops a statement; default 3.5 s,
	// so that it responds before IOTimeout costs the connection. Negative:
	// never.
	StatementTimeout time.Duration
	// Abandoned is when Postgres ends a transaction whose client is silent;
	// default 2 s. Negative: the database's own setting applies.
	Abandoned time.Duration
	// Pooled is set if a pooler that assigns a session for one transaction at a
	// time is in front of Postgres. Then no session settings and no prepared
	// statements are used, and every statement with arguments runs in a
	// transaction.
	Pooled bool
	// CachedStatements is how many prepared statements a connection caches;
	// default 128. Negative: none.
	CachedStatements int
	// OnStatement, if not nil, is called before each statement that is sent,
	// with "BEGIN", "COMMIT" and "ROLLBACK" for the limits of transactions. It
	// must be safe for concurrent use.
	OnStatement func(ctx context.Context, query string)
	// OpenPool creates a pool of connections; nil means sql.OpenDB. It is a hook
	// for observers of statements, such as tracing.
	OpenPool func(driver.Connector) *sql.DB
}

func (o Options) withDefaults() Options {
	if o.MaxConns <= 0 {
		o.MaxConns = 16
	}
	if o.IOTimeout <= 0 {
		o.IOTimeout = 4 * time.Second
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 3 * time.Second
	}
	if o.StatementTimeout == 0 {
		o.StatementTimeout = 3500 * time.Millisecond
	}
	if o.Abandoned == 0 {
		o.Abandoned = abandoned
	}
	if o.CachedStatements == 0 {
		o.CachedStatements = 128
	}
	if o.OpenPool == nil {
		o.OpenPool = sql.OpenDB
	}
	if o.OnStatement == nil {
		o.OnStatement = func(context.Context, string) {}
	}
	return o
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect string
	// writer takes transactions and everything that changes rows; reader takes
	// queries outside transactions. On Postgres they are the same pool.
	writer, reader *sql.DB
	onStatement    func(context.Context, string)
	// check returns why a database that responds cannot be used; nil for SQLite.
	check func(context.Context) error
}

// Open opens the database named by url: "sqlite:PATH" (a missing file is
// created, a missing folder is not) or "postgres://…". It fails if the database
// does not respond, or cannot be used by Portico: its encoding is not UTF8, it
// is read-only, or a pooler is in front of it. No error contains the url's
// password.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	o = o.withDefaults()
	d := &DB{onStatement: o.OnStatement}
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		err = d.openSQLite(strings.TrimPrefix(url, "sqlite:"), o)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		err = d.openPostgres(url, o)
	default:
		err = errors.New(`the database URL must begin with "sqlite:" or "postgres://"`)
	}
	if err != nil {
		return nil, err
	}
	// The writer first: on SQLite it creates the log files that the readers need.
	if _, err := d.writer.ExecContext(ctx, "SELECT 1"); err != nil {
		return nil, errors.Join(fmt.Errorf("the database does not answer: %w", err), d.Close())
	}
	if d.check != nil {
		if err := d.check(ctx); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	return d, nil
}

// Dialect returns ent's name of the database: dialect.Postgres or
// dialect.SQLite.
func (d *DB) Dialect() string { return d.dialect }

// Ping runs a trivial query to check that the database responds. On SQLite it
// uses a reader, so that it does not wait for a long transaction.
func (d *DB) Ping(ctx context.Context) error {
	_, err := d.reader.ExecContext(ctx, "SELECT 1")
	return err
}

// Close closes all connections, after the statements under way.
func (d *DB) Close() error {
	var err error
	if d.reader != nil && d.reader != d.writer {
		err = d.reader.Close()
	}
	if d.writer != nil {
		err = errors.Join(err, d.writer.Close())
	}
	return err
}

// Stats returns the statistics of each connection pool, by its name.
func (d *DB) Stats() map[string]sql.DBStats {
	if d.reader == d.writer {
		return map[string]sql.DBStats{"all": d.writer.Stats()}
	}
	return map[string]sql.DBStats{"reader": d.reader.Stats(), "writer": d.writer.Stats()}
}

// QueryContext runs a query outside any transaction. Placeholders are $1, $2 …
// on both databases. A SELECT or WITH runs on the readers, which on SQLite may
// not write, everything else on the writer.
func (d *DB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	d.onStatement(ctx, query)
	return d.poolFor(query).QueryContext(ctx, query, args...)
}

// QueryRowContext is QueryContext for a query of one row.
func (d *DB) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	d.onStatement(ctx, query)
	return d.poolFor(query).QueryRowContext(ctx, query, args...)
}

// ExecContext runs a statement outside any transaction, on the writer.
func (d *DB) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	d.onStatement(ctx, query)
	return d.writer.ExecContext(ctx, query, args...)
}

// Conn returns one connection of the writer, for work that must stay on it,
// such as migrations. The caller closes it.
func (d *DB) Conn(ctx context.Context) (*sql.Conn, error) { return d.writer.Conn(ctx) }

// poolFor chooses the pool by the text, because INSERT … RETURNING is a query
// too.
func (d *DB) poolFor(query string) *sql.DB {
	if reads(query) {
		return d.reader
	}
	return d.writer
}

// reads reports whether a query only reads, judging by its first word. SELECT …
// FOR UPDATE occurs on Postgres alone, where there is one pool.
func reads(query string) bool {
	query = strings.TrimLeft(query, " \t\n(")
	return len(query) >= 6 && strings.EqualFold(query[:6], "SELECT") ||
		len(query) >= 4 && strings.EqualFold(query[:4], "WITH")
}

// Driver returns an ent driver for the database, with the same routing.
func (d *DB) Driver() dialect.Driver {
	return &entDriver{Conn: entsql.Conn{ExecQuerier: d}, db: d}
}
