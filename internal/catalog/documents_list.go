package catalog

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/productdocument"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/listing"
	"portico/internal/openapi"
)

// DocumentsOfProducts returns the same page of the documents of many products, the present
// ones first.
func (svc *Service) DocumentsOfProducts(ctx context.Context, products []uuid.UUID, r listing.Request) (listing.Pages[*db.ProductDocument], error) {
	ch := listing.Children[*db.ProductDocument]{List: entity.ProductDocumentList(), Column: productdocument.FieldProductID, Parent: func(x *db.ProductDocument) uuid.UUID { return x.ProductID }}
	query := func() listing.Query[*db.ProductDocument] { return svc.client.ProductDocument.Query() }
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(query), products, listing.Order{Desc: true}, r)
}

// Caller is who makes a call: the user name of a key, and the id of an app. Either may be "".
type Caller struct{ Username, App string }

// Curl returns a call of an operation of a document for a shell, nil if it has no such one.
func Curl(x *db.Product, d *db.ProductDocument, method, path string, by Caller) *string {
	for _, o := range d.Operations.All {
		if o.Method == method && o.Path == path {
			return new(openapi.Curl(o, openapi.Call{Server: d.Server, AuthTypes: shownTo(x), Username: by.Username, App: by.App}))
		}
	}
	return nil
}

// shownTo returns the ways to show a key to a product; none if its calls need none.
func shownTo(x *db.Product) []access.AuthType {
	if x.Keyless {
		return nil
	}
	return x.AuthTypes
}

// OperationsOf returns the operations of a document.
func OperationsOf(d *db.ProductDocument) []*domain.ProductOperation {
	out := make([]*domain.ProductOperation, len(d.Operations.All))
	for i := range d.Operations.All {
		out[i] = &d.Operations.All[i]
	}
	return out
}
