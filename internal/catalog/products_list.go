package catalog

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/product"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/paging"
)

// ProductFilter narrows a list of products.
type ProductFilter struct {
	TitleContains *string
	Status        []domain.ProductStatus
}

// Products returns a page of the products that the viewer may see.
func (svc *Service) Products(ctx context.Context, f ProductFilter, o listing.Order, r listing.Request) (*paging.Page[*db.Product], error) {
	return listing.ReadPage(ctx, svc.entities.Lists, entity.ProductList(), func() listing.Query[*db.Product, *db.ProductSelect] {
		q := svc.client.Product.Query()
		if f.TitleContains != nil {
			q.Where(product.TitleFoldedContains(input.SearchText(*f.TitleContains)))
		}
		if f.Status != nil {
			q.Where(product.StatusIn(f.Status...))
		}
		return q
	}, o, r)
}

// PlansOfProducts returns the same page of the plans of many products.
func (svc *Service) PlansOfProducts(ctx context.Context, products []uuid.UUID, r listing.Request) (listing.Pages[*db.Plan], error) {
	ch := listing.Children[*db.Plan]{List: entity.PlanList(), Column: plan.FieldProductID, Parent: func(x *db.Plan) uuid.UUID { return x.ProductID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, func() listing.Query[*db.Plan, *db.PlanSelect] { return svc.client.Plan.Query() },
		products, listing.Order{}, r)
}

// PageOfProducts returns a page of products that have been read already, in
// their order.
func (svc *Service) PageOfProducts(all []*db.Product, r listing.Request) (*paging.Page[*db.Product], error) {
	l := listing.List[*db.Product]{
		Name: "access",
		ID:   func(x *db.Product) uuid.UUID { return x.ID },
		Keys: []listing.Key[*db.Product]{{Column: product.FieldID, Value: func(x *db.Product) any { return x.ID }}},
	}
	return listing.PageOf(svc.entities.Lists, l, all, r)
}
