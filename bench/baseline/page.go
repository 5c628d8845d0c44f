package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// pageSize is the number of credentials and subscriptions on the app page.
const pageSize = 100

type pageAnswer struct {
	App *app `json:"app"`
}

type app struct {
	ID            string            `json:"id"`
	ReferenceID   uuid.UUID         `json:"referenceId"`
	Name          string            `json:"name"`
	Description   string            `json:"description"`
	Labels        json.RawMessage   `json:"labels"`
	CreatedAt     time.Time         `json:"createdAt"`
	UpdatedAt     time.Time         `json:"updatedAt"`
	Version       int               `json:"version"`
	Account       account           `json:"account"`
	Credentials   nodes[credential] `json:"credentials"`
	Subscriptions nodes[subscribed] `json:"productSubscriptions"`
}

type nodes[T any] struct {
	Nodes []T `json:"nodes"`
}

type account struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

type credential struct {
	ID          string                  `json:"id"`
	Username    uuid.UUID               `json:"username"`
	SecretHint  string                  `json:"secretHint"`
	Name        string                  `json:"name"`
	Environment string                  `json:"environment"`
	Enabled     bool                    `json:"enabled"`
	Status      access.CredentialStatus `json:"status"`
	Access      string                  `json:"access"`
	CreatedAt   time.Time               `json:"createdAt"`
	ExpiresAt   *time.Time              `json:"expiresAt"`
	LastUsedAt  *time.Time              `json:"lastUsedAt"`
}

type subscribed struct {
	ID         string                    `json:"id"`
	Status     access.SubscriptionStatus `json:"status"`
	BadgeColor lifecycle.BadgeColor      `json:"badgeColor"`
	Reason     string                    `json:"reason"`
	CreatedAt  time.Time                 `json:"createdAt"`
	DecidedAt  *time.Time                `json:"decidedAt"`
	Product    product                   `json:"product"`
	Plan       plan                      `json:"plan"`
}

type product struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Title  string `json:"title"`
	Status string `json:"status"`
}

type plan struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

const appText = `SELECT a.reference_id, a.name, a.description, a.labels, a.created_at, a.updated_at, a.version, c.id, c.name, c.status
FROM apps a JOIN accounts c ON c.id = a.account_id AND c.deleted_at IS NULL
WHERE a.id = $1 AND a.organization_id = $2 AND a.deleted_at IS NULL`

// appPage returns an app, its account, credentials and subscriptions by three statements.
func (b *backend) appPage(ctx context.Context, node string) (*pageAnswer, error) {
	id, ok := nodeid.Decode(nodeid.App, node)
	if !ok {
		return &pageAnswer{}, nil
	}
	organization := viewer.Current(ctx).OrganizationID
	a := &app{ID: node}
	var accountID uuid.UUID
	err := b.database.QueryRowContext(ctx, appText, id, organization).Scan(&a.ReferenceID, &a.Name, &a.Description,
		&a.Labels, &a.CreatedAt, &a.UpdatedAt, &a.Version, &accountID, &a.Account.Name, &a.Account.Status)
	if errors.Is(err, sql.ErrNoRows) {
		return &pageAnswer{}, nil
	}
	if err != nil {
		return nil, err
	}
	a.Account.ID = nodeid.Encode(nodeid.Account, accountID)
	if a.Credentials.Nodes, err = b.credentials(ctx, id, organization); err != nil {
		return nil, err
	}
	a.Subscriptions.Nodes, err = b.subscriptions(ctx, id, organization)
	return &pageAnswer{App: a}, err
}

const credentialsText = `SELECT id, username, secret_hint, name, environment, status, access, created_at, expires_at, last_used_at
FROM credentials WHERE app_id = $1 AND organization_id = $2 AND deleted_at IS NULL
ORDER BY created_at DESC, id DESC LIMIT $3`

func (b *backend) credentials(ctx context.Context, app, organization uuid.UUID) ([]credential, error) {
	rows, err := b.database.QueryContext(ctx, credentialsText, app, organization, pageSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	now, out := b.clock.Now(), []credential{}
	for rows.Next() {
		var id uuid.UUID
		var c credential
		if err := rows.Scan(&id, &c.Username, &c.SecretHint, &c.Name, &c.Environment, &c.Status,
			&c.Access, &c.CreatedAt, &c.ExpiresAt, &c.LastUsedAt); err != nil {
			return nil, err
		}
		c.ID = nodeid.Encode(nodeid.Credential, id)
		c.Status = c.Status.At(now, c.ExpiresAt)
		c.Enabled = c.Status == access.CredentialActive
		out = append(out, c)
	}
	return out, rows.Err()
}

const subscriptionsText = `SELECT s.id, s.status, s.reason, s.created_at, s.decided_at, p.id, p.name, p.title, p.status, l.id, l.name, l.kind
FROM subscriptions s JOIN products p ON p.id = s.product_id JOIN plans l ON l.id = s.plan_id
WHERE s.app_id = $1 AND s.organization_id = $2 AND s.newest AND s.deleted_at IS NULL
ORDER BY s.created_at DESC, s.id DESC LIMIT $3`

func (b *backend) subscriptions(ctx context.Context, app, organization uuid.UUID) ([]subscribed, error) {
	rows, err := b.database.QueryContext(ctx, subscriptionsText, app, organization, pageSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []subscribed{}
	for rows.Next() {
		var id, productID, planID uuid.UUID
		var s subscribed
		if err := rows.Scan(&id, &s.Status, &s.Reason, &s.CreatedAt, &s.DecidedAt, &productID, &s.Product.Name,
			&s.Product.Title, &s.Product.Status, &planID, &s.Plan.Name, &s.Plan.Kind); err != nil {
			return nil, err
		}
		s.ID, s.BadgeColor = nodeid.Encode(nodeid.ProductSubscription, id), lifecycle.Badge(s.Status)
		s.Product.ID, s.Plan.ID = nodeid.Encode(nodeid.Product, productID), nodeid.Encode(nodeid.Plan, planID)
		out = append(out, s)
	}
	return out, rows.Err()
}
