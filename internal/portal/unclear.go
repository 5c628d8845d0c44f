package portal

import (
	"context"
	"errors"
	"time"

	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
)

const (
	// unclearFor is Options.UnclearFor by default.
	unclearFor = 3 * time.Second
	// unclearPause is the pause before it is asked again.
	unclearPause = 20 * time.Millisecond
)

// rolledBack is the error of a commit that is known not to have happened.
type rolledBack struct{ error }

func (u rolledBack) Unwrap() error { return u.error }

// retryable reports whether a change may begin anew: nothing of it has happened,
// and the next try may well succeed.
func retryable(err error) bool { return errors.As(err, new(rolledBack)) || database.IsRetryable(err) }

// resolveUnclearCommit finds out whether a change has happened whose commit failed with err:
// the connection may have been lost on the way there, or on the way back. It
// gives nil when it has. A caller who has left changes nothing: what was made
// is to be found with what it was made for, such as an idempotency key.
func (p *Portal) resolveUnclearCommit(ctx context.Context, c *change, err error) error {
	if len(c.entries) == 0 {
		return err // nothing was said; whoever reads next sees how it is
	}
	ask, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.unclearFor)
	defer cancel()
	for {
		happened, lost := p.committed(ask, c)
		switch {
		case lost == nil && happened:
			return nil
		case lost == nil:
			return rolledBack{err}
		case ask.Err() != nil, !database.IsUnavailable(lost) && !database.IsRetryable(lost):
			return errOutcomeUnknown(err)
		}
		select {
		case <-ask.Done():
		case <-time.After(unclearPause):
		}
	}
}

// errOutcomeUnknown is the answer where nobody knows whether a change has happened, so
// that nothing may be tried again: it names no time to do so.
func errOutcomeUnknown(err error) error {
	return fault.Wrap(fault.CodeUnavailable, fault.ReasonOutcomeUnknown, errors.New(err.Error()), "The database fell silent in the middle of this change: it may have happened.")
}

// committed looks for the change's last event, when nobody is writing to the
// organization's log any more: not the lost transaction either.
func (p *Portal) committed(ctx context.Context, c *change) (bool, error) {
	tx, err := p.client.Tx(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }()
	return eventlog.Has(ctx, tx, c.organization, c.entries[len(c.entries)-1].ID)
}
