package gateway

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
)

// owned is a row together with its organization, for pages that span
// organizations.
type owned[T any] struct {
	organization uuid.UUID
	row          T
}

func rowsOf[T any](all []owned[T]) []T {
	out := make([]T, len(all))
	for i := range all {
		out[i] = all[i].row
	}
	return out
}

// accountsByID reads accounts that are not deleted.
func (s source) accountsByID(ctx context.Context, organization uuid.UUID, ids []uuid.UUID) ([]keycache.Account, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := s.accounts(ctx, `organization_id = $1 AND `+s.in("id", "$2"), organization, s.list(ids))
	return rowsOf(all), err
}

func (s source) accounts(ctx context.Context, which string, args ...any) (out []owned[keycache.Account], err error) {
	err = s.each(ctx, `SELECT organization_id, id, status FROM accounts WHERE deleted_at IS NULL AND `+which, args, func(r *sql.Rows) error {
		var a owned[keycache.Account]
		if err := r.Scan(&a.organization, &a.row.ID, &a.row.Status); err != nil {
			return err
		}
		out = append(out, a)
		return nil
	})
	return out, err
}

// appsByID reads apps that are not deleted, with their subscriptions.
func (s source) appsByID(ctx context.Context, organization uuid.UUID, ids []uuid.UUID) ([]keycache.App, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := s.apps(ctx, `organization_id = $1 AND `+s.in("id", "$2"), organization, s.list(ids))
	return rowsOf(all), err
}

func (s source) apps(ctx context.Context, which string, args ...any) (out []owned[keycache.App], err error) {
	err = s.each(ctx, `SELECT organization_id, id, account_id, reference_id FROM apps WHERE deleted_at IS NULL AND `+which, args, func(r *sql.Rows) error {
		a := owned[keycache.App]{row: keycache.App{Subscriptions: []keycache.Subscription{}}}
		if err := r.Scan(&a.organization, &a.row.ID, &a.row.AccountID, &a.row.ReferenceID); err != nil {
			return err
		}
		out = append(out, a)
		return nil
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return out, s.subscriptions(ctx, out)
}

// subscriptions adds the live subscriptions to the apps; an ended one counts as if
// it had never existed.
func (s source) subscriptions(ctx context.Context, apps []owned[keycache.App]) error {
	at := make(map[uuid.UUID]int, len(apps))
	ids := make([]uuid.UUID, len(apps))
	for i := range apps {
		at[apps[i].row.ID], ids[i] = i, apps[i].row.ID
	}
	query := `SELECT id, app_id, product_id, plan_id, status, endpoint_ids FROM subscriptions
		WHERE status IN ('WAITING', 'APPROVED', 'SUSPENDED') AND ` + s.in("app_id", "$1") + ` ORDER BY app_id, product_id`
	return s.each(ctx, query, []any{s.list(ids)}, func(r *sql.Rows) error {
		var sub keycache.Subscription
		var app uuid.UUID
		var narrowed []byte
		if err := r.Scan(&sub.ID, &app, &sub.ProductID, &sub.PlanID, &sub.Status, &narrowed); err != nil {
			return err
		}
		if err := decode(narrowed, &sub.EndpointIDs); err != nil {
			return err
		}
		a := &apps[at[app]].row
		a.Subscriptions = append(a.Subscriptions, sub)
		return nil
	})
}
