package catalog

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/internal/entity"
	"portico/internal/listing"
)

// PlansOfProducts returns the same page of the plans of many products.
func (svc *Service) PlansOfProducts(ctx context.Context, products []uuid.UUID, r listing.Request) (listing.Pages[*db.Plan], error) {
	ch := listing.Children[*db.Plan]{List: entity.PlanList(), Column: plan.FieldProductID, Parent: func(x *db.Plan) uuid.UUID { return x.ProductID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(func() listing.Query[*db.Plan] { return svc.client.Plan.Query() }),
		products, listing.Order{}, r)
}
