package database

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// attempts is how often InTx begins anew when the database gave up a
// transaction for the sake of another one.
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

// QueryRowContext runs a query of one row inside the transaction.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	t.db.onStatement(ctx, query)
	return t.tx.QueryRowContext(ctx, query, args...)
}

// ExecContext runs a statement inside the transaction.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	t.db.onStatement(ctx, query)
	return t.tx.ExecContext(ctx, query, args...)
}

// Commit makes the transaction's changes last. When it fails with an error
// that IsUnavailable, nobody knows whether they did.
func (t *Tx) Commit() error {
	t.db.onStatement(t.ctx, "COMMIT")
	return t.tx.Commit()
}

// Rollback undoes the transaction. After Commit it does nothing.
func (t *Tx) Rollback() error {
	t.db.onStatement(t.ctx, "ROLLBACK")
	return t.tx.Rollback()
}

// Begin starts a transaction on the writer, or, when opts say ReadOnly, on a
// reader. On SQLite a writing transaction has the write lock from its start,
// so whoever uses the DB itself inside of it waits for ever.
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

// InTx runs f in a transaction: committed when f gives nil, else rolled back.
// When the database broke the transaction off because of another one
// (IsRetryable), f runs again, three times in all, so f must not have effects
// outside the database.
func (d *DB) InTx(ctx context.Context, f func(*Tx) error) error {
	var err error
	for n := range attempts {
		if n > 0 {
			if err := pause(ctx, n); err != nil {
				return err
			}
		}
		if err = d.once(ctx, f); !IsRetryable(err) {
			return err
		}
	}
	return err
}

func (d *DB) once(ctx context.Context, f func(*Tx) error) (err error) {
	tx, err := d.Begin(ctx, nil)
	if err != nil {
		return err
	}
	committed := false
	defer func() { // a panic in f must not keep the connection
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

// pause waits a few random milliseconds, so that two transactions which broke
// each other do not meet again at once.
func pause(ctx context.Context, n int) error {
	t := time.NewTimer(time.Duration(1+rand.IntN(10*n)) * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
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

// Dialect is the database's name.
func (e *entDriver) Dialect() string { return e.db.dialect }

// Close closes the DB.
func (e *entDriver) Close() error { return e.db.Close() }
