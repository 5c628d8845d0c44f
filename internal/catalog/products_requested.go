package catalog

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/keyrequest"
	"portico/ent/db/product"
	"portico/internal/entity"
	"portico/internal/listing"
)

// RequestedProducts returns the same page of the products that the keys of many requests are
// to reach.
func (svc *Service) RequestedProducts(ctx context.Context, requests []uuid.UUID, r listing.Request) (listing.Pages[*db.Product], error) {
	return svc.productsIn(ctx, "requested", keyrequest.FieldProductIds, requests, r)
}

// RemovedProducts returns the same page of the products that the keys of many requests are
// to reach no more.
func (svc *Service) RemovedProducts(ctx context.Context, requests []uuid.UUID, r listing.Request) (listing.Pages[*db.Product], error) {
	return svc.productsIn(ctx, "removed", keyrequest.FieldRemoveProductIds, requests, r)
}

// productsIn returns the products whose ids a column of requests has, a JSON list.
func (svc *Service) productsIn(ctx context.Context, name, column string, requests []uuid.UUID, r listing.Request) (listing.Pages[*db.Product], error) {
	ch := listing.Children[*db.Product]{List: entity.ProductList(), Through: &listing.Through{Name: name, Join: func(s *sql.Selector) string {
		t := sql.Dialect(s.Dialect()).Table(keyrequest.Table).As("asks")
		s.Join(t).OnP(IsListed(s.C(product.FieldID), t.C(column)))
		return t.C(keyrequest.FieldID)
	}}}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(func() listing.Query[*db.Product] { return svc.client.Product.Query() }), requests, listing.Order{}, r)
}
