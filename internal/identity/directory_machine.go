package identity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// machineText selects the service token with a hash, with the organization's policies
// and the account that it acts for, unless it has expired, was revoked, or its account
// was deleted.
const machineText = `SELECT t.id, t.organization_id, t.name, t.scopes, t.account_id, t.last_used_at, a.status,
o.time_zone, o.portal_unregister, o.production_keys, o.key_prefix, o.longest_key_life, o.rotate_keys_every, o.act_as
FROM service_tokens t JOIN organizations o ON o.id = t.organization_id LEFT JOIN accounts a ON a.id = t.account_id
WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2) AND a.deleted_at IS NULL`

// Machine returns the viewer of the service token with this hash, using one statement,
// so that a token ends with the next request. It notes that the token is used.
func (d *Directory) Machine(ctx context.Context, hash []byte) (viewer.Viewer, bool, error) {
	var v viewer.Viewer
	var scopes, life, rotation []byte
	var acc uuid.NullUUID
	var used sql.NullTime
	var status sql.NullString
	now := d.clock.Now()
	err := d.database.QueryRowContext(ctx, machineText, hash, now).Scan(&v.TokenID, &v.OrganizationID, &v.Name, &scopes, &acc, &used, &status,
		&v.TimeZone, &v.Policy.PortalUnregister, &v.Policy.ProductionKeys, &v.Policy.KeyPrefix, &life, &rotation, &v.Policy.ActAs)
	if errors.Is(err, sql.ErrNoRows) {
		return viewer.Viewer{}, false, nil
	}
	if err != nil {
		return viewer.Viewer{}, false, database.Fault(err)
	}
	var names []string
	if err := errors.Join(readKeyLives(&v.Policy, life, rotation), json.Unmarshal(scopes, &names)); err != nil {
		return viewer.Viewer{}, false, err
	}
	var known bool
	if v.Scopes, known = domain.ScopesOf(names); !known {
		return viewer.Viewer{}, false, nil // of a later build
	}
	v.Role, v.AccountID = roleOf(v.Scopes), acc.UUID
	v.AccountSuspended = status.Valid && status.String != string(access.AccountActive)
	if v.Role != viewer.Gateway { // the gate counts those
		d.use(v.TokenID, used.Time, now)
	}
	return v, true, nil
}

// actingText selects a developer for whom a service token acts, in one of the developer's
// accounts.
const actingText = `SELECT u.name, t.scopes, t.last_used_at, o.time_zone, o.portal_unregister, o.production_keys, o.key_prefix, o.longest_key_life, o.rotate_keys_every, m.role, a.status, ` + termsDue + `
FROM service_tokens t JOIN organizations o ON o.id = t.organization_id
JOIN users u ON u.organization_id = o.id AND u.id = $1 AND u.status = 'ACTIVE' AND u.role = 'PORTAL' AND ($6 OR NOT u.made_in_development)
JOIN memberships m ON m.user_id = u.id AND m.account_id = $4 JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL
WHERE t.id = $3 AND t.organization_id = $2 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $5)
AND `

// The conditions under which it acts: the organization allows it, or an identity provider
// that is unchanged vouches for the developer.
const (
	actingAllowed = actingText + `o.act_as`
	actingVouched = actingText + `EXISTS (SELECT 1 FROM identity_providers p JOIN external_identities x ON x.provider_id = p.id AND x.user_id = u.id
WHERE p.id = $7 AND p.version = $8 AND p.organization_id = o.id)`
)

// Acting returns the viewer of an access token with which a service token acts for a
// developer, using one statement. ok is false as soon as the service token, the developer,
// the membership, or the organization's permission or the provider has ended. The
// developer's sessions do not matter. It notes that the service token is used.
func (d *Directory) Acting(ctx context.Context, a Acting) (viewer.Viewer, bool, error) {
	v := viewer.Viewer{Role: viewer.Portal, OrganizationID: a.Organization, UserID: a.User, AccountID: a.Account, TokenID: a.Token, Scopes: a.Scopes}
	var role, status string
	var scopes, life, rotation []byte
	var used sql.NullTime
	now := d.clock.Now()
	text, args := actingAllowed, []any{a.User, a.Organization, a.Token, a.Account, now, d.development}
	if a.Provider != uuid.Nil {
		text, args = actingVouched, append(args, a.Provider, a.ProviderVersion)
	}
	err := d.database.QueryRowContext(ctx, text, args...).Scan(&v.Name, &scopes, &used, &v.TimeZone,
		&v.Policy.PortalUnregister, &v.Policy.ProductionKeys, &v.Policy.KeyPrefix, &life, &rotation, &role, &status, &v.TermsDue)
	if errors.Is(err, sql.ErrNoRows) {
		return viewer.Viewer{}, false, nil
	}
	if err != nil {
		return viewer.Viewer{}, false, database.Fault(err)
	}
	var names []string
	if err := errors.Join(readKeyLives(&v.Policy, life, rotation), json.Unmarshal(scopes, &names)); err != nil {
		return viewer.Viewer{}, false, err
	}
	if !slices.Contains(names, domain.UsersActAs.Name()) {
		return viewer.Viewer{}, false, nil
	}
	d.use(a.Token, used.Time, now)
	v.AccountOwner = role == string(domain.Owner)
	v.AccountSuspended = status != string(access.AccountActive)
	return v, true, nil
}

// roleOf returns the role in which a service token acts.
func roleOf(s domain.Scopes) viewer.Role {
	switch {
	case s.HasAny(domain.GatewayScope):
		return viewer.Gateway
	case s.HasAny(domain.PortalRead, domain.PortalWrite):
		return viewer.Portal
	}
	return viewer.Admin
}

// lastUses are the tokens that were used since that was last stored, to the minute.
type lastUses struct {
	mu  sync.Mutex
	all map[uuid.UUID]time.Time
}

// use notes that a token is used, unless that is known of this minute.
func (d *Directory) use(token uuid.UUID, stored, now time.Time) {
	minute := now.Truncate(time.Minute)
	if !minute.After(stored) {
		return
	}
	d.uses.mu.Lock()
	defer d.uses.mu.Unlock()
	d.uses.all[token] = minute
}

// StoreUses stores when service tokens were last used. What cannot be stored is stored
// with the next call.
func (d *Directory) StoreUses(ctx context.Context) error {
	d.uses.mu.Lock()
	all := d.uses.all
	d.uses.all = map[uuid.UUID]time.Time{}
	d.uses.mu.Unlock()
	for token, minute := range all {
		if _, err := d.database.ExecContext(ctx, `UPDATE service_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)`, token, minute); err != nil {
			d.uses.mu.Lock()
			for token, minute := range all {
				if minute.After(d.uses.all[token]) {
					d.uses.all[token] = minute
				}
			}
			d.uses.mu.Unlock()
			return database.Fault(err)
		}
		delete(all, token)
	}
	return nil
}
