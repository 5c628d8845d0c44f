package source

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
)

// Token is a service token.
type Token struct {
	ID, Organization uuid.UUID
	Name             string
	Scopes           []string
	Products         access.ProductScope
	Environment      access.Environment // "" means all
	ExpiresAt        time.Time          // zero: never
}

// Token reads the token with a hash. It returns nil if there is none or it is revoked.
func (s *Reader) Token(ctx context.Context, hash []byte) (out *Token, err error) {
	err = s.each(ctx, `SELECT id, organization_id, name, scopes, product_ids, environment, expires_at FROM service_tokens
		WHERE token_hash = $1 AND revoked_at IS NULL`, []any{hash}, func(r *sql.Rows) error {
		var t Token
		var scopes, products []byte
		var environment sql.NullString
		var expires sql.NullTime
		if err := r.Scan(&t.ID, &t.Organization, &t.Name, &scopes, &products, &environment, &expires); err != nil {
			return err
		}
		t.Environment, t.ExpiresAt, out = access.Environment(environment.String), expires.Time, &t
		if err := decode(scopes, &t.Scopes); err != nil {
			return err
		}
		return decode(products, &t.Products)
	})
	return out, err
}
