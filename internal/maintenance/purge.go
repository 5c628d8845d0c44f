package maintenance

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db/accessentry"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/event"
	"portico/ent/db/membership"
	"portico/ent/db/predicate"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/viewer"
)

// purgeApps purges an organization's apps that were deleted by a time. The row
// of an app stays, so that its reference id is never used again.
func (svc *Service) purgeApps(ctx context.Context, organization uuid.UUID, by time.Time, total *int) error {
	ctx = viewer.AsSystem(ctx, organization)
	return inBatches(func() (int, error) {
		due, err := svc.client.App.Query().Where(app.DeletedAtLTE(by), app.PurgedAtIsNil()).
			Order(app.ByDeletedAt(), app.ByID()).Limit(batchSize).IDs(ctx)
		if err != nil {
			return 0, change.PublicError(err)
		}
		for _, id := range due {
			if err := svc.purgeApp(ctx, id, by, total); err != nil {
				return 0, err
			}
		}
		return len(due), nil
	})
}

// purgeStep is what one transaction of a purge did: the number of related rows
// that it deleted, batchSize if more may be left, and of objects it purged.
type purgeStep struct{ rows, done int }

// purgeApp deletes what belongs to an app, batchSize rows at a time, and then
// clears the app. It does nothing if the app was restored or purged meanwhile.
func (svc *Service) purgeApp(ctx context.Context, id uuid.UUID, by time.Time, total *int) error {
	return inBatches(func() (int, error) {
		step, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (purgeStep, error) {
			held, err := change.LockForUpdate(tx, tx.App.Query().Where(app.ID(id), app.DeletedAtLTE(by), app.PurgedAtIsNil())).IDs(ctx)
			if err != nil || len(held) == 0 {
				return purgeStep{}, err
			}
			if n, err := deleteCredentials(ctx, tx, credential.AppID(id)); err != nil || n == batchSize {
				return purgeStep{rows: n}, err
			}
			if n, err := deleteSubscriptions(ctx, tx, id); err != nil || n == batchSize {
				return purgeStep{rows: n}, err
			}
			if err := anonymizeSuspended(ctx, tx, id); err != nil {
				return purgeStep{}, err
			}
			return purgeStep{done: 1}, tx.App.Update().Where(app.ID(id)).
				SetName("").SetNameFolded("").SetDescription("").SetLabels([]domain.Label{}).
				SetPurgedAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Exec(ctx)
		})
		*total += step.done
		return step.rows, err
	})
}

// deleteCredentials deletes up to batchSize credentials with their access
// control lists.
func deleteCredentials(ctx context.Context, tx *change.Tx, which predicate.Credential) (int, error) {
	ids, err := tx.Credential.Query().Where(which).Limit(batchSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if _, err := tx.AccessEntry.Delete().Where(database.AnyOf(accessentry.FieldCredentialID, ids)).Exec(ctx); err != nil {
		return 0, err
	}
	return tx.Credential.Delete().Where(database.AnyOf(credential.FieldID, ids)).Exec(ctx)
}

// deleteSubscriptions deletes up to batchSize of an app's subscriptions, except
// suspended ones.
func deleteSubscriptions(ctx context.Context, tx *change.Tx, appID uuid.UUID) (int, error) {
	ids, err := tx.Subscription.Query().Where(subscription.AppID(appID), subscription.StatusNEQ(access.SubscriptionSuspended)).Limit(batchSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return tx.Subscription.Delete().Where(database.AnyOf(subscription.FieldID, ids)).Exec(ctx)
}

// anonymizeSuspended removes the requester from an app's suspended
// subscriptions, which stay until an administrator ends them. It waits for one
// that is being ended concurrently, and deletes it.
func anonymizeSuspended(ctx context.Context, tx *change.Tx, appID uuid.UUID) error {
	left, err := change.LockForUpdate(tx, tx.Subscription.Query().Where(subscription.AppID(appID))).All(ctx)
	if err != nil {
		return err
	}
	for _, s := range left {
		if s.Status != access.SubscriptionSuspended {
			err = tx.Subscription.DeleteOne(s).Exec(ctx)
		} else {
			err = tx.Subscription.UpdateOne(s).ClearRequestedBy().Exec(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// purgeAccounts purges an organization's accounts that were deleted by a time.
// The row stays, because apps refer to it; an empty name, which no other
// account has, marks it as purged.
func (svc *Service) purgeAccounts(ctx context.Context, organization uuid.UUID, by time.Time, total *int) error {
	ctx = viewer.AsSystem(ctx, organization)
	return inBatches(func() (int, error) {
		due, err := svc.client.Account.Query().Where(account.DeletedAtLTE(by), account.NameNEQ("")).Limit(batchSize).IDs(ctx)
		if err != nil {
			return 0, change.PublicError(err)
		}
		for _, id := range due {
			if err := svc.purgeAccount(ctx, id, by, total); err != nil {
				return 0, err
			}
		}
		return len(due), nil
	})
}

func (svc *Service) purgeAccount(ctx context.Context, id uuid.UUID, by time.Time, total *int) error {
	return inBatches(func() (int, error) {
		step, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (purgeStep, error) {
			held, err := change.LockForUpdate(tx, tx.Account.Query().Where(account.ID(id), account.DeletedAtLTE(by), account.NameNEQ(""))).IDs(ctx)
			if err != nil || len(held) == 0 {
				return purgeStep{}, err
			}
			if n, err := deleteCredentials(ctx, tx, credential.And(credential.AccountID(id), credential.AppIDIsNil())); err != nil || n == batchSize {
				return purgeStep{rows: n}, err
			}
			if _, err := tx.Membership.Delete().Where(membership.AccountID(id)).Exec(ctx); err != nil {
				return purgeStep{}, err
			}
			return purgeStep{done: 1}, tx.Account.Update().Where(account.ID(id)).SetName("").SetNameFolded("").SetProfile(domain.Profile{}).
				SetUpdatedAt(tx.Now).AddVersion(1).Exec(ctx)
		})
		*total += step.done
		return step.rows, err
	})
}

// purgeEvents deletes an organization's events up to the first one that did not
// happen before a time, so that the rest of the log has no gaps.
func (svc *Service) purgeEvents(ctx context.Context, organization uuid.UUID, before time.Time, total *int) error {
	ctx = viewer.AsSystem(ctx, uuid.Nil) // the log's policy lets nobody else delete
	return inBatches(func() (int, error) {
		n, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (int, error) {
			oldest, err := tx.Event.Query().Where(event.OrganizationID(organization)).Order(event.ByPosition()).
				Limit(batchSize).Select(event.FieldPosition, event.FieldAt).All(ctx)
			if err != nil {
				return 0, err
			}
			n := 0
			for n < len(oldest) && oldest[n].At.Before(before) {
				n++
			}
			if n == 0 {
				return 0, nil
			}
			return eventlog.Purge(ctx, tx, organization, oldest[n-1].Position)
		})
		return n, addTo(total, n, err)
	})
}
