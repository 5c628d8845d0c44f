package graph

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/gateway/presence"
	"portico/internal/identity"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/viewer"
)

// gatewayToken is the loaders' kind for tokens that were read as gateways.
const gatewayToken nodeid.Kind = "gateway's token"

// gateways returns a page of gateways, which are their tokens.
func (r *Resolver) gateways(ctx context.Context, f identity.GatewayFilter, o listing.Order, rd listing.Request) (*paging.Page[*db.ServiceToken], error) {
	p, err := r.Portal.Identity.GatewayTokens(ctx, f, o, rd)
	if err != nil {
		return nil, err
	}
	for _, t := range p.Nodes {
		loadersOf(ctx).saw(gatewayToken, t.ID)
	}
	return p, nil
}

// presence returns what has been seen of a gateway, and reads it for the whole page at
// once.
func (r *Resolver) presence(ctx context.Context, token uuid.UUID) (presence.State, error) {
	return value(ctx, "presence", gatewayToken, token, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]presence.State, error) {
		return r.Gate.Gateways(ctx, viewer.Current(ctx).OrganizationID, ids)
	})
}
