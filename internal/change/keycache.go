package change

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"portico/internal/eventlog"
	"portico/internal/fault"
)

// KeyCache is this node's copy of what verdicts need, a *gateway.Verifier. Write
// calls it after the commit, so that a revocation is in force here, and on its way
// to the other nodes, when the change is answered.
type KeyCache interface {
	// Sync returns when the key cache has applied everything that the
	// organization committed before the call, or refuses all of its keys until
	// it has.
	Sync(ctx context.Context, organization uuid.UUID) error
	// Wake notifies the key caches of all nodes of a commit.
	Wake()
}

// syncKeyCache notifies the key caches of a settled change, and returns when this
// node's has applied what the answer reveals. It waits after changes that changed
// nothing, too: another request may have made the refused change, or deleted
// the object, a moment ago. Its error does not undo the change: a key cache
// that cannot follow refuses all keys.
func (r *Runner) syncKeyCache(ctx context.Context, tx *Tx, err error) error {
	if r.keyCache == nil || tx == nil {
		return nil
	}
	changed := err == nil && len(tx.entries) > 0
	switch {
	case changed:
		r.keyCache.Wake()
		if !slices.ContainsFunc(tx.entries, func(e eventlog.Entry) bool { return e.Type.ChangesVerdicts() }) {
			return nil
		}
	case err != nil && !revealsState(err):
		// It may have been committed all the same: let the key caches look.
		r.keyCache.Wake()
		return nil
	}
	return r.keyCache.Sync(ctx, tx.organization)
}

// Sync returns when this node's key cache has applied what was committed for an
// organization before the call; it is for answers that did not start a change.
func (r *Runner) Sync(ctx context.Context, organization uuid.UUID) error {
	if r.keyCache == nil {
		return nil
	}
	return r.keyCache.Sync(ctx, organization)
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
