package gateway

import (
	"context"
	"database/sql"
	"encoding/json"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"portico/clients/go/gate/keycache"
	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
)

// source reads the rows that caches are filled with.
type source struct{ db *database.DB }

// in returns a condition with one argument, whatever the number of ids, so that
// the statement's text stays the same and is found prepared.
func (s source) in(column, placeholder string) string {
	if s.db.Dialect() == dialect.Postgres {
		return column + " = ANY(" + placeholder + ")"
	}
	return column + " IN (SELECT value FROM json_each(" + placeholder + "))"
}

// list returns the argument of in.
func (s source) list(ids []uuid.UUID) any {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	if s.db.Dialect() == dialect.Postgres {
		return pq.Array(texts)
	}
	text, _ := json.Marshal(texts) // strings never fail
	return string(text)
}

// each runs a query and scans its rows.
func (s source) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// decode parses a JSON column into v; NULL leaves v unchanged.
func decode(column []byte, v any) error {
	if len(column) == 0 {
		return nil
	}
	return json.Unmarshal(column, v)
}

func (s source) head(ctx context.Context, organization uuid.UUID) (int64, error) {
	return eventlog.Head(ctx, s.db, organization)
}

// catalogue reads an organization's catalogue. An unknown organization is
// fault.Missing.
func (s source) catalogue(ctx context.Context, organization uuid.UUID) (*keycache.Catalogue, error) {
	c := &keycache.Catalogue{Products: []keycache.Product{}}
	found := false
	err := s.each(ctx, `SELECT id, slug, time_zone FROM organizations WHERE id = $1`, []any{organization}, func(r *sql.Rows) error {
		found = true
		return r.Scan(&c.Organization.ID, &c.Organization.Slug, &c.Organization.TimeZone)
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
	return c, s.endpoints(ctx, organization, c.Products, at)
}

// products also sets at to the index of each product. Keyless is false for
// products that are not published, or not any more: they need a credential like
// any other.
func (s source) products(ctx context.Context, organization uuid.UUID, at map[uuid.UUID]int) ([]keycache.Product, error) {
	out := []keycache.Product{}
	err := s.each(ctx, `SELECT id, name, auth_types, keyless AND status IN ('PUBLISHED', 'DEPRECATED'), enforce_endpoints
		FROM products WHERE organization_id = $1 ORDER BY name`, []any{organization}, func(r *sql.Rows) error {
		p := keycache.Product{Plans: []keycache.Plan{}, Endpoints: []keycache.Endpoint{}}
		var types []byte
		if err := r.Scan(&p.ID, &p.Name, &types, &p.Keyless, &p.EnforceEndpoints); err != nil {
			return err
		}
		at[p.ID] = len(out)
		err := decode(types, &p.AuthTypes)
		out = append(out, p)
		return err
	})
	return out, err
}

func (s source) plans(ctx context.Context, organization uuid.UUID, products []keycache.Product, at map[uuid.UUID]int) error {
	return s.each(ctx, `SELECT id, product_id, name, rate_limit, quota, quota_per FROM plans WHERE organization_id = $1 ORDER BY product_id, name`,
		[]any{organization}, func(r *sql.Rows) error {
			var p keycache.Plan
			var product uuid.UUID
			var rate, quota []byte
			if err := r.Scan(&p.ID, &product, &p.Name, &rate, &quota, &p.QuotaPer); err != nil {
				return err
			}
			if err := decode(rate, &p.RateLimit); err != nil {
				return err
			}
			if err := decode(quota, &p.Quota); err != nil {
				return err
			}
			if i, ok := at[product]; ok { // else it was created after the products were read
				products[i].Plans = append(products[i].Plans, p)
			}
			return nil
		})
}

func (s source) endpoints(ctx context.Context, organization uuid.UUID, products []keycache.Product, at map[uuid.UUID]int) error {
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
