package identity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// Directory finds the viewers behind tokens. It is queried for every request,
// so that a disabled user loses access at once.
type Directory struct {
	database *database.DB
	clock    clock.Clock
	// development: demo users may come in.
	development bool
	uses        lastUses
}

// NewDirectory returns a Directory; development is set where demo users may come in.
func NewDirectory(d *database.DB, c clock.Clock, development bool) *Directory {
	return &Directory{database: d, clock: c, development: development, uses: lastUses{all: map[uuid.UUID]time.Time{}}}
}

// personText selects the user of a session with the organization's policies and the
// developer's account: of those not deleted that which the request names, or that which
// was chosen for the session, or the one joined first.
const personText = `SELECT u.role, u.name, o.time_zone, o.portal_unregister, o.production_keys, o.key_prefix, o.longest_key_life, o.rotate_keys_every, a.id, m.role, a.status, ` + termsDue + `
FROM sessions s JOIN users u ON u.id = s.user_id JOIN organizations o ON o.id = u.organization_id
LEFT JOIN (memberships m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL) ON m.user_id = u.id
WHERE s.id = $3 AND s.ended_at IS NULL AND u.id = $1 AND u.organization_id = $2 AND u.status = 'ACTIVE'
ORDER BY CASE WHEN a.id = $4 THEN 0 WHEN a.id = s.account_id THEN 1 ELSE 2 END, m.created_at, m.id LIMIT 1`

// Person returns the viewer behind an access token, using one statement. ok is
// false if there is no such active user, or the session has ended. account is the one
// to act for, uuid.Nil for that of the session; if it is none of the user's, the viewer
// acts for another one, or for none.
func (d *Directory) Person(ctx context.Context, organization, user, session, account uuid.UUID) (viewer.Viewer, bool, error) {
	v := viewer.Viewer{OrganizationID: organization, UserID: user, SessionID: session}
	var acc uuid.NullUUID
	var role, status sql.NullString
	var life, rotation []byte
	err := d.database.QueryRowContext(ctx, personText, user, organization, session, account).Scan(&v.Role, &v.Name, &v.TimeZone,
		&v.Policy.PortalUnregister, &v.Policy.ProductionKeys, &v.Policy.KeyPrefix, &life, &rotation, &acc, &role, &status, &v.TermsDue)
	if errors.Is(err, sql.ErrNoRows) {
		return viewer.Viewer{}, false, nil
	}
	if err != nil {
		return viewer.Viewer{}, false, database.Fault(err)
	}
	if err := readKeyLives(&v.Policy, life, rotation); err != nil {
		return viewer.Viewer{}, false, err
	}
	v.AccountID = acc.UUID
	v.AccountOwner = role.String == string(domain.Owner)
	v.AccountSuspended = status.Valid && status.String != string(access.AccountActive)
	return v, true, nil
}

// readKeyLives reads how long keys may live, and after which time they are due for
// rotation, which is NULL until it is set.
func readKeyLives(p *viewer.OrganizationPolicy, life, rotation []byte) error {
	err := json.Unmarshal(life, &p.LongestKeyLife)
	if err == nil && rotation != nil {
		err = json.Unmarshal(rotation, &p.RotateKeysEvery)
	}
	return err
}
