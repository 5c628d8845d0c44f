package portal

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"portico/internal/eventlog"
	"portico/internal/fault"
)

// syncChange notifies the key caches of a change, and returns when this node's
// has applied what the answer reveals. It waits after changes that changed
// nothing, too: another request may have made the refused change, or deleted
// the object, a moment ago. Its error does not undo the change: a key cache
// that cannot follow refuses all keys.
func (p *Portal) syncChange(ctx context.Context, c *change, err error) error {
	if p.revocations == nil || c == nil {
		return nil
	}
	changed := err == nil && len(c.entries) > 0
	switch {
	case changed:
		p.revocations.Wake()
		if !slices.ContainsFunc(c.entries, func(e eventlog.Entry) bool { return e.Type.ChangesVerdicts() }) {
			return nil
		}
	case err != nil && !revealsState(err):
		// It may have been committed all the same: let the key caches look.
		p.revocations.Wake()
		return nil
	}
	return p.revocations.Sync(ctx, c.organization)
}

// syncOrganization returns when this node's key cache has applied what was
// committed for an organization before the call; it is for answers that did not
// start a change.
func (p *Portal) syncOrganization(ctx context.Context, organization uuid.UUID) error {
	if p.revocations == nil {
		return nil
	}
	return p.revocations.Sync(ctx, organization)
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
