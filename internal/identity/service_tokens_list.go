package identity

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqljson"

	"portico/ent/db"
	"portico/ent/db/predicate"
	"portico/ent/db/servicetoken"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// ServiceTokenFilter narrows a list of service tokens.
type ServiceTokenFilter struct {
	Status     []domain.ServiceTokenStatus
	AccountIDs []string
}

// tokensAt is a filter at a time.
type tokensAt struct {
	ServiceTokenFilter
	At time.Time
}

// ServiceTokens returns a page of the organization's service tokens.
func (svc *Service) ServiceTokens(ctx context.Context, f ServiceTokenFilter, o listing.Order, r listing.Request) (*paging.Page[*db.ServiceToken], error) {
	at := tokensAt{ServiceTokenFilter: f}
	if f.Status != nil {
		at.At = svc.clock.Now()
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.ServiceTokenList(), listing.Filtered(at, svc.serviceTokenQuery), o, r)
}

func (svc *Service) serviceTokenQuery(f tokensAt) listing.Query[*db.ServiceToken] {
	q := svc.client.ServiceToken.Query()
	if f.AccountIDs != nil {
		q.Where(predicate.ServiceToken(database.AnyOf(servicetoken.FieldAccountID, input.DecodeIDs(nodeid.Account, f.AccountIDs))))
	}
	if f.Status != nil {
		q.Where(tokenInStatus(f.Status, f.At))
	}
	return q
}

// GatewayFilter narrows a list of gateways.
type GatewayFilter struct{ Status []domain.ServiceTokenStatus }

// gatewaysAt is a filter of gateways at a time.
type gatewaysAt struct {
	GatewayFilter
	At time.Time
}

// GatewayTokens returns a page of the tokens of the organization's gateways.
func (svc *Service) GatewayTokens(ctx context.Context, f GatewayFilter, o listing.Order, r listing.Request) (*paging.Page[*db.ServiceToken], error) {
	at := gatewaysAt{GatewayFilter: f}
	if f.Status != nil {
		at.At = svc.clock.Now()
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.ServiceTokenList(), listing.Filtered(at, svc.gatewayTokenQuery), o, r)
}

func (svc *Service) gatewayTokenQuery(f gatewaysAt) listing.Query[*db.ServiceToken] {
	q := svc.client.ServiceToken.Query().Where(func(s *sql.Selector) {
		s.Where(sqljson.ValueContains(servicetoken.FieldScopes, domain.GatewayScope.Name()))
	})
	if f.Status != nil {
		q.Where(tokenInStatus(f.Status, f.At))
	}
	return q
}

// tokenInStatus matches the tokens that are in one of some states at a time.
func tokenInStatus(status []domain.ServiceTokenStatus, at time.Time) predicate.ServiceToken {
	revoked := servicetoken.RevokedAtNotNil()
	expired := servicetoken.And(servicetoken.RevokedAtIsNil(), servicetoken.ExpiresAtLTE(at))
	active := servicetoken.And(servicetoken.RevokedAtIsNil(), servicetoken.Or(servicetoken.ExpiresAtIsNil(), servicetoken.ExpiresAtGT(at)))
	any := []predicate.ServiceToken{func(s *sql.Selector) { s.Where(sql.False()) }}
	for _, x := range status {
		switch x {
		case domain.TokenRevoked:
			any = append(any, revoked)
		case domain.TokenExpired:
			any = append(any, expired)
		case domain.TokenActive:
			any = append(any, active)
		}
	}
	return servicetoken.Or(any...)
}
