package source

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
)

// Page is a part of a table, in the order of ids.
type Page struct {
	// Organization is whose rows are read; the zero id: everybody's.
	Organization uuid.UUID
	// After is the last id of the page before.
	After uuid.UUID
	// Size is the most rows that are read: if fewer are, the page is the last.
	Size int
}

// condition returns the page as the end of a statement, and its arguments.
func (p Page) condition() (string, []any) {
	if p.Organization == uuid.Nil {
		return `id > $1 ORDER BY id LIMIT $2`, []any{p.After, p.Size}
	}
	return `organization_id = $1 AND id > $2 ORDER BY id LIMIT $3`, []any{p.Organization, p.After, p.Size}
}

// Accounts reads a page of accounts that are not deleted.
func (s *Reader) Accounts(ctx context.Context, p Page) ([]Owned[keycache.Account], error) {
	which, args := p.condition()
	return s.accounts(ctx, which, args...)
}

// Apps reads a page of apps that are not deleted.
func (s *Reader) Apps(ctx context.Context, p Page) ([]Owned[keycache.App], error) {
	which, args := p.condition()
	return s.apps(ctx, which, args...)
}

// Credentials reads a page of credentials.
func (s *Reader) Credentials(ctx context.Context, p Page) ([]Owned[keycache.Credential], error) {
	which, args := p.condition()
	return s.credentials(ctx, which, args...)
}

// Usernames calls add for each username of a page of credentials, and returns the
// last id and the number of rows.
func (s *Reader) Usernames(ctx context.Context, p Page, add func(username []byte)) (last uuid.UUID, n int, err error) {
	which, args := p.condition()
	err = s.each(ctx, `SELECT id, username FROM credentials WHERE `+which, args, func(r *sql.Rows) error {
		var username uuid.UUID
		err := r.Scan(&last, &username)
		add(username[:])
		n++
		return err
	})
	return last, n, err
}

// TokenHashes is Usernames for the hashes of service tokens that are not revoked.
func (s *Reader) TokenHashes(ctx context.Context, p Page, add func(hash []byte)) (last uuid.UUID, n int, err error) {
	which, args := p.condition()
	err = s.each(ctx, `SELECT id, token_hash FROM service_tokens WHERE revoked_at IS NULL AND `+which, args, func(r *sql.Rows) error {
		var hash []byte
		err := r.Scan(&last, &hash)
		add(hash)
		n++
		return err
	})
	return last, n, err
}

// Organizations reads the ids of all organizations.
func (s *Reader) Organizations(ctx context.Context) (all []uuid.UUID, err error) {
	err = s.each(ctx, `SELECT id FROM organizations`, nil, func(r *sql.Rows) error {
		var id uuid.UUID
		err := r.Scan(&id)
		all = append(all, id)
		return err
	})
	return all, err
}
