package database

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/cenkalti/backoff/v5"
)

// attempts is how often InTx runs a transaction that the database aborts in
// favor of another one.
const attempts = 3

// Tx is a transaction. Only one goroutine may use it at a time.
type Tx struct {
	tx  *sql.Tx
	db  *DB
	ctx context.Context
}

// QueryContext runs a query inside the transaction.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	t.db.onStatement(ctx, query)
	return t.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a query for one row inside the transaction.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	t.db.onStatement(ctx, query)
	return t.tx.QueryRowContext(ctx, query, args...)
}

// ExecContext runs a statement inside the transaction.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	t.db.onStatement(ctx, query)
	return t.tx.ExecContext(ctx, query, args...)
}

// Commit commits the transaction. If it fails with an error for which
// IsUnavailable is true, it is unknown whether the changes were committed.
func (t *Tx) Commit() error {
	t.db.onStatement(t.ctx, "COMMIT")
	return t.tx.Commit()
}

// Rollback rolls the transaction back. After Commit it does nothing.
func (t *Tx) Rollback() error {
	t.db.onStatement(t.ctx, "ROLLBACK")
	return t.tx.Rollback()
}

// Begin starts a transaction on the writer or, if opts say ReadOnly, on a
// reader. On SQLite a writing transaction has the write lock from its start, so
// a caller that uses the DB itself inside it waits forever.
func (d *DB) Begin(ctx context.Context, opts *sql.TxOptions) (*Tx, error) {
	pool := d.writer
	if opts != nil && opts.ReadOnly {
		pool = d.reader
	}
	d.onStatement(ctx, "BEGIN")
	tx, err := pool.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &Tx{tx: tx, db: d, ctx: ctx}, nil
}

// InTx runs f in a transaction, which is committed if f returns nil and else
// rolled back. If the database aborts the transaction because of another one
// (IsRetryable), f runs again, up to three times in all, so f must not have
// effects outside the database.
func (d *DB) InTx(ctx context.Context, f func(*Tx) error) error {
	return Retry(ctx, IsRetryable, func() error { return d.runTx(ctx, f) })
}

// Retry calls f until it succeeds or fails with an error that is not retryable,
// up to three times in all, with a short random pause before each further call.
// It returns the last error of f.
func Retry(ctx context.Context, retryable func(error) bool, f func() error) (last error) {
	once := func() (struct{}, error) {
		if last = f(); last != nil && !retryable(last) {
			return struct{}{}, backoff.Permanent(last)
		}
		return struct{}{}, last
	}
	// Random, so that two transactions which aborted each other do not collide again
	// at once: up to 10 ms, and then up to 20.
	pauses := &backoff.ExponentialBackOff{InitialInterval: 5 * time.Millisecond, RandomizationFactor: 1, Multiplier: 2, MaxInterval: time.Second}
	_, _ = backoff.Retry(ctx, once, backoff.WithBackOff(pauses), backoff.WithMaxTries(attempts)) // last is f's own error
	return last
}

func (d *DB) runTx(ctx context.Context, f func(*Tx) error) (err error) {
	tx, err := d.Begin(ctx, nil)
	if err != nil {
		return err
	}
	committed := false
	defer func() { // release the connection even if f panics
		if !committed {
			if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) && err == nil {
				err = undo
			}
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	committed = true
	return tx.Commit()
}

// entDriver is ent's dialect.Driver over a DB.
type entDriver struct {
	entsql.Conn
	db *DB
}

// Tx starts a transaction with the default options.
func (e *entDriver) Tx(ctx context.Context) (dialect.Tx, error) { return e.BeginTx(ctx, nil) }

// BeginTx starts a transaction; ent's generated BeginTx looks for this method.
func (e *entDriver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	tx, err := e.db.Begin(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &entsql.Tx{Conn: entsql.Conn{ExecQuerier: tx}, Tx: tx}, nil
}

// Dialect returns the database's name.
func (e *entDriver) Dialect() string { return e.db.dialect }

// Close closes the DB.
func (e *entDriver) Close() error { return e.db.Close() }
