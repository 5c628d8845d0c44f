package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/zone"
	"portico/internal/nodeid"
	"portico/internal/usage"
	"portico/internal/viewer"
)

// keyOrder is the order to which Portico binds the cursors of this list.
const keyOrder = "credentials|created_at|true"

type keysAnswer struct {
	App *keysOfApp `json:"app"`
}

type keysOfApp struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	KeyCounts   keyCounts `json:"keyCounts"`
	Credentials keyPage   `json:"credentials"`
}

type keyCounts struct {
	Total    int `json:"total"`
	Active   int `json:"active"`
	Disabled int `json:"disabled"`
	Expired  int `json:"expired"`
	Revoked  int `json:"revoked"`
}

type keyPage struct {
	TotalCount int      `json:"totalCount"`
	PageInfo   info     `json:"pageInfo"`
	Nodes      []keyRow `json:"nodes"`
}

type keyRow struct {
	ID           string                  `json:"id"`
	Username     uuid.UUID               `json:"username"`
	Name         string                  `json:"name"`
	SecretHint   string                  `json:"secretHint"`
	RawKeyHint   *string                 `json:"rawKeyHint"`
	Environment  string                  `json:"environment"`
	Status       access.CredentialStatus `json:"status"`
	CreatedAt    time.Time               `json:"createdAt"`
	ExpiresAt    *time.Time              `json:"expiresAt"`
	LastUsedAt   *time.Time              `json:"lastUsedAt"`
	RevokedAt    *time.Time              `json:"revokedAt"`
	CallsLast24h int64                   `json:"callsLast24h"`
}

// countsText returns an app's name and how many credentials it has by status.
const countsText = `SELECT a.name, n.total, n.active, n.disabled, n.total - n.active - n.disabled - n.revoked, n.revoked
FROM apps a CROSS JOIN LATERAL (SELECT count(*) AS total,
count(*) FILTER (WHERE k.status = 'REVOKED') AS revoked,
count(*) FILTER (WHERE k.status = 'ACTIVE' AND (k.expires_at IS NULL OR k.expires_at > $3)) AS active,
count(*) FILTER (WHERE k.status = 'DISABLED' AND (k.expires_at IS NULL OR k.expires_at > $3)) AS disabled
FROM credentials k WHERE k.app_id = a.id AND k.organization_id = $2 AND k.deleted_at IS NULL) n
WHERE a.id = $1 AND a.organization_id = $2 AND a.deleted_at IS NULL`

// keysText returns a page of credentials, each with its calls of the last 24 hours: of the
// full hours what was rolled up and what is still due, and of the rest single minutes.
const keysText = `WITH page AS (SELECT id, username, name, secret_hint, raw_key_hint, environment, status, created_at, expires_at, last_used_at, revoked_at
FROM credentials WHERE app_id = $1 AND organization_id = $2 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $3),
calls AS (SELECT credential_id, sum(n)::bigint AS n FROM (
SELECT credential_id, calls AS n FROM usage_minutes WHERE credential_id = ANY(ARRAY(SELECT id FROM page)) AND organization_id = $2 AND at >= $4 AND at < $5
UNION ALL SELECT credential_id, calls FROM usage_hours WHERE credential_id = ANY(ARRAY(SELECT id FROM page)) AND organization_id = $2 AND at >= $5 AND at < $6
UNION ALL SELECT credential_id, calls FROM usage_minutes WHERE credential_id = ANY(ARRAY(SELECT id FROM page)) AND organization_id = $2 AND at >= $6 AND at < $7
UNION ALL SELECT credential_id, calls - rolled FROM usage_minutes WHERE due AND id >= $8 AND id < $9 AND credential_id = ANY(ARRAY(SELECT id FROM page)) AND organization_id = $2
) u GROUP BY credential_id)
SELECT page.*, COALESCE(calls.n, 0) FROM page LEFT JOIN calls ON calls.credential_id = page.id ORDER BY created_at DESC, id DESC`

// keyTable returns an app's credentials, newest first, by two statements.
func (b *backend) keyTable(ctx context.Context, node string) (*keysAnswer, error) {
	id, ok := nodeid.Decode(nodeid.App, node)
	if !ok {
		return &keysAnswer{}, nil
	}
	v, now := viewer.Current(ctx), b.clock.Now()
	a := &keysOfApp{ID: node}
	n := &a.KeyCounts
	err := b.database.QueryRowContext(ctx, countsText, id, v.OrganizationID, now).
		Scan(&a.Name, &n.Total, &n.Active, &n.Disabled, &n.Expired, &n.Revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return &keysAnswer{}, nil
	}
	if err != nil {
		return nil, err
	}
	local, err := b.zone(v.TimeZone)
	if err != nil {
		return nil, err
	}
	to := usage.Minute.Ceil(now, time.UTC)
	from := to.Add(-24 * time.Hour)
	first, last := usage.Hour.Ceil(from, local), usage.Hour.Start(to, local)
	rows, err := b.database.QueryContext(ctx, keysText, id, v.OrganizationID, listSize+1, from, first, last, to, usage.FirstID(first), usage.FirstID(last))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	a.Credentials, err = b.readKeys(rows, now)
	a.Credentials.TotalCount = n.Total
	return &keysAnswer{App: a}, err
}

func (b *backend) readKeys(rows *sql.Rows, now time.Time) (keyPage, error) {
	out := keyPage{Nodes: make([]keyRow, 0, listSize)}
	var last uuid.UUID
	for rows.Next() {
		if len(out.Nodes) == listSize {
			out.PageInfo.HasNextPage = true
			break
		}
		var id uuid.UUID
		var hint string
		var k keyRow
		if err := rows.Scan(&id, &k.Username, &k.Name, &k.SecretHint, &hint, &k.Environment, &k.Status,
			&k.CreatedAt, &k.ExpiresAt, &k.LastUsedAt, &k.RevokedAt, &k.CallsLast24h); err != nil {
			return out, err
		}
		if hint != "" {
			k.RawKeyHint = &hint
		}
		k.ID, k.Status, last = nodeid.Encode(nodeid.Credential, id), k.Status.At(now, k.ExpiresAt), id
		out.Nodes = append(out.Nodes, k)
	}
	if n := len(out.Nodes); n > 0 {
		cursor := b.seal(keyOrder, out.Nodes[n-1].CreatedAt, last)
		out.PageInfo.EndCursor = &cursor
	}
	return out, rows.Err()
}

// zone returns a time zone by its name.
func (b *backend) zone(name string) (*time.Location, error) {
	if known, ok := b.zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	location, err := zone.Load(name)
	if err == nil {
		b.zones.Store(name, location)
	}
	return location, err
}
