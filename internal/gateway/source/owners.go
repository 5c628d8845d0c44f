package source

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/domain"
)

// Owned is a row together with its organization, for pages that span
// organizations.
type Owned[T any] struct {
	Organization uuid.UUID
	Row          T
}

// Rows returns the rows without their organizations.
func Rows[T any](all []Owned[T]) []T {
	out := make([]T, len(all))
	for i := range all {
		out[i] = all[i].Row
	}
	return out
}

// AccountsByID reads accounts that are not deleted.
func (s *Reader) AccountsByID(ctx context.Context, organization uuid.UUID, ids []uuid.UUID) ([]keycache.Account, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := s.accounts(ctx, `organization_id = $1 AND `+s.in("id", "$2"), organization, s.list(ids))
	return Rows(all), err
}

func (s *Reader) accounts(ctx context.Context, which string, args ...any) (out []Owned[keycache.Account], err error) {
	err = s.each(ctx, `SELECT organization_id, id, status FROM accounts WHERE deleted_at IS NULL AND `+which, args, func(r *sql.Rows) error {
		var a Owned[keycache.Account]
		if err := r.Scan(&a.Organization, &a.Row.ID, &a.Row.Status); err != nil {
			return err
		}
		out = append(out, a)
		return nil
	})
	return out, err
}

// appsByID reads apps that are not deleted, with their subscriptions.
func (s *Reader) appsByID(ctx context.Context, organization uuid.UUID, ids []uuid.UUID) ([]keycache.App, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := s.apps(ctx, `organization_id = $1 AND `+s.in("id", "$2"), organization, s.list(ids))
	return Rows(all), err
}

func (s *Reader) apps(ctx context.Context, which string, args ...any) (out []Owned[keycache.App], err error) {
	err = s.each(ctx, `SELECT organization_id, id, account_id, reference_id FROM apps WHERE deleted_at IS NULL AND `+which, args, func(r *sql.Rows) error {
		a := Owned[keycache.App]{Row: keycache.App{Subscriptions: []keycache.Subscription{}}}
		if err := r.Scan(&a.Organization, &a.Row.ID, &a.Row.AccountID, &a.Row.ReferenceID); err != nil {
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
func (s *Reader) subscriptions(ctx context.Context, apps []Owned[keycache.App]) error {
	at := make(map[uuid.UUID]int, len(apps))
	ids := make([]uuid.UUID, len(apps))
	for i := range apps {
		at[apps[i].Row.ID], ids[i] = i, apps[i].Row.ID
	}
	// 0 for what has no revision of its plan, which goes by the plan as it is in whatever catalogue.
	// Once it gets one, an event of its own makes copies read it anew.
	query := `SELECT s.id, s.app_id, s.product_id, s.plan_id, COALESCE(r.number, 0), s.status, s.endpoint_ids FROM subscriptions s` + domain.TermsJoin + `
		WHERE s.status IN ` + domain.LiveStatuses + ` AND ` + s.in("s.app_id", "$1") + ` ORDER BY s.app_id, s.product_id`
	return s.each(ctx, query, []any{s.list(ids)}, func(r *sql.Rows) error {
		var sub keycache.Subscription
		var app uuid.UUID
		var narrowed []byte
		if err := r.Scan(&sub.ID, &app, &sub.ProductID, &sub.PlanID, &sub.PlanRevision, &sub.Status, &narrowed); err != nil {
			return err
		}
		if err := decode(narrowed, &sub.EndpointIDs); err != nil {
			return err
		}
		a := &apps[at[app]].Row
		a.Subscriptions = append(a.Subscriptions, sub)
		return nil
	})
}
