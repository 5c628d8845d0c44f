package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/apikey"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/keyring"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

type generateAnswer struct {
	Payload generated `json:"generateKey"`
}

type generated struct {
	Credential made       `json:"credential"`
	Secret     secret     `json:"secret"`
	UserErrors []struct{} `json:"userErrors"`
}

type made struct {
	ID          string     `json:"id"`
	Username    uuid.UUID  `json:"username"`
	SecretHint  string     `json:"secretHint"`
	Name        string     `json:"name"`
	Environment string     `json:"environment"`
	Status      string     `json:"status"`
	CreatedAt   time.Time  `json:"createdAt"`
	ExpiresAt   *time.Time `json:"expiresAt"`
}

type secret struct {
	Username uuid.UUID `json:"username"`
	Password uuid.UUID `json:"password"`
	RawKey   string    `json:"rawKey"`
}

const (
	holdText = `SELECT account_id FROM apps WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE`
	keyText  = `INSERT INTO credentials (id, organization_id, account_id, app_id, created_at, updated_at, username, secret_hash, pepper_id, secret_hint, expires_at, raw_key_hint, name_folded)
VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, '')`
	eventText = `WITH drawn AS (INSERT INTO event_positions (id, last) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET last = event_positions.last + 1 RETURNING last)
INSERT INTO events (position, id, organization_id, type, payload_version, at, actor_role, actor_id, actor_name, address, request_id, subject_type, subject_id, subject_name, account_id, app_id, reason, changes)
VALUES ((SELECT last FROM drawn), $2, $1, 'CREDENTIAL_CREATED', 1, $3, $4, $5, $6, $7, $8, 'Credential', $9, $10, $11, $12, '', $13)`
)

// generateKey creates a credential of an app: three statements in a transaction.
func (b *backend) generateKey(ctx context.Context, node string) (*generateAnswer, error) {
	id, ok := nodeid.Decode(nodeid.App, node)
	if !ok {
		return nil, errUnknown
	}
	v, now := viewer.Current(ctx), b.clock.Now()
	s, err := apikey.Mint(v.Policy.KeyPrefix)
	if err != nil {
		return nil, err
	}
	key, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	m := made{ID: nodeid.Encode(nodeid.Credential, key), Username: s.Username, SecretHint: apikey.Hint(s.Password),
		Environment: string(access.Development), Status: "ACTIVE", CreatedAt: now}
	if days := v.Policy.LongestKeyLife.In(access.Development); days != nil {
		end := now.Add(time.Duration(*days) * 24 * time.Hour)
		m.ExpiresAt = &end
	}
	err = b.database.InTx(ctx, func(tx *database.Tx) error { return b.store(ctx, tx, v, id, key, m, s) })
	return &generateAnswer{generated{m, secret{s.Username, s.Password, s.RawKey}, []struct{}{}}}, err
}

// store does the work of the transaction.
func (b *backend) store(ctx context.Context, tx *database.Tx, v viewer.Viewer, app, key uuid.UUID, m made, s apikey.Secret) error {
	var account uuid.UUID
	if err := tx.QueryRowContext(ctx, holdText, app, v.OrganizationID).Scan(&account); err != nil {
		return err
	}
	pepper := b.ring.Current(keyring.Pepper)
	_, err := tx.ExecContext(ctx, keyText, key, v.OrganizationID, account, app, m.CreatedAt, m.Username,
		apikey.Hash(pepper.Secret, m.Username, s.Password), pepper.ID, m.SecretHint, m.ExpiresAt, apikey.RawHint(s.RawKey))
	if err != nil {
		return err
	}
	event, err := uuid.NewV7()
	if err != nil {
		return err
	}
	changes, err := changesOf(m)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, eventText, v.OrganizationID, event, m.CreatedAt, string(v.Role), v.UserID, v.Name,
		v.Address, v.RequestID, key, "…"+m.SecretHint, account, app, changes)
	return err
}

// changesOf returns the changes that the event records of the credential.
func changesOf(m made) (string, error) {
	list := make([]domain.Change, 0, 4)
	add := func(field, text string) { list = append(list, domain.Change{Field: field, After: &text}) }
	add("username", m.Username.String())
	add("name", "")
	add("environment", m.Environment)
	add("access", string(access.AllProducts))
	if m.ExpiresAt != nil {
		add("expiresAt", m.ExpiresAt.Format(time.RFC3339Nano))
	}
	text, err := json.Marshal(list)
	return string(text), err
}
