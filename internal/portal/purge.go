package portal

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db/accessentry"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/event"
	"portico/ent/db/idempotencykey"
	"portico/ent/db/membership"
	"portico/ent/db/predicate"
	"portico/ent/db/signinattempt"
	"portico/ent/db/subscription"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/lifecycle"
)

// attemptLife is the longest time for which a failed sign-in counts.
const attemptLife = time.Hour

// purgingEvents is the row in leases by which the log's trigger recognizes a
// purge; it is never committed.
const purgingEvents = "purging-events"

// purgeApps purges an organization's apps that were deleted by a time. The row
// of an app stays, so that its reference id is never used again.
func (p *Portal) purgeApps(ctx context.Context, by time.Time, total *int) error {
	return inBatches(func() (int, error) {
		due, err := p.client.App.Query().Where(app.DeletedAtLTE(by), app.PurgedAtIsNil()).
			Order(app.ByDeletedAt(), app.ByID()).Limit(batchSize).IDs(ctx)
		if err != nil {
			return 0, publicError(err)
		}
		for _, id := range due {
			if err := p.purgeApp(ctx, id, by, total); err != nil {
				return 0, err
			}
		}
		return len(due), nil
	})
}

// purgeApp deletes what belongs to an app, batchSize rows at a time, and then
// clears the app. It does nothing if the app was restored or purged meanwhile.
func (p *Portal) purgeApp(ctx context.Context, id uuid.UUID, by time.Time, total *int) error {
	return inBatches(func() (n int, err error) {
		done := 0
		err = p.change(ctx, func(ctx context.Context, c *change) error {
			n, done = 0, 0
			held, err := lockForUpdate(c, c.App.Query().Where(app.ID(id), app.DeletedAtLTE(by), app.PurgedAtIsNil())).IDs(ctx)
			if err != nil || len(held) == 0 {
				return err
			}
			if n, err = c.deleteCredentials(ctx, credential.AppID(id)); err != nil || n == batchSize {
				return err
			}
			if n, err = c.deleteSubscriptions(ctx, id); err != nil || n == batchSize {
				return err
			}
			if err := c.anonymizeSuspended(ctx, id); err != nil {
				return err
			}
			done = 1
			return c.App.Update().Where(app.ID(id)).
				SetName("").SetNameFolded("").SetDescription("").SetLabels([]domain.Label{}).
				SetPurgedAt(c.now).SetUpdatedAt(c.now).AddVersion(1).Exec(ctx)
		})
		return n, addTo(total, done, err)
	})
}

