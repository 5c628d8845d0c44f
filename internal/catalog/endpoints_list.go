package catalog

import (
	"context"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/ent/db/subscription"
	"portico/internal/entity"
	"portico/internal/listing"
)

func (svc *Service) endpointQuery() listing.Query[*db.Endpoint] {
	return svc.client.Endpoint.Query()
}

// EndpointsOfProducts returns the same page of the endpoints of many products.
func (svc *Service) EndpointsOfProducts(ctx context.Context, products []uuid.UUID, r listing.Request) (listing.Pages[*db.Endpoint], error) {
	ch := listing.Children[*db.Endpoint]{List: entity.EndpointList(), Column: endpoint.FieldProductID, Parent: func(x *db.Endpoint) uuid.UUID { return x.ProductID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(svc.endpointQuery), products, listing.Order{}, r)
}

// EndpointsOfSubscriptions returns the same page of the endpoints of many
// subscriptions: those a subscription is narrowed to, or else all of its
// product.
func (svc *Service) EndpointsOfSubscriptions(ctx context.Context, subscriptions []uuid.UUID, r listing.Request) (listing.Pages[*db.Endpoint], error) {
	return svc.reachableEndpoints(ctx, "subscription", subscription.FieldID, subscriptions, r, func(*sql.Selector, *sql.SelectTable) {})
}

// ConnectedEndpoints returns the same page of the endpoints that many apps may
// call by their approved subscriptions.
func (svc *Service) ConnectedEndpoints(ctx context.Context, apps []uuid.UUID, r listing.Request) (listing.Pages[*db.Endpoint], error) {
	return svc.reachableEndpoints(ctx, "app", subscription.FieldAppID, apps, r, func(s *sql.Selector, t *sql.SelectTable) {
		s.Where(sql.And(sql.IsNull(t.C(subscription.FieldDeletedAt)), sql.EQ(t.C(subscription.FieldStatus), string(access.SubscriptionApproved))))
	})
}

// reachableEndpoints returns the endpoints of subscriptions, grouped by a
// column of theirs. An app has one live subscription per product, so that each
// endpoint appears once.
func (svc *Service) reachableEndpoints(ctx context.Context, name, column string, parents []uuid.UUID, r listing.Request, only func(*sql.Selector, *sql.SelectTable)) (listing.Pages[*db.Endpoint], error) {
	ch := listing.Children[*db.Endpoint]{List: entity.EndpointList(), Through: &listing.Through{Name: name, Join: func(s *sql.Selector) string {
		t := sql.Dialect(s.Dialect()).Table(subscription.Table).As("reach")
		s.Join(t).On(s.C(endpoint.FieldProductID), t.C(subscription.FieldProductID))
		s.Where(idListedOrAll(s.C(endpoint.FieldID), t.C(subscription.FieldEndpointIds)))
		only(s, t)
		return t.C(column)
	}}}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(svc.endpointQuery), parents, listing.Order{}, r)
}

// idListedOrAll matches if the column ids, a JSON list, is NULL or contains id.
func idListedOrAll(id, ids string) *sql.Predicate {
	return sql.Or(sql.P(func(b *sql.Builder) { b.WriteString(ids + " IS NULL") }), IsListed(id, ids))
}

// IsListed matches if the column ids, a JSON list, contains id.
func IsListed(id, ids string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		has := "(SELECT value FROM json_each(" + ids + "))"
		if b.Dialect() == dialect.Postgres {
			has = "(SELECT value::uuid FROM jsonb_array_elements_text(CASE jsonb_typeof(" + ids + ") WHEN 'array' THEN " + ids + " ELSE '[]' END))"
		}
		b.WriteString(id + " IN " + has)
	})
}
