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

// retries is how often a change begins anew after the database gave its
// transaction up for the sake of another one.
const retries = 3

// change is one transaction, what happens in it, and the events that tell of it.
type change struct {
	*db.Tx
	viewer viewer.Viewer
	now    time.Time
	// organization is whose log the events go to: the viewer's, unless a
	// command sets another.
	organization uuid.UUID
	postgres     bool
	entries      []eventlog.Entry
}

// change does f in one transaction and appends the events it recorded. When f
// or the log fails, nothing has happened. It returns when this node's gate goes
// by whatever the caller may conclude from the answer.
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

// idempotentRequest is one try. The change is nil when nothing could be asked.
func (p *Portal) tryChange(ctx context.Context, f func(ctx context.Context, c *change) error) (*change, error) {
	tx, err := p.client.Tx(ctx)
	if err != nil {
		return nil, err
	}
	// A panic in f passes on, but not over an open transaction.
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

// record notes an event; it is written when the change has done its work.
func (c *change) record(e eventlog.Entry) {
	e.ID = uuid.Must(uuid.NewV7())
	c.entries = append(c.entries, e)
}

// authorize asks the policy and turns a no into the error for the caller.
func (c *change) authorize(a policy.Action, o policy.Object) error {
	return decisionError(policy.Decide(c.viewer, a, o))
}

// authorizeInState is may for what an object's state can forbid: that is for the
// user to see, on the field that names the object.
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

// decisionError is the error of a decision; nil when it is a yes. A state is asked
// about by authorizeInState; whoever does not name a field has none to point at.
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

// forbiddenReason is the reason of a refusal. Those of other codes never get here.
func forbiddenReason(c policy.Code) fault.Reason {
	switch c {
	case policy.Policy:
		return fault.ReasonPolicy
	case policy.AccountSuspended:
		return fault.ReasonAccountSuspended
	}
	return fault.ReasonRole
}

// publicError makes an error of the storage one for the outside.
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

// lockable is a query that can hold the rows it reads until the transaction
// ends. SQLite has one writer at a time and needs no lock.
type lockable[Q any] interface {
	ForUpdate(...sql.LockOption) Q
	ForShare(...sql.LockOption) Q
}

// lockForUpdate locks the rows against every change. Others may still refer to them: a
// foreign key's check must not wait here, for its transaction may hold what
// this one wants next.
func lockForUpdate[Q lockable[Q]](c *change, q Q) Q {
	if c.postgres {
		return q.ForUpdate(sql.WithLockClause("FOR NO KEY UPDATE"))
	}
	return q
}

// lockForShare locks the rows against changes, while others may keep them too.
func lockForShare[Q lockable[Q]](c *change, q Q) Q {
	if c.postgres {
		return q.ForShare()
	}
	return q
}

// expectOneRow turns the count of a compare-and-set into its error.
func expectOneRow(n int, err error) error {
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflict("Somebody else has changed this meanwhile; read it again.")
	}
	return nil
}

// checkVersion refuses a change against an older state.
func checkVersion(given *int, present int) error {
	if given != nil && *given != present {
		return fault.StaleVersion()
	}
	return nil
}
