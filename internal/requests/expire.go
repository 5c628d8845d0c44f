package requests

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"portico/ent/db"
	"portico/ent/db/keyrequest"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
)

// Undecided matches requests that have waited since before a time. It is written so that the
// index by organization, status and time of creation serves it.
func Undecided(before time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.EQ(s.C(keyrequest.FieldStatus), string(domain.KeyRequestPending)),
			sql.LTE(s.C(keyrequest.FieldCreatedAt), before),
		))
	}
}

// ExpireUndecided ends up to n requests of an organization that have waited for more days
// than it allows, with their subscriptions, and returns how many.
func ExpireUndecided(ctx context.Context, tx *change.Tx, now time.Time, n int) (int, error) {
	o, err := change.LockRowForShare(ctx, tx, tx.Organization, tx.OrganizationID())
	if err != nil || o.RequestsExpireAfterDays == nil {
		return 0, err
	}
	days := *o.RequestsExpireAfterDays
	due, err := change.LockForUpdate(tx, tx.KeyRequest.Query().Where(Undecided(apps.ExpiresBefore(now, days))).Order(keyrequest.ByID()).Limit(n)).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, k := range due {
		if err := expireUndecided(ctx, tx, k, days); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

func expireUndecided(ctx context.Context, tx *change.Tx, k *db.KeyRequest, days int) error {
	waiting, err := apps.LockWaiting(ctx, tx, k.ID)
	if err != nil {
		return err
	}
	reason, also := apps.Undecided(days), domain.Change{Field: apps.ExpiredAfter, After: domain.Text(days)}
	if err := apps.Transition(ctx, tx, waiting, lifecycle.Expire, reason, also); err != nil {
		return err
	}
	_, err = apps.EndKeyRequest(ctx, tx, k, domain.KeyRequestExpired, eventlog.KeyRequestExpired, reason, nil, also)
	return err
}
