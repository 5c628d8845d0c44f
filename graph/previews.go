package graph

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/apps"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/usage"
	"portico/internal/viewer"
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

// impactCalls returns the calls of the last 24 hours, to the minute, that an action would
// hit.
func (r *Resolver) impactCalls(ctx context.Context, i *apps.Impact) (int64, error) {
	if i.Calls == nil {
		return 0, nil
	}
	zone, err := r.Portal.Activity.Zone(ctx)
	if err != nil {
		return 0, err
	}
	return r.Counts.TotalLast24h(ctx, usage.Query{
		Organization: viewer.Current(ctx).OrganizationID, Apps: i.Calls.Apps, Products: i.Calls.Products, Credentials: i.Calls.Credentials,
	}, zone)
}
