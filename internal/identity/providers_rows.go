package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/viewer"
)

func insertProvider(ctx context.Context, tx *change.Tx, p Provider) error {
	names := append([]string{"id", "organization_id", "version", "client_secret", "created_at", "updated_at"}, columns()...)
	args := []any{p.ID, p.OrganizationID, p.Version, stored(p.Secret), tx.Now, tx.Now}
	for _, v := range p.Values() {
		args = append(args, v.Value)
	}
	places := make([]string, len(names))
	for i := range names {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO identity_providers (`+strings.Join(names, ", ")+`) VALUES (`+strings.Join(places, ", ")+`)`, args...)
	return err
}

func updateProvider(ctx context.Context, tx *change.Tx, p Provider) error {
	text, args := "version = $2, client_secret = $3, updated_at = $4", []any{p.ID, p.Version, stored(p.Secret), tx.Now}
	for i, v := range p.Values() {
		args = append(args, v.Value)
		text += fmt.Sprintf(", %s = $%d", columns()[i], len(args))
	}
	_, err := tx.ExecContext(ctx, `UPDATE identity_providers SET `+text+` WHERE id = $1`, args...)
	return err
}

// readProviders returns the providers that meet a condition, in the order of their names.
func readProviders(ctx context.Context, q queryer, where string, args ...any) (out []Provider, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, organization_id, version, client_secret, `+strings.Join(columns(), ", ")+` FROM identity_providers WHERE `+where+` ORDER BY name, id`, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Provider
		if err := rows.Scan(append([]any{&p.ID, &p.OrganizationID, &p.Version, &p.Secret}, p.fields()...)...); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func providerByName(ctx context.Context, q queryer, organization uuid.UUID, name string) (Provider, error) {
	found, err := readProviders(ctx, q, `organization_id = $1 AND name = $2`, organization, name)
	if err != nil {
		return Provider{}, err
	}
	if len(found) == 0 {
		return Provider{}, errUnknownProvider()
	}
	return found[0], nil
}

// Providers returns all identity providers of an organization, found by its slug, for
// commands.
func (svc *Service) Providers(ctx context.Context, slug string) ([]Provider, error) {
	o, err := svc.OrganizationBySlug(viewer.AsSystem(ctx, uuid.Nil), slug)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errUnknownOrganization()
	}
	out, err := readProviders(ctx, svc.client, `organization_id = $1`, o.ID)
	return out, change.PublicError(err)
}

// AllProviders returns the identity providers of all organizations.
func (svc *Service) AllProviders(ctx context.Context) ([]Provider, error) {
	out, err := readProviders(ctx, svc.client, `1 = 1`)
	return out, change.PublicError(err)
}

// SignInProviders returns the identity providers where people of an organization sign in
// with a browser.
func (svc *Service) SignInProviders(ctx context.Context, organization uuid.UUID) ([]Provider, error) {
	out, err := readProviders(ctx, svc.client, `organization_id = $1 AND client_id <> ''`, organization)
	return out, change.PublicError(err)
}

// ProviderAt returns the identity provider that has a name in an organization; ok is
// false if there is none where browsers sign in.
func (svc *Service) ProviderAt(ctx context.Context, slug, name string) (p Provider, ok bool, err error) {
	if !domain.IsSlug(slug) || !domain.IsSlug(name) {
		return Provider{}, false, nil
	}
	found, err := readProviders(ctx, svc.client, `name = $1 AND client_id <> '' AND organization_id = (SELECT id FROM organizations WHERE slug = $2)`, name, slug)
	if err != nil || len(found) == 0 {
		return Provider{}, false, change.PublicError(err)
	}
	return found[0], true, nil
}

// stored returns a sealed secret as it is stored; NULL for none.
func stored(secret []byte) any {
	if len(secret) == 0 {
		return nil
	}
	return secret
}
