package identity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/servicetoken"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// Directory finds the viewers behind tokens. It is queried for every request,
// so that a disabled user loses access at once.
type Directory struct {
	database *database.DB
	client   *db.Client
}

// NewDirectory returns a Directory.
func NewDirectory(d *database.DB, c *db.Client) *Directory { return &Directory{d, c} }

// personText selects a user with the organization's policies and the
// developer's account: of those not deleted, the one joined first.
const personText = `SELECT u.role, u.name, o.time_zone, o.portal_unregister, o.production_keys, o.key_prefix, o.longest_key_life, a.id, m.role, a.status
FROM users u JOIN organizations o ON o.id = u.organization_id
LEFT JOIN (memberships m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL) ON m.user_id = u.id
WHERE u.id = $1 AND u.organization_id = $2 AND u.token_version = $3 AND u.status = 'ACTIVE'
ORDER BY m.created_at, m.id LIMIT 1`

// Person returns the viewer behind an access token, using one statement. ok is
// false if there is no such active user, or the token's version is an old one.
func (d *Directory) Person(ctx context.Context, organization, user uuid.UUID, tokenVersion int) (viewer.Viewer, bool, error) {
	v := viewer.Viewer{OrganizationID: organization, UserID: user}
	var acc uuid.NullUUID
	var role, status sql.NullString
	var life []byte
	err := d.database.QueryRowContext(ctx, personText, user, organization, tokenVersion).Scan(&v.Role, &v.Name, &v.TimeZone,
		&v.Policy.PortalUnregister, &v.Policy.ProductionKeys, &v.Policy.KeyPrefix, &life, &acc, &role, &status)
	if errors.Is(err, sql.ErrNoRows) {
		return viewer.Viewer{}, false, nil
	}
	if err != nil {
		return viewer.Viewer{}, false, database.Fault(err)
	}
	if err := json.Unmarshal(life, &v.Policy.LongestKeyLife); err != nil {
		return viewer.Viewer{}, false, err
	}
	v.AccountID = acc.UUID
	v.AccountOwner = role.String == string(domain.Owner)
	v.AccountSuspended = status.Valid && status.String != string(access.AccountActive)
	return v, true, nil
}

// Machine returns the viewer of the service token with this hash.
func (d *Directory) Machine(ctx context.Context, hash []byte) (viewer.Viewer, bool, error) {
	t, err := d.client.ServiceToken.Query().Where(servicetoken.TokenHash(hash), servicetoken.RevokedAtIsNil()).
		Only(viewer.AsSystem(ctx, uuid.Nil))
	if db.IsNotFound(err) {
		return viewer.Viewer{}, false, nil
	}
	if err != nil {
		return viewer.Viewer{}, false, database.Fault(err)
	}
	return viewer.Viewer{Role: viewer.Gateway, OrganizationID: t.OrganizationID, TokenID: t.ID, Name: t.Name}, true, nil
}
