package gateway

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Sync makes this node know what was committed before the call: when it
// returns, no Verify that starts here later accepts what the organization's
// log forbids. If the log cannot be read in time (2 s, or the context's
// deadline if that is earlier) this node refuses all of the organization's
// keys as UNAVAILABLE until it can be, and nil is returned all the same: the
// change that the caller waits for has happened, and no gateway here passes a
// key that it took away. A caller who leaves early changes nothing.
func (g *Verifier) Sync(ctx context.Context, organization uuid.UUID) error {
	t := g.known(organization)
	if t == nil {
		return nil // nothing of it is in memory: whatever is asked next is read anew
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	select {
	case <-t.ready:
		if t.failed != nil {
			return nil
		}
	case <-ctx.Done():
		t.distrust()
		return nil
	}
	if err := g.catchUp(ctx, t); err != nil {
		t.distrust()
		nudge(g.wake)
		g.o.Log.Warn("a change was not applied in time; the organization's keys are refused until it is", "organization", organization, "error", err)
	}
	return nil
}

// detached keeps a context's deadline, at most patience away, but not its end
// by the caller's leaving.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline := time.Now().Add(patience)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}
