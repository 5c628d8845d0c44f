package graph

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
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

// deletion returns the event of an app's deletion, if it is kept. Those of the whole page
// are read at once, and then the people whom they name.
func (r *Resolver) deletion(ctx context.Context, a *db.App) (*eventRow, error) {
	return value(ctx, "deletion", nodeid.App, a.ID, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*eventRow, error) {
		all, err := r.Portal.Apps.Deletions(ctx, ids)
		note(loadersOf(ctx), slices.Collect(maps.Values(all))...)
		return all, err
	})
}

// wholeRows returns the request for a page of rows with all columns: what is selected of
// a type that is not called like its rows says nothing about these.
func wholeRows(ctx context.Context, a paging.Args) listing.Request {
	return listing.Request{Args: a, Wanted: wanted(ctx)}
}
