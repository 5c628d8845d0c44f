package gateway

import (
	"context"
	"database/sql"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
)

// credentialsByID reads credentials, including those of deleted apps, which are
// revoked.
func (s source) credentialsByID(ctx context.Context, organization uuid.UUID, ids []uuid.UUID) ([]keycache.Credential, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := s.credentials(ctx, `organization_id = $1 AND `+s.in("id", "$2"), organization, s.list(ids))
	return rowsOf(all), err
}

func (s source) credentials(ctx context.Context, which string, args ...any) (out []owned[keycache.Credential], err error) {
	err = s.each(ctx, s.credentialText()+which, args, func(r *sql.Rows) error {
		k, err := scanCredential(r)
		if err != nil {
			return err
		}
		out = append(out, k)
		return nil
	})
	return out, err
}

func (s source) credentialText() string {
	products := `json_group_array(product_id)`
	if s.db.Dialect() == dialect.Postgres {
		products = `json_agg(product_id)`
	}
	return `SELECT organization_id, id, username, account_id, app_id, status, environment, access,
		CASE WHEN access = 'LISTED' THEN (SELECT ` + products + ` FROM access_entries WHERE credential_id = credentials.id) END,
		allowed_addresses, rate_limit, expires_at, secret_hash, pepper_id FROM credentials WHERE `
}

func scanCredential(r *sql.Rows) (k owned[keycache.Credential], err error) {
	c := &k.row
	var app uuid.NullUUID
	var expires sql.NullTime
	var list, addresses, rate []byte
	if err := r.Scan(&k.organization, &c.ID, &c.Username, &c.AccountID, &app, &c.Status, &c.Environment, &c.Access,
		&list, &addresses, &rate, &expires, &c.Hash, &c.PepperID); err != nil {
		return k, err
	}
	c.Status = c.Status.At(time.Time{}, nil) // normalized; expiry is checked with each verdict
	if app.Valid {
		c.AppID = &app.UUID
	}
	if expires.Valid {
		at := expires.Time.UTC()
		c.ExpiresAt = &at
	}
	if err := decode(list, &c.AccessList); err != nil {
		return k, err
	}
	if err := decode(addresses, &c.AllowedAddresses); err != nil {
		return k, err
	}
	return k, decode(rate, &c.RateLimit)
}
