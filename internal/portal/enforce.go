package portal

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"portico/internal/eventlog"
	"portico/internal/fault"
)

// syncChange lets the gates know of a change, and returns when this node's gate
// goes by what the answer says. That holds for the answers of changes that
// changed nothing, too: what is refused because it is so already, or is gone,
// may have been made so elsewhere a moment ago. The change has happened, or
// not, either way: a gate that cannot follow refuses everything.
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
		// It may have happened all the same: the gates shall look.
		p.revocations.Wake()
		return nil
	}
	return p.revocations.Sync(ctx, c.organization)
}

// syncOrganization returns when this node's gate goes by what an organization's rows
// were like before the call; it is for answers that no change was begun for.
func (p *Portal) syncOrganization(ctx context.Context, organization uuid.UUID) error {
	if p.revocations == nil {
		return nil
	}
	return p.revocations.Sync(ctx, organization)
}

// revealsState reports whether a refusal lets its reader conclude how something is.
func revealsState(err error) bool {
	var known *fault.Error
	if errors.As(err, &known) {
		return known.Code != fault.CodeUnavailable && known.Code != fault.CodeInternal && known.Code != fault.CodeRateLimited
	}
	return errors.As(err, new(*fault.Invalid))
}
