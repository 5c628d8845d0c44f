// Package catalog owns what an organization offers: products, how they end, their
// plans, endpoints and guides. It does not own the subscriptions to products: EndProduct is
// called when a product is retired.
package catalog

import (
	"context"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/entity"
	"portico/internal/markdown"
)

// Options configures a Service. All fields are required.
type Options struct {
	Client   *db.Client
	Changes  *change.Runner
	Entities entity.Reader
	// EndProduct ends the subscriptions to a product that is being retired,
	// within its change.
	EndProduct func(ctx context.Context, tx *change.Tx, x *db.Product) error
}

// Service implements the operations on products, plans and endpoints. It is safe
// for concurrent use.
type Service struct {
	client     *db.Client
	changes    *change.Runner
	entities   entity.Reader
	endProduct func(ctx context.Context, tx *change.Tx, x *db.Product) error
	markdown   *markdown.Renderer
	pages      *markdown.Renderer
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{client: o.Client, changes: o.Changes, entities: o.Entities, endProduct: o.EndProduct, markdown: markdown.New(), pages: markdown.NewForPages()}
}
