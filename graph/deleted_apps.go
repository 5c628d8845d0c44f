package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/nodeid"
)

// restorableUntil returns the end of the time in which a deleted app can be restored. The
// organization's retention is read once for the whole page.
func (r *Resolver) restorableUntil(ctx context.Context, a *db.App) (*time.Time, error) {
	kept, err := value(ctx, "restorableFor", nodeid.Organization, a.OrganizationID, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]time.Duration, error) {
		d, err := r.Portal.Apps.RestorableFor(ctx)
		return map[uuid.UUID]time.Duration{a.OrganizationID: d}, err
	})
	if err != nil {
		return nil, err
	}
	return new(a.DeletedAt.Add(kept)), nil
}
