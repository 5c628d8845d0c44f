package main

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// queueOrder is the order to which Portico binds the cursors of this list.
const queueOrder = "subscriptions|created_at|false"

type queueAnswer struct {
	Subscriptions queue `json:"productSubscriptions"`
}

type queue struct {
	TotalCount int       `json:"totalCount"`
	PageInfo   info      `json:"pageInfo"`
	Nodes      []waiting `json:"nodes"`
}

type waiting struct {
	ID         string                    `json:"id"`
	Status     access.SubscriptionStatus `json:"status"`
	BadgeColor lifecycle.BadgeColor      `json:"badgeColor"`
	CreatedAt  time.Time                 `json:"createdAt"`
	App        subscriber                `json:"app"`
	Account    owner                     `json:"account"`
	Product    offer                     `json:"product"`
	Plan       plan                      `json:"plan"`
}

type subscriber struct {
	ID          string    `json:"id"`
	ReferenceID uuid.UUID `json:"referenceId"`
	Name        string    `json:"name"`
}

type offer struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
}

const (
	queueText = `SELECT s.id, s.status, s.created_at, a.id, a.reference_id, a.name, c.id, c.name, p.id, p.name, p.title, l.id, l.name, l.kind,
(SELECT count(*) FROM subscriptions t WHERE t.organization_id = $1 AND t.status = 'WAITING' AND t.newest AND t.deleted_at IS NULL)
FROM subscriptions s JOIN apps a ON a.id = s.app_id AND a.deleted_at IS NULL JOIN accounts c ON c.id = s.account_id AND c.deleted_at IS NULL
JOIN products p ON p.id = s.product_id JOIN plans l ON l.id = s.plan_id
WHERE s.organization_id = $1 AND s.status = 'WAITING' AND s.newest AND s.deleted_at IS NULL`
	queueTail  = ` ORDER BY s.created_at, s.id LIMIT $2`
	queueFirst = queueText + queueTail
	queueAfter = queueText + ` AND (s.created_at, s.id) > ($3, $4)` + queueTail
)

// approvalQueue returns a page of the subscriptions that wait, oldest first, by one
// statement.
func (b *backend) approvalQueue(ctx context.Context, after *string) (*queueAnswer, error) {
	text, args := queueFirst, []any{viewer.Current(ctx).OrganizationID, listSize + 1}
	if after != nil {
		at, err := b.open(queueOrder, *after)
		if err != nil {
			return nil, err
		}
		text, args = queueAfter, append(args, at.Value, at.ID)
	}
	rows, err := b.database.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return b.readQueue(rows)
}

func (b *backend) readQueue(rows *sql.Rows) (*queueAnswer, error) {
	out := queue{Nodes: make([]waiting, 0, listSize)}
	var last uuid.UUID
	for rows.Next() {
		if len(out.Nodes) == listSize {
			out.PageInfo.HasNextPage = true
			break
		}
		var id, appID, accountID, productID, planID uuid.UUID
		var s waiting
		if err := rows.Scan(&id, &s.Status, &s.CreatedAt, &appID, &s.App.ReferenceID, &s.App.Name, &accountID, &s.Account.Name,
			&productID, &s.Product.Name, &s.Product.Title, &planID, &s.Plan.Name, &s.Plan.Kind, &out.TotalCount); err != nil {
			return nil, err
		}
		s.ID, s.BadgeColor = nodeid.Encode(nodeid.ProductSubscription, id), lifecycle.Badge(s.Status)
		s.App.ID, s.Account.ID = nodeid.Encode(nodeid.App, appID), nodeid.Encode(nodeid.Account, accountID)
		s.Product.ID, s.Plan.ID = nodeid.Encode(nodeid.Product, productID), nodeid.Encode(nodeid.Plan, planID)
		last, out.Nodes = id, append(out.Nodes, s)
	}
	if n := len(out.Nodes); n > 0 {
		cursor := b.seal(queueOrder, out.Nodes[n-1].CreatedAt, last)
		out.PageInfo.EndCursor = &cursor
	}
	return &queueAnswer{out}, rows.Err()
}
