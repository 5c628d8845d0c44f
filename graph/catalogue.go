package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/portal"
	"portico/internal/viewer"
)

// catalogues is a middleware that resolves everything below the root's catalogue for
// everybody, whoever asks: what it reads is what a public catalogue shows, and nothing that
// was read for the viewer, or for another organization's catalogue, is shared with it.
type catalogues struct{ portal *portal.Portal }

type catalogueKey struct{}

// around resolves every other field by next.
func (c catalogues) around(next graphql.FieldMiddleware) graphql.FieldMiddleware {
	return func(ctx context.Context, resolve graphql.Resolver) (any, error) {
		at := graphql.GetFieldContext(ctx)
		if at.Field.Name != "catalogue" || at.Object != "Query" {
			return next(ctx, resolve)
		}
		slug, _ := at.Args["organization"].(string)
		o, err := c.portal.Identity.OrganizationBySlug(ctx, slug)
		if err != nil || o == nil || o.CatalogueAccess != domain.CataloguePublic {
			return nil, err
		}
		ctx = loadersOf(ctx).apart(viewer.AsPublic(ctx, o.ID))
		return next(context.WithValue(ctx, catalogueKey{}, o), resolve)
	}
}

// granted reports whether a product was granted to the viewer's account. For a public one,
// and for who acts for no account, it makes no difference, and is not read.
func (r *Resolver) granted(ctx context.Context, p *db.Product) (bool, error) {
	if p.Visibility == domain.Public || viewer.Current(ctx).AccountID == uuid.Nil {
		return false, nil
	}
	return value(ctx, "granted", nodeid.Product, p.ID, r.Portal.Catalog.Granted)
}

// catalogueOf returns the catalogue that is being resolved.
func catalogueOf(ctx context.Context) (*model.Catalogue, error) {
	o := ctx.Value(catalogueKey{}).(*db.Organization)
	return &model.Catalogue{OrganizationName: o.Name}, nil
}
