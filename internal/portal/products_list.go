package portal

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/product"
	"portico/internal/domain"
	"portico/internal/paging"
)

// ProductFilter narrows a list of products.
type ProductFilter struct {
	TitleContains *string
	Status        []domain.ProductStatus
}

func productList() list[*db.Product] {
	return list[*db.Product]{"products", func(x *db.Product, column string) (any, uuid.UUID) {
		if column == product.FieldTitleFolded {
			return x.TitleFolded, x.ID
		}
		return x.CreatedAt, x.ID
	}, []string{product.FieldOrganizationID}}
}

// Products returns a page of the products that the viewer may see.
func (p *Portal) Products(ctx context.Context, f ProductFilter, o Order, r Read) (*paging.Page[*db.Product], error) {
	return readPage(ctx, p, productList(), func() listable[*db.Product, *db.ProductSelect] {
		q := p.client.Product.Query()
		if f.TitleContains != nil {
			q.Where(product.TitleFoldedContains(searchText(*f.TitleContains)))
		}
		if f.Status != nil {
			q.Where(product.StatusIn(f.Status...))
		}
		return q
	}, o, r)
}

// PlansOfProducts returns the same page of the plans of many products.
func (p *Portal) PlansOfProducts(ctx context.Context, products []uuid.UUID, r Read) (Pages[*db.Plan], error) {
	ch := children[*db.Plan]{list: list[*db.Plan]{"plans", func(x *db.Plan, _ string) (any, uuid.UUID) { return x.CreatedAt, x.ID },
		[]string{plan.FieldProductID}}, column: plan.FieldProductID, parent: func(x *db.Plan) uuid.UUID { return x.ProductID }}
	return readPages(ctx, p, ch, func() listable[*db.Plan, *db.PlanSelect] { return p.client.Plan.Query() },
		products, Order{Column: plan.FieldCreatedAt}, r)
}

// PageOfProducts returns a page of products that have been read already, in
// their order.
func (p *Portal) PageOfProducts(all []*db.Product, r Read) (*paging.Page[*db.Product], error) {
	order := Order{Column: product.FieldID}
	rd, err := p.newPageQuery("access", order, r)
	if err != nil {
		return nil, err
	}
	rows := slices.Clone(all)
	if rd.window.Backward {
		slices.Reverse(rows)
	}
	inside := rows[:0]
	for _, x := range rows {
		after := rd.after == nil || x.ID.String() > rd.after.id.String()
		before := rd.before == nil || x.ID.String() < rd.before.id.String()
		if after && before && len(inside) <= rd.window.Limit {
			inside = append(inside, x)
		}
	}
	l := list[*db.Product]{name: "access", sortValue: func(x *db.Product, _ string) (any, uuid.UUID) { return x.ID, x.ID }}
	out := paging.Trim(rd.window, inside, rd.wanted, cursor(p, l, order))
	out.TotalCount = len(all)
	return out, nil
}
