package change

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
)

const (
	// unclearFor is the default of Options.UnclearFor.
	unclearFor = 3 * time.Second
	// unclearPause is the pause between two queries.
	unclearPause = 20 * time.Millisecond
)

// rolledBack is the error of a commit that is known to have had no effect.
type rolledBack struct{ error }

func (u rolledBack) Unwrap() error { return u.error }

// overtaken is the error of an attempt that read what another change has replaced since.
type overtaken struct{ error }

func (o overtaken) Unwrap() error { return o.error }

// Overtaken marks err as that of an attempt which locked what it had read and found it
// replaced by another change, as where the row that it had to lock first is another one now.
// The change is made anew from its start, like one that the database aborted; err, which is
// usually a CONFLICT, is the answer if it is overtaken each time.
func Overtaken(err error) error { return overtaken{err} }

// retryable reports whether a change may be retried: it had no effect, and the
// next attempt may succeed.
func retryable(err error) bool {
	return errors.As(err, new(rolledBack)) || errors.As(err, new(overtaken)) || database.IsRetryable(err)
}

// resolveUnclearCommit finds out whether a commit that failed with err took
// effect: the connection may have been lost before or after it did. It returns
// nil if it did. That the client has disconnected makes no difference: it finds
// what was created by other means, such as an idempotency key.
func (r *Runner) resolveUnclearCommit(ctx context.Context, tx *Tx, err error) error {
	if len(tx.entries) == 0 {
		return err // no event to look for; the next read shows the state
	}
	ask, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.unclearFor)
	defer cancel()
	look := func() (bool, error) {
		happened, lost := r.committed(ask, tx)
		if lost != nil && !database.IsUnavailable(lost) && !database.IsRetryable(lost) {
			lost = backoff.Permanent(lost)
		}
		return happened, lost
	}
	pauses, always := backoff.WithBackOff(backoff.NewConstantBackOff(unclearPause)), backoff.WithMaxElapsedTime(0)
	switch happened, lost := backoff.Retry(ask, look, pauses, always); {
	case lost != nil:
		return errOutcomeUnknown(err)
	case !happened:
		return rolledBack{err}
	default:
		return nil
	}
}

// errOutcomeUnknown returns the error for when it is unknown whether a change
// was committed. As a retry could make it twice, the error does not say when to
// retry.
func errOutcomeUnknown(err error) error {
	return fault.Wrap(fault.CodeUnavailable, fault.ReasonOutcomeUnknown, errors.New(err.Error()), "The connection to the database broke during this change: it may or may not have happened.")
}

// committed looks for the change's last event, once no transaction writes to
// the organization's log any more, the lost one included.
func (r *Runner) committed(ctx context.Context, tx *Tx) (bool, error) {
	asking, err := r.client.Tx(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = asking.Rollback() }()
	return eventlog.Has(ctx, asking, tx.organization, tx.entries[len(tx.entries)-1].ID)
}
