package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"
)

// connector makes connections that keep their prepared statements.
type connector struct {
	open   func(context.Context) (driver.Conn, *line, error)
	driver driver.Driver
	cached int
	// isolation is a transaction's level where none is asked for.
	isolation driver.IsolationLevel
	// local begins every transaction behind a pooler; "" where there is none.
	local string
}

// Connect makes one connection.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, line, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := inner.(capable)
	if !ok {
		return nil, fmt.Errorf("the driver's %T lacks a method that is needed", inner)
	}
	return &conn{capable: able, line: line, cache: newStatements(c.cached), isolation: c.isolation, local: c.local}, nil
}

// Driver is the driver beneath.
func (c *connector) Driver() driver.Driver { return c.driver }

// capable is what both drivers' connections can do.
type capable interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.QueryerContext
	driver.ExecerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection with a cache of prepared statements. database/sql sees
// to it that only one goroutine is inside at a time.
type conn struct {
	capable
	line  *line
	cache *statements
	inTx  bool

	isolation driver.IsolationLevel
	local     string
}

// QueryContext runs a query, by a prepared statement if it has arguments.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	end, err := c.alone(ctx, len(args))
	if err != nil {
		return nil, err
	}
	op := c.line.begin(ctx, reads(query))
	inner := c.line.context(ctx)
	var found driver.Rows
	st, err := c.prepared(inner, query, args, func(s *statement) (err error) {
		if s == nil {
			found, err = c.capable.QueryContext(inner, query, args)
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

// ExecContext runs a statement, by a prepared one if it has arguments.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	end, err := c.alone(ctx, len(args))
	if err != nil {
		return nil, err
	}
	op := c.line.begin(ctx, false)
	inner := c.line.context(ctx)
	var result driver.Result
	st, err := c.prepared(inner, query, args, func(s *statement) (err error) {
		if s == nil {
			result, err = c.capable.ExecContext(inner, query, args)
		} else {
			result, err = s.ExecContext(inner, args)
		}
		return err
	})
	c.cache.release(st)
	return result, end(op.end(err))
}

// alone makes a transaction of a statement outside of any, where a pooler is in
// between: a statement with arguments takes two round trips, and the second
// might reach another session. end takes the statement's error and returns
// what became of it.
func (c *conn) alone(ctx context.Context, args int) (end func(error) error, err error) {
	if c.local == "" || c.inTx || args == 0 {
		return func(err error) error { return err }, nil
	}
	tx, err := c.BeginTx(ctx, driver.TxOptions{})
	if err != nil {
		return nil, err
	}
	return func(err error) error {
		if err != nil {
			_ = tx.Rollback() // the first error is the one to tell
			return err
		}
		return tx.Commit()
	}, nil
}

// prepared calls run with the cached statement of the text, or with nil where
// there is to be none. A statement that the server has forgotten or whose
// table has changed since is prepared anew, and outside a transaction run
// again; inside of one the error has ended the transaction.
func (c *conn) prepared(ctx context.Context, query string, args []driver.NamedValue, run func(*statement) error) (*statement, error) {
	if !cacheable(query, len(args)) {
		return nil, run(nil)
	}
	st, err := c.cache.take(ctx, c.capable, query)
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
	if st, err = c.cache.take(ctx, c.capable, query); err != nil {
		return nil, err
	}
	return st, run(st)
}

// PrepareContext prepares outside the cache, for whoever asks database/sql.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	op := c.line.begin(ctx, true)
	st, err := c.capable.PrepareContext(c.line.context(ctx), query)
	return st, op.end(err)
}

// BeginTx starts a transaction, on Postgres of the level that the code is
// written for. A patient one may also take its time on the server.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	op := c.line.begin(ctx, true)
	inner := c.line.context(ctx)
	if opts.Isolation == driver.IsolationLevel(sql.LevelDefault) {
		opts.Isolation = c.isolation
	}
	tx, err := c.capable.BeginTx(inner, opts)
	if err != nil {
		return nil, op.end(err)
	}
	local := c.local
	if limit := patience(ctx); limit > 0 && c.line != nil {
		local += patiently(limit)
	}
	if local != "" {
		_, err = c.capable.ExecContext(inner, local, nil)
	}
	if err = op.end(err); err != nil {
		_ = tx.Rollback() // the first error is the one to tell
		return nil, err
	}
	c.inTx = true
	return &ending{Tx: tx, conn: c, ctx: ctx}, nil
}

// Ping asks the server.
func (c *conn) Ping(ctx context.Context) error {
	op := c.line.begin(ctx, true)
	return op.end(c.capable.Ping(c.line.context(ctx)))
}

// CheckNamedValue lets the driver convert what it knows, such as slices on
// Postgres.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.capable.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// ResetSession refuses a connection that is not to be used again.
func (c *conn) ResetSession(ctx context.Context) error {
	if !c.line.usable() {
		return driver.ErrBadConn
	}
	return c.capable.ResetSession(ctx)
}

// IsValid reports whether the connection may go back to the pool.
func (c *conn) IsValid() bool { return c.line.usable() && c.capable.IsValid() }

// Close closes the connection. A server drops the statements by itself; SQLite
// must have them closed first.
func (c *conn) Close() error {
	if c.line == nil {
		c.cache.closeAll()
	}
	return c.capable.Close()
}

// rollbackTime is how long a rollback may take; after it the connection is
// dropped, which rolls back as well.
const rollbackTime = time.Second

// ending is a transaction whose end is watched like a statement.
type ending struct {
	driver.Tx
	conn *conn
	ctx  context.Context
}

// Commit commits while the transaction's context lasts.
func (e *ending) Commit() error {
	e.conn.inTx = false
	op := e.conn.line.begin(e.ctx, false)
	return op.end(e.Tx.Commit())
}

// Rollback rolls back, also when the transaction's context has ended.
func (e *ending) Rollback() error {
	e.conn.inTx = false
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), rollbackTime)
	defer cancel()
	op := e.conn.line.begin(ctx, false)
	return op.end(e.Tx.Rollback())
}
