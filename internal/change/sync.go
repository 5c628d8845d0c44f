package change

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"portico/internal/eventlog"
	"portico/internal/fault"
)

// sync notifies the key caches of a settled change, and returns when this node's
// has applied what the answer reveals. It waits after changes that changed
// nothing, too: another request may have made the refused change, or deleted
// the object, a moment ago. Its error does not undo the change: a key cache
// that cannot follow refuses all keys.
func (r *Runner) sync(ctx context.Context, tx *Tx, err error) error {
	if r.revocations == nil || tx == nil {
		return nil
	}
	changed := err == nil && len(tx.entries) > 0
	switch {
	case changed:
		r.revocations.Wake()
		if !slices.ContainsFunc(tx.entries, func(e eventlog.Entry) bool { return e.Type.ChangesVerdicts() }) {
			return nil
		}
	case err != nil && !revealsState(err):
		// It may have been committed all the same: let the key caches look.
		r.revocations.Wake()
		return nil
	}
	return r.revocations.Sync(ctx, tx.organization)
}

// Sync returns when this node's key cache has applied what was committed for an
// organization before the call; it is for answers that did not start a change.
func (r *Runner) Sync(ctx context.Context, organization uuid.UUID) error {
	if r.revocations == nil {
		return nil
	}
	return r.revocations.Sync(ctx, organization)
}

// revealsState reports whether an error lets the client conclude the state of
// an object.
func revealsState(err error) bool {
	var known *fault.Error
	if errors.As(err, &known) {
		return known.Code != fault.CodeUnavailable && known.Code != fault.CodeInternal && known.Code != fault.CodeRateLimited
	}
	return errors.As(err, new(*fault.Invalid))
}
