package catalog

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/guide"
	"portico/internal/entity"
	"portico/internal/listing"
)

// GuidesOfProducts returns the same page of the guides of many products, in their order.
func (svc *Service) GuidesOfProducts(ctx context.Context, products []uuid.UUID, r listing.Request) (listing.Pages[*db.Guide], error) {
	ch := listing.Children[*db.Guide]{List: entity.GuideList(), Column: guide.FieldProductID, Parent: func(x *db.Guide) uuid.UUID { return x.ProductID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(func() listing.Query[*db.Guide] { return svc.client.Guide.Query() }),
		products, listing.Order{}, r)
}

// GuideHTML returns the text of a guide as HTML.
func (svc *Service) GuideHTML(x *db.Guide) string { return svc.pages.HTML(x.Text) }
