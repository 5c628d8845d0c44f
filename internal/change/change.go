// Package change runs the transactions in which services change the database.
// A change is one transaction, the events that describe it, and what this node's
// key cache must have applied before the caller gets the result; Write makes one,
// Once makes one per idempotency key. The package knows no entity: what a change
// does, and who may do it, is up to the services.
package change

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"entgo.io/ent/dialect"

	"portico/ent/db"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/listing"
	"portico/internal/viewer"
)

// Options configures a Runner. Client, Database and Clock are required.
type Options struct {
	Client   *db.Client
	Database *database.DB
	Clock    clock.Clock
	// KeyCache is nil in processes that do not serve gateways, such as
	// commands.
	KeyCache KeyCache
	// UnclearFor is how long to ask whether a commit whose response was lost
	// took effect; 0 means 3 s, which is longer than the server keeps the
	// transaction of a client that has disappeared.
	UnclearFor time.Duration
	// Outer is a transaction that all changes of the Runner are parts of; usually
	// nil. Client is then the transaction's own, and KeyCache must be nil: no key
	// cache can apply what is not committed. See Runner.
	Outer *Tx
}

// Runner runs changes, each in a transaction of its own. It is safe for concurrent
// use.
//
// The changes of a Runner with an outer transaction are parts of that: they
// append their events as others do, but they are committed, rolled back and
// retried with the outer transaction alone, which cannot be committed after one of
// them has failed. Such a Runner is not safe for concurrent use.
type Runner struct {
	client     *db.Client
	database   *database.DB
	clock      clock.Clock
	keyCache   KeyCache
	unclearFor time.Duration
	outer      *Tx
	statements *listing.Statements
}

// NewRunner returns a Runner. It panics if the options contradict each other.
func NewRunner(o Options) *Runner {
	if o.Outer != nil && o.KeyCache != nil {
		panic("change: a part of a transaction cannot wait for the key cache")
	}
	if o.UnclearFor == 0 {
		o.UnclearFor = unclearFor
	}
	return &Runner{client: o.Client, database: o.Database, clock: o.Clock, keyCache: o.KeyCache, unclearFor: o.UnclearFor, outer: o.Outer, statements: listing.NewStatements()}
}

// Statements returns the kept statements that lock rows.
func (r *Runner) Statements() *listing.Statements { return r.statements }

// Write calls f in a transaction, appends the events that f has recorded, and
// commits. It returns the result of the call of f that was committed, once this
// node's key cache has applied what the result reveals; with an error, the
// result is the zero value.
//
// If f or the log fails, the transaction is rolled back. If the database aborts
// it in favour of another one, or f is Overtaken by one, f is called again, so f must
// not have effects outside the database. Errors of the storage are returned as *fault.Error.
func Write[T any](ctx context.Context, r *Runner, f func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	var none T
	out, tx, err := run(ctx, r, f)
	err = PublicError(err)
	// From here on the change is settled: f cannot be called again.
	if behind := r.syncKeyCache(ctx, tx, err); err == nil {
		err = behind
	}
	if err != nil {
		return none, err
	}
	return out, nil
}

// Exec is Write for changes without a result.
func Exec(ctx context.Context, r *Runner, f func(ctx context.Context, tx *Tx) error) error {
	_, err := Write(ctx, r, func(ctx context.Context, tx *Tx) (struct{}, error) { return struct{}{}, f(ctx, tx) })
	return err
}

// run makes attempts until one is settled. It returns the transaction of the
// last one, nil if none could be started.
func run[T any](ctx context.Context, r *Runner, f func(ctx context.Context, tx *Tx) (T, error)) (out T, tx *Tx, err error) {
	if r.outer != nil {
		tx = r.newTx(ctx, r.outer.Tx)
		err = errPanic
		defer func() { r.outer.failed = cmp.Or(r.outer.failed, err) }()
		if out, err = perform(ctx, r, tx, f); err == nil {
			r.outer.inside = append(r.outer.inside, slices.Concat(tx.inside, tx.entries)...)
		}
		return out, tx, err
	}
	err = database.Retry(ctx, retryable, func() error {
		out, tx, err = attempt(ctx, r, f)
		return err
	})
	return out, tx, err
}

// errPanic is the error of a part of a transaction that has panicked.
var errPanic = errors.New("change: a part of the transaction has panicked")

// attempt makes one attempt.
func attempt[T any](ctx context.Context, r *Runner, f func(ctx context.Context, tx *Tx) (T, error)) (out T, tx *Tx, err error) {
	entTx, err := r.client.Tx(ctx)
	if err != nil {
		return out, nil, err
	}
	// If f panics, roll back before the panic continues.
	done := false
	defer func() {
		if !done {
			_ = entTx.Rollback()
		}
	}()
	tx = r.newTx(ctx, entTx)
	if out, err = perform(ctx, r, tx, f); err != nil {
		return out, tx, err
	}
	done = true
	if err := entTx.Commit(); err != nil {
		return out, tx, r.resolveUnclearCommit(ctx, tx, err)
	}
	return out, tx, nil
}

func (r *Runner) newTx(ctx context.Context, entTx *db.Tx) *Tx {
	v := viewer.Current(ctx)
	return &Tx{Tx: entTx, Viewer: v, Now: r.clock.Now(), organization: v.OrganizationID, postgres: r.database.Dialect() == dialect.Postgres, statements: r.statements}
}

// perform calls f and appends the events that it has recorded. It returns the
// error of a change inside this one even if f has not.
func perform[T any](ctx context.Context, r *Runner, tx *Tx, f func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	out, err := f(ctx, tx)
	if err == nil {
		err = tx.failed
	}
	if err == nil {
		err = eventlog.AppendWith(ctx, tx, tx.last, r.database.Dialect(), tx.organization, tx.Now, tx.entries...)
	}
	return out, err
}
