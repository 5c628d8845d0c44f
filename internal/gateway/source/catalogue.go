package source

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/fault"
)

// Catalogue reads an organization's catalogue. An unknown organization is
// fault.NotFound.
func (s *Reader) Catalogue(ctx context.Context, organization uuid.UUID) (*keycache.Catalogue, error) {
	c := &keycache.Catalogue{Products: []keycache.Product{}}
	found := false
	err := s.each(ctx, `SELECT id, slug, time_zone, imported_keys FROM organizations WHERE id = $1`, []any{organization}, func(r *sql.Rows) error {
		found = true
		return r.Scan(&c.Organization.ID, &c.Organization.Slug, &c.Organization.TimeZone, &c.Organization.ImportedKeys)
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.NotFound()
	}
	at := map[uuid.UUID]int{}
	if c.Products, err = s.products(ctx, organization, at); err != nil {
		return nil, err
	}
	if err := s.plans(ctx, organization, c.Products, at); err != nil {
		return nil, err
	}
	if err := s.revisions(ctx, organization, c.Products); err != nil {
		return nil, err
	}
	return c, s.endpoints(ctx, organization, c.Products, at)
}

// products also sets at to the index of each product. Keyless is false for
// products that are not published, or not any more: they need a credential like
// any other.
func (s *Reader) products(ctx context.Context, organization uuid.UUID, at map[uuid.UUID]int) ([]keycache.Product, error) {
	out := []keycache.Product{}
	err := s.each(ctx, `SELECT id, name, auth_types, keyless AND status IN ('PUBLISHED', 'DEPRECATED'), enforce_endpoints, deprecates_at, retires_at
		FROM products WHERE organization_id = $1 ORDER BY name`, []any{organization}, func(r *sql.Rows) error {
		p := keycache.Product{Plans: []keycache.Plan{}, Endpoints: []keycache.Endpoint{}}
		var types []byte
		if err := r.Scan(&p.ID, &p.Name, &types, &p.Keyless, &p.EnforceEndpoints, &p.DeprecatesAt, &p.RetiresAt); err != nil {
			return err
		}
		at[p.ID] = len(out)
		err := decode(types, &p.AuthTypes)
		out = append(out, p)
		return err
	})
	return out, err
}

func (s *Reader) plans(ctx context.Context, organization uuid.UUID, products []keycache.Product, at map[uuid.UUID]int) error {
	return s.each(ctx, `SELECT id, product_id, name, revision, rate_limit, quota, quota_per, endpoint_limits, overage, calls_within_cap FROM plans WHERE organization_id = $1 ORDER BY product_id, name`,
		[]any{organization}, func(r *sql.Rows) error {
			var p keycache.Plan
			var product uuid.UUID
			var rate, quota, endpoints []byte
			if err := r.Scan(&p.ID, &product, &p.Name, &p.Revision, &rate, &quota, &p.QuotaPer, &endpoints, &p.Overage, &p.CallsWithinCap); err != nil {
				return err
			}
			if err := decode(rate, &p.RateLimit); err != nil {
				return err
			}
			if err := decode(quota, &p.Quota); err != nil {
				return err
			}
			if err := decode(endpoints, &p.EndpointLimits); err != nil {
				return err
			}
			if i, ok := at[product]; ok { // else it was created after the products were read
				products[i].Plans = append(products[i].Plans, p)
			}
			return nil
		})
}

func (s *Reader) endpoints(ctx context.Context, organization uuid.UUID, products []keycache.Product, at map[uuid.UUID]int) error {
	return s.each(ctx, `SELECT id, product_id, method, path FROM endpoints WHERE organization_id = $1 ORDER BY product_id, path, method`,
		[]any{organization}, func(r *sql.Rows) error {
			var e keycache.Endpoint
			var product uuid.UUID
			if err := r.Scan(&e.ID, &product, &e.Method, &e.Path); err != nil {
				return err
			}
			if i, ok := at[product]; ok {
				products[i].Endpoints = append(products[i].Endpoints, e)
			}
			return nil
		})
}
