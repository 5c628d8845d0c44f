package gateway

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Sync and Wake are what package change calls after each commit: a Verifier is the
// change.KeyCache of a server.

// Wake is called after a commit here: the log is polled now, and the other nodes
// are notified soon after, once for many commits.
func (v *Verifier) Wake() {
	signal(v.wake)
	signal(v.notifyOthers)
}

// Sync waits until this node has applied what was committed before the call: when
// it returns, no Verify that starts here later accepts what the organization's log
// forbids. If the log cannot be read in time (2 s, or the context's deadline if
// that is earlier), this node refuses all of the organization's credentials as
// UNAVAILABLE until it can be read, and Sync still returns nil: the change that
// the caller waits for has happened, and no gateway served here accepts a
// credential that it revoked. A caller that leaves early does not interrupt it.
func (v *Verifier) Sync(ctx context.Context, organization uuid.UUID) error {
	f := v.lookUpFollower(organization)
	if f == nil {
		return nil // nothing of it is in memory: the next call reads it anew
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	select {
	case <-f.ready:
		if f.failed != nil {
			return nil
		}
	case <-ctx.Done():
		f.invalidate()
		return nil
	}
	if err := v.catchUp(ctx, f); err != nil {
		f.invalidate()
		signal(v.wake)
		v.o.Log.Warn("a change was not applied in time; the organization's keys are refused until it is", "organization", organization, "error", err)
	}
	return nil
}

// detached returns a context that keeps ctx's deadline, at most queryTimeout away,
// but is not canceled with ctx.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline := time.Now().Add(queryTimeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}
