package graph

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/portal"
)

// Rows whose names are needed often.
type (
	eventRow = db.Event
	userRow  = db.User
)

// nodeOf returns the object of an id with the given columns, nil for all; the
// object is nil if there is none that the viewer may see.
func nodeOf(ctx context.Context, p *portal.Portal, k nodeid.Kind, id uuid.UUID, columns []string) (model.Node, error) {
	switch k {
	case nodeid.App:
		return some(oneWith(ctx, k, id, columns, p.AppsByID))
	case nodeid.Account:
		return some(oneWith(ctx, k, id, columns, p.AccountsByID))
	case nodeid.Credential:
		return some(oneWith(ctx, k, id, columns, p.CredentialsByID))
	case nodeid.Product:
		return some(oneWith(ctx, k, id, columns, p.ProductsByID))
	case nodeid.Plan:
		return some(oneWith(ctx, k, id, columns, p.PlansByID))
	case nodeid.Endpoint:
		return some(oneWith(ctx, k, id, columns, p.EndpointsByID))
	case nodeid.ProductSubscription:
		return some(oneWith(ctx, k, id, columns, p.SubscriptionsByID))
	case nodeid.User:
		return some(oneWith(ctx, k, id, columns, p.UsersByID))
	case nodeid.Membership:
		return some(oneWith(ctx, k, id, columns, p.MembershipsByID))
	case nodeid.Organization:
		return some(oneWith(ctx, k, id, columns, p.OrganizationsByID))
	case nodeid.Event:
		return some(oneWith(ctx, k, id, columns, p.EventsByID))
	}
	return nil, nil
}

// some returns a nil interface for a nil row.
func some[T any, P interface {
	*T
	model.Node
}](row *T, err error) (model.Node, error) {
	if row == nil || err != nil {
		return nil, err
	}
	return P(row), nil
}

// byID returns the object of an opaque id, for root fields that know its type.
func byID[T any](ctx context.Context, k nodeid.Kind, id string, load func(context.Context, []uuid.UUID, []string) (listing.ByID[*T], error)) (*T, error) {
	row, ok := nodeid.Decode(k, id)
	if !ok {
		return nil, nil
	}
	loadersOf(ctx).saw(k, row)
	return one(ctx, k, row, load)
}
