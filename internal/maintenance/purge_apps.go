package maintenance

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/keyrequest"
	"portico/ent/db/predicate"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
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

// purgeApp deletes what belongs to an app, batchSize rows at a time, and then
// clears the app. It does nothing if the app was restored or purged meanwhile.
func (svc *Service) purgeApp(ctx context.Context, id uuid.UUID, by time.Time, total *int) error {
	return inBatches(func() (int, error) {
		step, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (purgeStep, error) {
			locked, err := change.LockForUpdate(tx, tx.App.Query().Where(app.ID(id), app.DeletedAtLTE(by), app.PurgedAtIsNil())).IDs(ctx)
			if err != nil || len(locked) == 0 {
				return purgeStep{}, err
			}
			if n, err := deleteKeyRequests(ctx, tx, keyrequest.AppID(id)); err != nil || n == batchSize {
				return purgeStep{rows: n}, err
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

// deleteKeyRequests deletes up to batchSize requests for keys: of an app, those of its former
// accounts, too, or of an account, those of apps that went to another one, too.
func deleteKeyRequests(ctx context.Context, tx *change.Tx, which predicate.KeyRequest) (int, error) {
	ids, err := tx.KeyRequest.Query().Where(which).Limit(batchSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return tx.KeyRequest.Delete().Where(database.AnyOf(keyrequest.FieldID, ids)).Exec(ctx)
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
			err = tx.Subscription.UpdateOne(s).ClearRequestedBy().ClearAnswers().ClearAcceptedTermsBy().Exec(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
