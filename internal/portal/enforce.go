package portal

import (
	"context"
	"slices"

	"portico/internal/eventlog"
)

// enforce lets the gates know of a change that was committed. One that changes
// verdicts returns when this node's gate goes by it. The change has happened
// either way: a gate that cannot follow refuses everything.
func (p *Portal) enforce(ctx context.Context, c *change) error {
	if p.gate == nil || len(c.entries) == 0 {
		return nil
	}
	p.gate.Wake()
	if !slices.ContainsFunc(c.entries, func(e eventlog.Entry) bool { return e.Type.ChangesVerdicts() }) {
		return nil
	}
	return p.gate.Sync(ctx, c.organization)
}
