package source

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
func (s *Reader) credentialsByID(ctx context.Context, organization uuid.UUID, ids []uuid.UUID) ([]keycache.Credential, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := s.credentials(ctx, `organization_id = $1 AND `+s.in("id", "$2"), organization, s.list(ids))
	return Rows(all), err
}

// collected matches credentials but those without a secret: no call can be made with one,
// and whatever is presented in its place is an unknown key.
const collected = `status <> 'UNCOLLECTED' AND `

// credentials reads the credentials that calls can be made with.
func (s *Reader) credentials(ctx context.Context, which string, args ...any) ([]Owned[keycache.Credential], error) {
	return s.allCredentials(ctx, collected+which, args...)
}

func (s *Reader) allCredentials(ctx context.Context, which string, args ...any) (out []Owned[keycache.Credential], err error) {
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

func (s *Reader) credentialText() string {
	products := `json_group_array(product_id)`
	if s.db.Dialect() == dialect.Postgres {
		products = `json_agg(product_id)`
	}
	return `SELECT organization_id, id, username, account_id, app_id, status, environment, access,
		CASE WHEN access = 'LISTED' THEN (SELECT ` + products + ` FROM access_entries WHERE credential_id = credentials.id) END,
		allowed_addresses, rate_limit, expires_at, secret_hash, pepper_id FROM credentials WHERE `
}

func scanCredential(r *sql.Rows) (k Owned[keycache.Credential], err error) {
	c := &k.Row
	var app uuid.NullUUID
	var expires sql.NullTime
	var list, addresses, rate []byte
	if err := r.Scan(&k.Organization, &c.ID, &c.Username, &c.AccountID, &app, &c.Status, &c.Environment, &c.Access,
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

// CredentialByUsername reads one credential and what its verdicts depend on: its app,
// or all apps of its account, and its account. It returns an empty Change if there is
// none.
func (s *Reader) CredentialByUsername(ctx context.Context, organization, username uuid.UUID) (*keycache.Change, error) {
	return s.credential(ctx, organization, collected+`username = $2`, username)
}

// CredentialByID is CredentialByUsername for the credential with an id, also for one that
// has no secret yet: of it is told why no call passes.
func (s *Reader) CredentialByID(ctx context.Context, organization, id uuid.UUID) (*keycache.Change, error) {
	return s.credential(ctx, organization, `id = $2`, id)
}

func (s *Reader) credential(ctx context.Context, organization uuid.UUID, which string, arg any) (*keycache.Change, error) {
	c := &keycache.Change{}
	found, err := s.allCredentials(ctx, `organization_id = $1 AND `+which, organization, arg)
	if err != nil || len(found) == 0 {
		return c, err
	}
	k := found[0].Row
	c.Credentials = []keycache.Credential{k}
	if k.AppID != nil {
		c.Apps, err = s.appsByID(ctx, organization, []uuid.UUID{*k.AppID})
	} else {
		var apps []Owned[keycache.App]
		apps, err = s.apps(ctx, `organization_id = $1 AND account_id = $2`, organization, k.AccountID)
		c.Apps = Rows(apps)
	}
	if err != nil {
		return nil, err
	}
	c.Accounts, err = s.AccountsByID(ctx, organization, []uuid.UUID{k.AccountID})
	return c, err
}

// CredentialsOf reads the credentials of apps, and those of accounts that belong to no
// app.
func (s *Reader) CredentialsOf(ctx context.Context, organization uuid.UUID, apps, accounts []uuid.UUID) ([]keycache.Credential, error) {
	all, err := s.credentials(ctx, `organization_id = $1 AND (`+s.in("app_id", "$2")+` OR app_id IS NULL AND `+s.in("account_id", "$3")+`)`,
		organization, s.list(apps), s.list(accounts))
	return Rows(all), err
}
