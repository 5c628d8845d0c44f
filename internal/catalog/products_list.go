package catalog

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/product"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/paging"
)

// ProductFilter narrows a list of products.
type ProductFilter struct {
	// Search is found in the title or in the name.
	Search        *string
	TitleContains *string
	Status        []domain.ProductStatus
	Visibility    []domain.ProductVisibility
	Tag           *string
}

// Products returns a page of the products that the viewer may see. What cannot be searched
// for is fault.CodeBadUserInput.
func (svc *Service) Products(ctx context.Context, f ProductFilter, o listing.Order, r listing.Request) (*paging.Page[*db.Product], error) {
	if err := input.CheckSearch(f.Search); err != nil {
		return nil, err
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.ProductList(), listing.Filtered(f, svc.productQuery), o, r)
}

func (svc *Service) productQuery(f ProductFilter) listing.Query[*db.Product] {
	q := svc.client.Product.Query()
	if f.Search != nil {
		q.Where(entity.SearchedProducts().Contains(input.SearchText(*f.Search)))
	}
	if f.TitleContains != nil {
		text := input.SearchText(*f.TitleContains)
		q.Where(product.TitleFoldedContains(text))
		if input.HasTrigram(text) { // so that the index finds them
			q.Where(entity.SearchedProducts().Contains(text))
		}
	}
	if f.Status != nil {
		q.Where(product.StatusIn(f.Status...))
	}
	if f.Visibility != nil {
		q.Where(product.VisibilityIn(f.Visibility...))
	}
	if f.Tag != nil {
		q.Where(hasTag(*f.Tag))
	}
	return q
}

// ProductByName returns the product of a name; nil if there is none that the viewer may see.
func (svc *Service) ProductByName(ctx context.Context, name string) (*db.Product, error) {
	p, err := svc.client.Product.Query().Where(product.Name(input.Sanitize(name))).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return p, database.Fault(err)
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
