package main

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"portico/internal/keyring"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/viewer"
)

// listSize is the number of apps on a page.
const listSize = 50

// listOrder is the order to which Portico binds the cursors of this list.
const listOrder = "apps|created_at|true"

type listAnswer struct {
	Apps list `json:"apps"`
}

type list struct {
	TotalCount int      `json:"totalCount"`
	PageInfo   info     `json:"pageInfo"`
	Nodes      []listed `json:"nodes"`
}

type info struct {
	HasNextPage bool    `json:"hasNextPage"`
	EndCursor   *string `json:"endCursor"`
}

type listed struct {
	ID          string    `json:"id"`
	ReferenceID uuid.UUID `json:"referenceId"`
	Name        string    `json:"name"`
	CreatedAt   time.Time `json:"createdAt"`
	Account     owner     `json:"account"`
	KeyCounts   counts    `json:"keyCounts"`
}

type owner struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type counts struct {
	Active int `json:"active"`
}

const (
	listText = `SELECT a.id, a.reference_id, a.name, a.created_at, c.id, c.name,
(SELECT count(*) FROM credentials k WHERE k.app_id = a.id AND k.deleted_at IS NULL AND k.status = 'ACTIVE' AND (k.expires_at IS NULL OR k.expires_at > $2)),
(SELECT count(*) FROM apps t WHERE t.organization_id = $1 AND t.deleted_at IS NULL)
FROM apps a JOIN accounts c ON c.id = a.account_id AND c.deleted_at IS NULL
WHERE a.organization_id = $1 AND a.deleted_at IS NULL`
	listTail  = ` ORDER BY a.created_at DESC, a.id DESC LIMIT $3`
	firstText = listText + listTail
	afterText = listText + ` AND (a.created_at, a.id) < ($4, $5)` + listTail
)

// appList returns a page of apps, newest first, by one statement.
func (b *backend) appList(ctx context.Context, after *string) (*listAnswer, error) {
	text, args := firstText, []any{viewer.Current(ctx).OrganizationID, b.clock.Now(), listSize + 1}
	if after != nil {
		at, err := b.open(listOrder, *after)
		if err != nil {
			return nil, err
		}
		text, args = afterText, append(args, at.Value, at.ID)
	}
	rows, err := b.database.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return b.readList(rows)
}

func (b *backend) readList(rows *sql.Rows) (*listAnswer, error) {
	out := &listAnswer{Apps: list{Nodes: make([]listed, 0, listSize)}}
	var last uuid.UUID
	for rows.Next() {
		if len(out.Apps.Nodes) == listSize {
			out.Apps.PageInfo.HasNextPage = true
			break
		}
		var id, accountID uuid.UUID
		var a listed
		if err := rows.Scan(&id, &a.ReferenceID, &a.Name, &a.CreatedAt, &accountID, &a.Account.Name,
			&a.KeyCounts.Active, &out.Apps.TotalCount); err != nil {
			return nil, err
		}
		a.ID, a.Account.ID, last = nodeid.Encode(nodeid.App, id), nodeid.Encode(nodeid.Account, accountID), id
		out.Apps.Nodes = append(out.Apps.Nodes, a)
	}
	if n := len(out.Apps.Nodes); n > 0 {
		cursor := b.seal(listOrder, out.Apps.Nodes[n-1].CreatedAt, last)
		out.Apps.PageInfo.EndCursor = &cursor
	}
	return out, rows.Err()
}

// seal encodes a cursor of a list, and open decodes one, as Portico does.
func (b *backend) seal(order string, at time.Time, id uuid.UUID) string {
	k := b.ring.Current(keyring.Cursor)
	return paging.Seal(paging.Key{ID: k.ID, Secret: k.Secret}, order,
		paging.Place{Value: at.UTC().Format(time.RFC3339Nano), ID: id})
}

func (b *backend) open(order, cursor string) (paging.Place, error) {
	return paging.Open(func(id string) (paging.Key, bool) {
		k, ok := b.ring.Lookup(keyring.Cursor, id)
		return paging.Key{ID: k.ID, Secret: k.Secret}, ok
	}, order, cursor)
}