// deleteCredentials deletes up to batchSize credentials with their access
// control lists.
func (c *change) deleteCredentials(ctx context.Context, which predicate.Credential) (int, error) {
	ids, err := c.Credential.Query().Where(which).Limit(batchSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if _, err := c.AccessEntry.Delete().Where(database.AnyOf(accessentry.FieldCredentialID, ids)).Exec(ctx); err != nil {
		return 0, err
	}
	return c.Credential.Delete().Where(database.AnyOf(credential.FieldID, ids)).Exec(ctx)
}

// deleteSubscriptions deletes up to batchSize of an app's subscriptions, except
// suspended ones.
func (c *change) deleteSubscriptions(ctx context.Context, appID uuid.UUID) (int, error) {
	ids, err := c.Subscription.Query().Where(subscription.AppID(appID), subscription.StatusNEQ(lifecycle.Suspended)).Limit(batchSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return c.Subscription.Delete().Where(database.AnyOf(subscription.FieldID, ids)).Exec(ctx)
}

// anonymizeSuspended removes the requester from an app's suspended
// subscriptions, which stay until an administrator ends them. It waits for one
// that is being ended concurrently, and deletes it.
func (c *change) anonymizeSuspended(ctx context.Context, appID uuid.UUID) error {
	left, err := lockForUpdate(c, c.Subscription.Query().Where(subscription.AppID(appID))).All(ctx)
	if err != nil {
		return err
	}
	for _, s := range left {
		if s.Status != lifecycle.Suspended {
			err = c.Subscription.DeleteOne(s).Exec(ctx)
		} else {
			err = c.Subscription.UpdateOne(s).ClearRequestedBy().Exec(ctx)
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
func (p *Portal) purgeAccounts(ctx context.Context, by time.Time, total *int) error {
	return inBatches(func() (int, error) {
		due, err := p.client.Account.Query().Where(account.DeletedAtLTE(by), account.NameNEQ("")).Limit(batchSize).IDs(ctx)
		if err != nil {
			return 0, publicError(err)
		}
		for _, id := range due {
			if err := p.purgeAccount(ctx, id, by, total); err != nil {
				return 0, err
			}
		}
		return len(due), nil
	})
}

func (p *Portal) purgeAccount(ctx context.Context, id uuid.UUID, by time.Time, total *int) error {
	return inBatches(func() (n int, err error) {
		done := 0
		err = p.change(ctx, func(ctx context.Context, c *change) error {
			n, done = 0, 0
			held, err := lockForUpdate(c, c.Account.Query().Where(account.ID(id), account.DeletedAtLTE(by), account.NameNEQ(""))).IDs(ctx)
			if err != nil || len(held) == 0 {
				return err
			}
			if n, err = c.deleteCredentials(ctx, credential.And(credential.AccountID(id), credential.AppIDIsNil())); err != nil || n == batchSize {
				return err
			}
			if _, err := c.Membership.Delete().Where(membership.AccountID(id)).Exec(ctx); err != nil {
				return err
			}
			done = 1
			return c.Account.Update().Where(account.ID(id)).SetName("").SetNameFolded("").SetProfile(domain.Profile{}).
				SetUpdatedAt(c.now).AddVersion(1).Exec(ctx)
		})
		return n, addTo(total, done, err)
	})
}

// purgeEvents deletes an organization's events up to the first one that did not
// happen before a time, so that the rest of the log has no gaps.
func (p *Portal) purgeEvents(ctx context.Context, organization uuid.UUID, before time.Time, total *int) error {
	return inBatches(func() (n int, err error) {
		err = p.change(ctx, func(ctx context.Context, c *change) error {
			oldest, err := c.Event.Query().Where(event.OrganizationID(organization)).Order(event.ByPosition()).
				Limit(batchSize).Select(event.FieldPosition, event.FieldAt).All(ctx)
			if err != nil {
				return err
			}
			n = 0
			for n < len(oldest) && oldest[n].At.Before(before) {
				n++
			}
			if n == 0 {
				return nil
			}
			n, err = c.deleteEvents(ctx, organization, oldest[n-1].Position)
			return err
		})
		return n, addTo(total, n, err)
	})
}

// deleteEvents deletes the events up to a position; the log's trigger allows
// that only during a purge.
func (c *change) deleteEvents(ctx context.Context, organization uuid.UUID, last int64) (int, error) {
	if err := c.Lease.Create().SetID(purgingEvents).SetUntil(c.now).Exec(ctx); err != nil {
		return 0, err
	}
	n, err := c.Event.Delete().Where(event.OrganizationID(organization), event.PositionLTE(last)).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return n, c.Lease.DeleteOneID(purgingEvents).Exec(ctx)
}

// purgeIdempotencyKeys deletes idempotency keys that have expired.
func (p *Portal) purgeIdempotencyKeys(ctx context.Context, now time.Time, total *int) error {
	return inBatches(func() (int, error) {
		ids, err := p.client.IdempotencyKey.Query().Where(idempotencykey.CreatedAtLTE(now.Add(-idempotencyLife))).Limit(batchSize).IDs(ctx)
		if err != nil || len(ids) == 0 {
			return 0, publicError(err)
		}
		n, err := p.client.IdempotencyKey.Delete().Where(database.AnyOf(idempotencykey.FieldID, ids)).Exec(ctx)
		return len(ids), addTo(total, n, publicError(err))
	})
}

// purgeAttempts deletes sign-in attempts that no longer count.
func (p *Portal) purgeAttempts(ctx context.Context, now time.Time, total *int) error {
	return inBatches(func() (int, error) {
		ids, err := p.client.SignInAttempt.Query().Where(signinattempt.AttemptedAtLTE(now.Add(-attemptLife))).Limit(batchSize).IDs(ctx)
		if err != nil || len(ids) == 0 {
			return 0, publicError(err)
		}
		n, err := p.client.SignInAttempt.Delete().Where(database.AnyOf(signinattempt.FieldID, ids)).Exec(ctx)
		return len(ids), addTo(total, n, publicError(err))
	})
}

// addTo adds n to total, unless err is not nil.
func addTo(total *int, n int, err error) error {
	if err == nil {
		*total += n
	}
	return err
}
