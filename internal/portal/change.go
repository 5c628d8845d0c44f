package portal

import (
	"context"
	"errors"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// retries is how often a change is retried after the database aborted its
// transaction in favour of another one.
const retries = 3

// change is a transaction and the events it has recorded.
type change struct {
	*db.Tx
	viewer viewer.Viewer
	now    time.Time
	// organization is the one to whose log the events are appended: the
	// viewer's, unless a command sets another.
	organization uuid.UUID
	postgres     bool
	entries      []eventlog.Entry
}

// change calls f in a transaction, appends the events it recorded, and commits.
// If f or the log fails, the transaction is rolled back. It returns when this
// node's key cache has applied everything that the result reveals.
func (p *Portal) change(ctx context.Context, f func(ctx context.Context, c *change) error) error {
	var c *change
	var err error
	for range retries {
		if c, err = p.tryChange(ctx, f); err == nil || !retryable(err) || ctx.Err() != nil {
			break
		}
	}
	err = publicError(err)
	if behind := p.syncChange(ctx, c, err); err == nil {
		err = behind
	}
	return err
}

// tryChange makes one attempt. The change is nil if no transaction could be
// started.
func (p *Portal) tryChange(ctx context.Context, f func(ctx context.Context, c *change) error) (*change, error) {
	tx, err := p.client.Tx(ctx)
	if err != nil {
		return nil, err
	}
	// If f panics, roll back before the panic continues.
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback()
		}
	}()
	v := viewer.Current(ctx)
	c := &change{Tx: tx, viewer: v, now: p.clock.Now(), organization: v.OrganizationID, postgres: p.database.Dialect() == dialect.Postgres}
	if err := f(ctx, c); err != nil {
		return c, err
	}
	if err := eventlog.Append(ctx, tx, p.database.Dialect(), c.organization, c.now, c.entries...); err != nil {
		return c, err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return c, p.resolveUnclearCommit(ctx, c, err)
	}
	return c, nil
}

// record notes an event, which is appended just before the commit.
func (c *change) record(e eventlog.Entry) {
	e.ID = uuid.Must(uuid.NewV7())
	c.entries = append(c.entries, e)
}

// authorize asks the policy, and returns a refusal as an error for the client.
func (c *change) authorize(a policy.Action, o policy.Object) error {
	return decisionError(policy.Decide(c.viewer, a, o))
}

// authorizeInState is authorize for actions that the object's state can forbid.
// Such a refusal is a problem of the input, on the field that names the object.
func (c *change) authorizeInState(a policy.Action, o policy.Object, field, status string) error {
	d := policy.Decide(c.viewer, a, o)
	if d.Is(policy.Status) {
		return errWrongStatus(field, *d.Message, status)
	}
	return decisionError(d)
}

func errWrongStatus(field, message, status string) error {
	return fault.Input(fault.WrongStatus, field, message, fault.Param{Name: "status", Value: status})
}

// decisionError returns the error for a decision; nil if it allows the action.
// A refusal because of the object's state is handled by authorizeInState; here
// it has no field to point to.
func decisionError(d policy.Decision) error {
	switch {
	case d.Allowed:
		return nil
	case d.Foreign():
		return fault.NotFound()
	case d.Is(policy.Status):
		return fault.Input(fault.WrongStatus, "", *d.Message)
	default:
		return fault.New(fault.CodeForbidden, forbiddenReason(*d.Code), *d.Message)
	}
}

// forbiddenReason returns the reason of a refusal. Codes that are not FORBIDDEN
// do not reach it.
func forbiddenReason(c policy.Code) fault.Reason {
	switch c {
	case policy.Policy:
		return fault.ReasonPolicy
	case policy.AccountSuspended:
		return fault.ReasonAccountSuspended
	}
	return fault.ReasonRole
}

// publicError turns an error of the storage into one that may be shown to
// clients.
func publicError(err error) error {
	var known *fault.Error
	var invalid *fault.Invalid
	switch {
	case err == nil, errors.As(err, &known), errors.As(err, &invalid):
		return err
	case errors.Is(err, privacy.Deny):
		return fault.Wrap(fault.CodeForbidden, fault.ReasonRole, err, "Your role does not allow this.")
	case db.IsNotFound(err):
		return fault.NotFound()
	case database.IsRetryable(err):
		return fault.Wrap(fault.CodeConflict, fault.ReasonConcurrentChange, err, "Others were changing the same; try again.")
	}
	return database.Fault(err)
}

// lockable is a query that can lock the rows it reads until the transaction
// ends. SQLite allows one writer at a time and needs no lock.
type lockable[Q any] interface {
	ForUpdate(...sql.LockOption) Q
	ForShare(...sql.LockOption) Q
}

// lockForUpdate locks the rows against changes. It does not block references to
// them: if a foreign key's check waited for this lock, its transaction could
// hold a lock that this one needs next.
func lockForUpdate[Q lockable[Q]](c *change, q Q) Q {
	if c.postgres {
		return q.ForUpdate(sql.WithLockClause("FOR NO KEY UPDATE"))
	}
	return q
}

// lockForShare locks the rows against changes; other transactions may hold the
// same lock.
func lockForShare[Q lockable[Q]](c *change, q Q) Q {
	if c.postgres {
		return q.ForShare()
	}
	return q
}

// expectOneRow returns the error of a compare-and-set that changed n rows.
func expectOneRow(n int, err error) error {
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflict("Somebody else has changed this meanwhile; read it again.")
	}
	return nil
}

// checkVersion refuses a change based on an old version.
func checkVersion(given *int, present int) error {
	if given != nil && *given != present {
		return fault.StaleVersion()
	}
	return nil
}
