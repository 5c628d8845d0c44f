package gateway

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/gateway/presence"
)

// Gateways returns what all nodes have seen of gateways, by their tokens, in two
// statements whatever their number. It is at most presenceInterval old, and positions at
// most moveInterval. Gateways of other organizations are left out.
func (v *Verifier) Gateways(ctx context.Context, organization uuid.UUID, tokens []uuid.UUID) (map[uuid.UUID]presence.State, error) {
	now := v.o.Clock.Now()
	out, err := presence.Read(ctx, v.o.DB, presence.Query{
		Organization: organization, Tokens: tokens, Now: now, Alive: now.Add(-nodeTimeout - v.o.Grace),
	})
	return out, database.Fault(err)
}

// reportPresence stores what this node has seen of gateways.
func (v *Verifier) reportPresence(ctx context.Context, movesOnly bool) {
	v.tryWrite(ctx, func(ctx context.Context) error {
		return v.callers.presence.Store(ctx, v.o.DB, v.o.NodeID, movesOnly)
	})
}

// forgetGateways deletes what nodes have seen of gateways longer ago than anybody asks
// about.
func (v *Verifier) forgetGateways(ctx context.Context) error {
	before := v.o.Clock.Now().Add(-presence.Memory)
	v.callers.forget(before)
	return presence.Remove(ctx, v.o.DB, before)
}
