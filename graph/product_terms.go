package graph

import (
	"context"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/nodeid"
)

// termsToAccept returns the terms of its product that nobody has accepted for a subscription;
// nil for none.
func termsToAccept(ctx context.Context, r entity.Reader, s *db.Subscription) (*domain.Terms, error) {
	if !s.Status.Live() {
		return nil, nil
	}
	p, err := oneWith(ctx, nodeid.Product, s.ProductID, loadersOf(ctx).columns(ctx, nodeid.Product, "terms"), r.ProductsByID)
	if err != nil || p == nil {
		return nil, err
	}
	return apps.ProductTermsToAccept(p, s), nil
}
