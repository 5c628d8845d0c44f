package identity

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/product"
	"portico/ent/db/servicetoken"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/viewer"
)

// maxGatewayProducts is the maximum number of products a gateway's token may be
// bound to.
const maxGatewayProducts = 100

// NewGateway describes a gateway's token to create.
type NewGateway struct {
	// Organization is the slug of the organization.
	Organization string
	// Name is 1–255 characters, unique among the organization's tokens, revoked
	// ones included.
	Name string
	// Products are the names of the products it may ask about; empty for all.
	Products []string
	// Environment is the only one whose credentials it accepts; nil for any.
	Environment *access.Environment
	// Hash and Hint are all that is stored of the token.
	Hash []byte
	Hint string
}

// GatewayToken is the public part of a gateway's token.
type GatewayToken struct {
	ID, OrganizationID uuid.UUID
	Name, Hint         string
	// Products are the names of the products it is bound to; empty for all.
	Products []string
	// Environment is the only one whose credentials it accepts; nil for any.
	Environment *access.Environment
	CreatedAt   time.Time
	// LastUsedAt and RevokedAt are nil until then.
	LastUsedAt, RevokedAt *time.Time
}

// CreateGateway creates the token of a gateway. It is only called by commands,
// as Portico itself. An unknown organization or product is UNKNOWN_REFERENCE, a
// name that was used before TAKEN.
func (svc *Service) CreateGateway(ctx context.Context, in NewGateway) (*db.ServiceToken, error) {
	if err := fault.Collect(
		input.CheckName("name", in.Name),
		input.AtMost("products", len(in.Products), maxGatewayProducts),
	); err != nil {
		return nil, err
	}
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.ServiceToken, error) {
		if err := enterOrganization(ctx, tx, in.Organization); err != nil {
			return nil, err
		}
		products, err := productsByName(ctx, tx, in.Products)
		if err != nil {
			return nil, err
		}
		create := tx.ServiceToken.Create().SetName(in.Name).SetScopes(domain.NewScopes(domain.GatewayScope).Names()).
			SetTokenHash(in.Hash).SetHint(in.Hint).SetNillableEnvironment(in.Environment)
		if products != nil {
			create.SetProductIds(products)
		}
		out, err := addServiceToken(ctx, tx, create)
		if err != nil {
			return nil, change.Taken(err, "name", "A token of the organization has this name, or had it before it was revoked, and names are not used twice. Choose another.")
		}
		return out, nil
	})
}

// productsByName finds products of the organization, without duplicates; nil
// for none.
func productsByName(ctx context.Context, tx *change.Tx, names []string) ([]uuid.UUID, error) {
	var out []uuid.UUID
	for i, name := range names {
		id, err := tx.Product.Query().Where(product.OrganizationID(tx.OrganizationID()), product.Name(input.Sanitize(name))).OnlyID(ctx)
		if db.IsNotFound(err) {
			return nil, fault.Input(fault.UnknownReference, "products."+strconv.Itoa(i), "The organization has no product with this name.")
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out, nil
}

// RevokeGateway permanently revokes the token with this name, which cannot be
// used again. A revoked token is returned unchanged; an unknown name is
// UNKNOWN_REFERENCE. It is only called by commands, as Portico itself.
func (svc *Service) RevokeGateway(ctx context.Context, organization, name string) (*db.ServiceToken, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.ServiceToken, error) {
		if err := enterOrganization(ctx, tx, organization); err != nil {
			return nil, err
		}
		t, err := change.LockForUpdate(tx, tx.ServiceToken.Query().Where(servicetoken.OrganizationID(tx.OrganizationID()), servicetoken.Name(input.Sanitize(name)))).Only(ctx)
		if err != nil && !db.IsNotFound(err) {
			return nil, err
		}
		if err != nil || !ScopesOf(t).HasAny(domain.GatewayScope) {
			return nil, fault.Input(fault.UnknownReference, "name", "The organization has no gateway with this name.")
		}
		return revokeServiceToken(ctx, tx, t, "")
	})
}

// Gateways lists the tokens of an organization's gateways, revoked ones
// included, oldest first. It is only called by commands, as Portico itself.
func (svc *Service) Gateways(ctx context.Context, organization string) ([]GatewayToken, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	id, err := svc.organizationID(ctx, organization)
	if err != nil {
		return nil, err
	}
	rows, err := svc.client.ServiceToken.Query().Where(servicetoken.OrganizationID(id)).
		Order(servicetoken.ByCreatedAt(), servicetoken.ByID()).All(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	var bound []uuid.UUID
	for _, t := range rows {
		bound = append(bound, t.ProductIds...)
	}
	products, err := svc.client.Product.Query().Where(database.AnyOf(product.FieldID, bound)).Select(product.FieldName).All(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	names := make(map[uuid.UUID]string, len(products))
	for _, x := range products {
		names[x.ID] = x.Name
	}
	var out []GatewayToken
	for _, t := range rows {
		if !ScopesOf(t).HasAny(domain.GatewayScope) {
			continue
		}
		g := GatewayToken{ID: t.ID, OrganizationID: t.OrganizationID, Name: t.Name, Hint: t.Hint, Environment: t.Environment, CreatedAt: t.CreatedAt, LastUsedAt: t.LastUsedAt, RevokedAt: t.RevokedAt}
		for _, id := range t.ProductIds {
			g.Products = append(g.Products, names[id])
		}
		out = append(out, g)
	}
	return out, nil
}
