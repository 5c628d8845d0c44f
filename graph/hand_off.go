package graph

import (
	"context"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/entity"
	"portico/internal/nodeid"
)

// handOffURL returns where the developer of a subscription continues; nil unless it waits
// and its product names a place.
func handOffURL(ctx context.Context, r entity.Reader, s *db.Subscription) (*string, error) {
	if s.Status != access.SubscriptionWaiting {
		return nil, nil
	}
	p, err := oneWith(ctx, nodeid.Product, s.ProductID, loadersOf(ctx).columns(ctx, nodeid.Product, "handOffUrl"), r.ProductsByID)
	if err != nil || p == nil {
		return nil, err
	}
	if out := catalog.HandOffURL(p, s.GlobalID()); out != "" {
		return &out, nil
	}
	return nil, nil
}
