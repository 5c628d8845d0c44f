package identity

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// externalText selects the user who somebody at an identity provider is, as personText
// does, unless the provider was changed or removed since it was read.
const externalText = `SELECT u.id, u.role, u.name, o.time_zone, o.portal_unregister, o.production_keys, o.key_prefix, o.longest_key_life, o.rotate_keys_every, a.id, m.role, a.status,
x.claims_at, u.totp_enabled_at IS NOT NULL, o.staff_totp, u.made_in_development, ` + termsDue + `
FROM external_identities x JOIN identity_providers p ON p.id = x.provider_id
JOIN users u ON u.id = x.user_id AND u.organization_id = p.organization_id JOIN organizations o ON o.id = u.organization_id
LEFT JOIN (memberships m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL) ON m.user_id = u.id
WHERE p.id = $1 AND p.version = $2 AND x.subject = $3 AND u.status = 'ACTIVE'
ORDER BY CASE WHEN a.id = $4 THEN 0 ELSE 1 END, m.created_at, m.id LIMIT 1`

// External returns the viewer of an access token of an identity provider, using one
// statement. ok is false for somebody who has to arrive first: who is unknown, may not
// come in, or whose claims have changed. account is as in Person; there is no session.
func (d *Directory) External(ctx context.Context, p Provider, a Arrival, account uuid.UUID) (viewer.Viewer, bool, error) {
	v := viewer.Viewer{OrganizationID: p.OrganizationID}
	var acc uuid.NullUUID
	var role, status sql.NullString
	var life, rotation []byte
	var at time.Time
	var hasFactor, staffTotp, madeInDevelopment bool
	err := d.database.QueryRowContext(ctx, externalText, p.ID, p.Version, a.Subject, account).Scan(&v.UserID, &v.Role, &v.Name, &v.TimeZone,
		&v.Policy.PortalUnregister, &v.Policy.ProductionKeys, &v.Policy.KeyPrefix, &life, &rotation, &acc, &role, &status, &at, &hasFactor, &staffTotp, &madeInDevelopment, &v.TermsDue)
	if errors.Is(err, sql.ErrNoRows) {
		return viewer.Viewer{}, false, nil
	}
	if err != nil {
		return viewer.Viewer{}, false, database.Fault(err)
	}
	if err := readKeyLives(&v.Policy, life, rotation); err != nil {
		return viewer.Viewer{}, false, err
	}
	staff := !belongsToAccounts(domain.UserRole(v.Role))
	if a.isNews(at) || !claimsAllow(a.Role, domain.UserRole(v.Role)) || madeInDevelopment && !d.development {
		return viewer.Viewer{}, false, nil
	}
	if !p.SecondFactor && (hasFactor || staff && staffTotp) {
		return viewer.Viewer{}, false, notLetIn(ErrSecondFactor)
	}
	v.AccountID = acc.UUID
	v.AccountOwner = role.String == string(domain.Owner)
	v.AccountSuspended = status.Valid && status.String != string(access.AccountActive)
	return v, true, nil
}
