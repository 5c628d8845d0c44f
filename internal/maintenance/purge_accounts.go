package maintenance

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db/account"
	"portico/ent/db/credential"
	"portico/ent/db/invitation"
	"portico/ent/db/keyrequest"
	"portico/ent/db/membership"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/viewer"
)

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
			locked, err := change.LockForUpdate(tx, tx.Account.Query().Where(account.ID(id), account.DeletedAtLTE(by), account.NameNEQ(""))).IDs(ctx)
			if err != nil || len(locked) == 0 {
				return purgeStep{}, err
			}
			if n, err := deleteKeyRequests(ctx, tx, keyrequest.AccountID(id)); err != nil || n == batchSize {
				return purgeStep{rows: n}, err
			}
			if n, err := deleteCredentials(ctx, tx, credential.And(credential.AccountID(id), credential.AppIDIsNil())); err != nil || n == batchSize {
				return purgeStep{rows: n}, err
			}
			if _, err := tx.Membership.Delete().Where(membership.AccountID(id)).Exec(ctx); err != nil {
				return purgeStep{}, err
			}
			if _, err := tx.Invitation.Delete().Where(invitation.AccountID(id)).Exec(ctx); err != nil {
				return purgeStep{}, err
			}
			return purgeStep{done: 1}, tx.Account.Update().Where(account.ID(id)).SetName("").SetNameFolded("").SetProfile(domain.Profile{}).
				SetUpdatedAt(tx.Now).AddVersion(1).Exec(ctx)
		})
		*total += step.done
		return step.rows, err
	})
}
