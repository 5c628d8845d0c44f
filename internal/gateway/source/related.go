package source

import (
	"context"

	"github.com/google/uuid"
)

// RelatedApps returns those of the apps that have, or have had, a subscription to one
// of some products.
func (s *Reader) RelatedApps(ctx context.Context, organization uuid.UUID, among, products []uuid.UUID) (IDs, error) {
	return s.related(ctx, "app_id", organization, among, products)
}

// RelatedAccounts is RelatedApps for accounts: those of such apps.
func (s *Reader) RelatedAccounts(ctx context.Context, organization uuid.UUID, among, products []uuid.UUID) (IDs, error) {
	return s.related(ctx, "account_id", organization, among, products)
}

func (s *Reader) related(ctx context.Context, column string, organization uuid.UUID, among, products []uuid.UUID) (IDs, error) {
	out := IDs{}
	if len(among) == 0 {
		return out, nil
	}
	query := `SELECT DISTINCT ` + column + ` FROM subscriptions WHERE organization_id = $1 AND ` + s.in(column, "$2") + ` AND ` + s.in("product_id", "$3")
	return out, s.each(ctx, query, []any{organization, s.list(among), s.list(products)}, out.scan)
}

// StoredApps returns those of the apps whose rows exist, of deleted ones too.
func (s *Reader) StoredApps(ctx context.Context, organization uuid.UUID, among []uuid.UUID) (IDs, error) {
	return s.stored(ctx, "apps", organization, among)
}

// StoredAccounts is StoredApps for accounts.
func (s *Reader) StoredAccounts(ctx context.Context, organization uuid.UUID, among []uuid.UUID) (IDs, error) {
	return s.stored(ctx, "accounts", organization, among)
}

func (s *Reader) stored(ctx context.Context, table string, organization uuid.UUID, among []uuid.UUID) (IDs, error) {
	out := IDs{}
	if len(among) == 0 {
		return out, nil
	}
	query := `SELECT id FROM ` + table + ` WHERE organization_id = $1 AND ` + s.in("id", "$2")
	return out, s.each(ctx, query, []any{organization, s.list(among)}, out.scan)
}
