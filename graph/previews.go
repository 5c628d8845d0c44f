package graph

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/apps"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/usage"
)

// each reads rows by their ids, and returns those that the viewer may see in the order of
// the ids.
func each[T any](ctx context.Context, k nodeid.Kind, ids []uuid.UUID, load listing.ByIDReader[*T]) ([]*T, error) {
	loadersOf(ctx).saw(k, ids...)
	out := make([]*T, 0, len(ids))
	for _, id := range ids {
		row, err := one(ctx, k, id, load)
		if err != nil {
			return nil, err
		}
		if row != nil {
			out = append(out, row)
		}
	}
	return out, nil
}

// impactCalls returns the calls of the last 24 hours that an action would hit.
func (r *Resolver) impactCalls(ctx context.Context, i *apps.Impact) (int64, error) {
	by := map[nodeid.Kind]usage.Dimension{nodeid.App: usage.ByApp, nodeid.Credential: usage.ByCredential, nodeid.Product: usage.ByProduct, nodeid.ProductSubscription: usage.BySubscription}
	if i.CallsOf == uuid.Nil {
		return 0, nil
	}
	return r.callsLast24h(ctx, i.Kind, by[i.Kind], i.CallsOf)
}
