package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"
)

// connector opens connections that cache their prepared statements.
type connector struct {
	open   func(context.Context) (driver.Conn, *line, error)
	driver driver.Driver
	cached int
	// isolation is a transaction's level if none is requested.
	isolation driver.IsolationLevel
	// local are the statements that begin every transaction behind a pooler; ""
	// without one.
	local string
}

// Connect opens a connection.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, line, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := inner.(driverConn)
	if !ok {
		return nil, fmt.Errorf("the driver's %T lacks a method that is needed", inner)
	}
	return &conn{driverConn: able, line: line, cache: newStatements(c.cached), isolation: c.isolation, local: c.local}, nil
}

// Driver returns the underlying driver.
func (c *connector) Driver() driver.Driver { return c.driver }

// driverConn are the methods that both drivers' connections have.
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.QueryerContext
	driver.ExecerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection with a cache of prepared statements. database/sql
// ensures that only one goroutine uses it at a time.
type conn struct {
	driverConn
	line  *line
	cache *statements
	inTx  bool

	isolation driver.IsolationLevel
	local     string
}

// QueryContext runs a query, as a prepared statement if it has arguments.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	end, err := c.beginSingle(ctx, len(args))
	if err != nil {
		return nil, err
	}
	op := c.line.begin(ctx, reads(query))
	inner := c.line.context(ctx)
	var found driver.Rows
	st, err := c.prepared(inner, query, args, func(s *statement) (err error) {
		if s == nil {
			found, err = c.driverConn.QueryContext(inner, query, args)
		} else {
			found, err = s.QueryContext(inner, args)
		}
		return err
	})
	if err != nil {
		c.cache.release(st)
		return nil, end(op.end(err))
	}
	return newRows(found, op, func() { c.cache.release(st) }, end)
}

// ExecContext runs a statement, as a prepared one if it has arguments.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	end, err := c.beginSingle(ctx, len(args))
	if err != nil {
		return nil, err
	}
	op := c.line.begin(ctx, false)
	inner := c.line.context(ctx)
	var result driver.Result
	st, err := c.prepared(inner, query, args, func(s *statement) (err error) {
		if s == nil {
			result, err = c.driverConn.ExecContext(inner, query, args)
		} else {
			result, err = s.ExecContext(inner, args)
		}
		return err
	})
	c.cache.release(st)
	return result, end(op.end(err))
}

// beginSingle begins a transaction for a single statement behind a pooler: a
// statement with arguments takes two round trips, and the second might reach
// another session. end takes the statement's error, commits or rolls back, and
// returns the resulting error.
func (c *conn) beginSingle(ctx context.Context, args int) (end func(error) error, err error) {
	if c.local == "" || c.inTx || args == 0 {
		return func(err error) error { return err }, nil
	}
	tx, err := c.BeginTx(ctx, driver.TxOptions{})
	if err != nil {
		return nil, err
	}
	return func(err error) error {
		if err != nil {
			_ = tx.Rollback() // the first error is returned
			return err
		}
		return tx.Commit()
	}, nil
}

// prepared calls run with the cached statement of the text, or with nil if the
// text is not cached. A statement that the server has forgotten, or whose table
// has changed since, is prepared anew and, outside a transaction, run again;
// inside one the error has ended the transaction.
func (c *conn) prepared(ctx context.Context, query string, args []driver.NamedValue, run func(*statement) error) (*statement, error) {
	if !cacheable(query, len(args)) {
		return nil, run(nil)
	}
	st, err := c.cache.take(ctx, c.driverConn, query)
	if err != nil {
		return nil, err
	}
	err = run(st)
	if st == nil || !isStalePlan(err) {
		return st, err
	}
	c.cache.drop(query)
	if c.inTx {
		return st, err
	}
	c.cache.release(st)
	if st, err = c.cache.take(ctx, c.driverConn, query); err != nil {
		return nil, err
	}
	return st, run(st)
}

// PrepareContext prepares a statement outside the cache, for callers of
// database/sql's Prepare.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	op := c.line.begin(ctx, true)
	st, err := c.driverConn.PrepareContext(c.line.context(ctx), query)
	return st, op.end(err)
}

// BeginTx starts a transaction, on Postgres with the isolation level that the
// code requires. The context of Patient raises its timeouts on the server too.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	op := c.line.begin(ctx, true)
	inner := c.line.context(ctx)
	if opts.Isolation == driver.IsolationLevel(sql.LevelDefault) {
		opts.Isolation = c.isolation
	}
	tx, err := c.driverConn.BeginTx(inner, opts)
	if err != nil {
		return nil, op.end(err)
	}
	local := c.local
	if limit := patientLimit(ctx); limit > 0 && c.line != nil {
		local += localPatient(limit)
	}
	if local != "" {
		_, err = c.driverConn.ExecContext(inner, local, nil)
	}
	if err = op.end(err); err != nil {
		_ = tx.Rollback() // the first error is returned
		return nil, err
	}
	c.inTx = true
	return &watchedTx{Tx: tx, conn: c, ctx: ctx}, nil
}

// Ping asks the server.
func (c *conn) Ping(ctx context.Context) error {
	op := c.line.begin(ctx, true)
	return op.end(c.driverConn.Ping(c.line.context(ctx)))
}

// CheckNamedValue lets the driver convert the types it knows, such as slices on
// Postgres.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.driverConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// ResetSession returns driver.ErrBadConn for a connection that must not be used
// again.
func (c *conn) ResetSession(ctx context.Context) error {
	if !c.line.usable() {
		return driver.ErrBadConn
	}
	return c.driverConn.ResetSession(ctx)
}

// IsValid reports whether the connection may return to the pool.
func (c *conn) IsValid() bool { return c.line.usable() && c.driverConn.IsValid() }

// Close closes the connection. A server drops the prepared statements itself;
// on SQLite they must be closed first.
func (c *conn) Close() error {
	if c.line == nil {
		c.cache.closeAll()
	}
	return c.driverConn.Close()
}

// rollbackTime is how long a rollback may take; after that the connection is
// dropped, which rolls back as well.
const rollbackTime = time.Second

// watchedTx is a transaction whose commit and rollback are watched like
// statements.
type watchedTx struct {
	driver.Tx
	conn *conn
	ctx  context.Context
}

// Commit commits, unless the transaction's context has ended.
func (e *watchedTx) Commit() error {
	e.conn.inTx = false
	op := e.conn.line.begin(e.ctx, false)
	return op.end(e.Tx.Commit())
}

// Rollback rolls back, even if the transaction's context has ended.
func (e *watchedTx) Rollback() error {
	e.conn.inTx = false
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), rollbackTime)
	defer cancel()
	op := e.conn.line.begin(ctx, false)
	return op.end(e.Tx.Rollback())
}
