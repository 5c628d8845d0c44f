package change

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/listing"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// Tx is the transaction of a change and the events it has recorded.
type Tx struct {
	*db.Tx
	// Viewer makes the change.
	Viewer viewer.Viewer
	// Now is the time at which the attempt began.
	Now time.Time

	organization uuid.UUID
	postgres     bool
	statements   *listing.Statements
	entries      []eventlog.Entry
	// inside are those of the changes inside this one; see TakeInside.
	inside []eventlog.Entry
	// last is a row that is inserted with the events.
	last eventlog.Insertion
	// actorAccount is what RecordAs sets.
	actorAccount string
	// failed is the error of the first change that failed inside this one.
	failed error
}

// OrganizationID returns the organization to whose log the events are appended:
// the viewer's, unless Enter has set another.
func (tx *Tx) OrganizationID() uuid.UUID { return tx.organization }

// Enter sets the organization to whose log the events are appended. It is for
// commands, whose viewer, Portico itself, belongs to none.
func (tx *Tx) Enter(organization uuid.UUID) { tx.organization = organization }

// Record notes an event, which is appended just before the commit.
func (tx *Tx) Record(e eventlog.Entry) {
	if e.ActorAccount == "" {
		e.ActorAccount = tx.actorAccount
	}
	e.ID = uuid.Must(uuid.NewV7())
	tx.entries = append(tx.entries, e)
}

// RecordAs calls f, and names an account as the actor of the events that it records in the
// place of the developer who acts for it: another account reads them, and does not know who
// that is. It names nobody if account is "".
func (tx *Tx) RecordAs(account string, f func() error) error {
	before := tx.actorAccount
	tx.actorAccount = account
	defer func() { tx.actorAccount = before }()
	return f()
}

// Decider returns the person who makes the change, for columns that say who decided; nil for
// a machine, and for somebody whom RecordAs leaves out.
func (tx *Tx) Decider() *uuid.UUID {
	if !tx.Viewer.SignedIn() || tx.actorAccount != "" {
		return nil
	}
	return &tx.Viewer.UserID
}

// TakeInside returns the events of the changes inside this one, in their order, since it was
// last called. Those that others commit meanwhile are not among them.
func (tx *Tx) TakeInside() []eventlog.Entry {
	out := tx.inside
	tx.inside = nil
	return out
}

// creation creates a row of type T; the builders of ent/db are.
type creation[T any] interface {
	Insertion(ctx context.Context) (row T, text string, args []any, err error)
}

// CreateLast creates a row that is inserted with the events, on Postgres by one
// statement: hooks and policies come now, but the transaction cannot read the row or
// refer to it, and a violated constraint is an error of the whole change. The row
// of an earlier call is inserted now.
func CreateLast[T any](ctx context.Context, tx *Tx, c creation[T]) (T, error) {
	row, text, args, err := c.Insertion(ctx)
	if err != nil {
		return row, err
	}
	if tx.last.Text != "" {
		if _, err := tx.ExecContext(ctx, tx.last.Text, tx.last.Args...); err != nil {
			return row, err
		}
	}
	tx.last = eventlog.Insertion{Text: text, Args: args}
	return row, nil
}

// Authorize asks the policy, and returns a refusal as an error for the client.
func (tx *Tx) Authorize(r policy.Request) error {
	return Refusal(policy.Decide(tx.Viewer, r))
}

// AuthorizeInState is Authorize for actions that the object's state can forbid.
// Such a refusal is a problem of the input, on the field that names the object.
func (tx *Tx) AuthorizeInState(r policy.Request, field, status string) error {
	d := policy.Decide(tx.Viewer, r)
	if d.Is(policy.Status) {
		return WrongStatus(field, *d.Message, status)
	}
	return Refusal(d)
}

// WrongStatus returns the problem of an input that names an object whose status
// forbids the action.
func WrongStatus(field, message, status string) error {
	return fault.Input(fault.WrongStatus, field, message, fault.Param{Name: "status", Value: status})
}

// Refusal returns the error for a decision; nil if it allows the action. A
// refusal because of the object's state is handled by AuthorizeInState; here it
// has no field to point to.
func Refusal(d policy.Decision) error {
	switch {
	case d.Allowed:
		return nil
	case d.Foreign():
		return fault.NotFound()
	case d.Is(policy.Status):
		return fault.Input(fault.WrongStatus, "", *d.Message)
	default:
		return fault.New(fault.CodeForbidden, refusalReason(*d.Code), *d.Message)
	}
}

// refusalReason returns the reason of a refusal. Codes that are not FORBIDDEN
// do not reach it.
func refusalReason(c policy.Code) fault.Reason {
	switch c {
	case policy.Scope:
		return fault.ReasonScope
	case policy.ForbiddenByRule:
		return fault.ReasonPolicy
	case policy.AccountSuspended:
		return fault.ReasonAccountSuspended
	case policy.Terms:
		return fault.ReasonTerms
	}
	return fault.ReasonRole
}

// ExpectOneRow returns the error of a compare-and-set that changed n rows.
func ExpectOneRow(n int, err error) error {
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflict("Somebody else has changed this meanwhile; read it again.")
	}
	return nil
}

// CheckVersion refuses a change based on an old version.
func CheckVersion(given *int, present int) error {
	if given != nil && *given != present {
		return fault.StaleVersion()
	}
	return nil
}
