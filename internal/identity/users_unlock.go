package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// UnlockUser forgives a user's failed sign-ins, so that the right password is
// accepted at once. Users with the same address in other organizations keep
// their count.
func (svc *Service) UnlockUser(ctx context.Context, id string, reason *string) (*db.User, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	return svc.changeUser(ctx, id, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, error) {
		if err := tx.Authorize(policy.UnlockUser(u.OrganizationID, u.ID)); err != nil {
			return nil, err
		}
		return unlock(ctx, tx, u, input.OrZero(reason))
	})
}

func unlock(ctx context.Context, tx *change.Tx, u *db.User, reason string) (*db.User, error) {
	if err := endFutureAttempts(ctx, tx); err != nil {
		return nil, err
	}
	e := userEvent(eventlog.UserUnlocked, u, nil)
	e.Reason = reason
	tx.Record(e)
	save := tx.User.UpdateOne(u).SetSignInUnlockedAt(tx.Now)
	// Wrong codes are forgiven by whoever could remove the factor: not by oneself, in a
	// session that somebody may have found, and not by a service token.
	if policy.Decide(tx.Viewer, policy.ResetTotp(u.OrganizationID, u.ID)).Allowed {
		save.SetCodesUnlockedAt(tx.Now)
	}
	return save.SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
}

// endFutureAttempts dates sign-in attempts that are ahead of now, as another
// node's clock may record them, to now: forgiving covers what has happened until
// now. Those of other users go on counting. What is further ahead than clocks may
// be apart does not count, and stays so.
func endFutureAttempts(ctx context.Context, tx *change.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE sign_in_attempts SET attempted_at = $1 WHERE attempted_at > $1 AND attempted_at <= $2`, tx.Now, tx.Now.Add(clock.MaxSkew))
	return err
}

// UnlockByAddress is UnlockUser for commands, as Portico itself.
func (svc *Service) UnlockByAddress(ctx context.Context, slug string, email address.Email) (*db.User, error) {
	if err := email.Check("email"); err != nil {
		return nil, err
	}
	return svc.changeUserByAddress(ctx, slug, email, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, error) {
		return unlock(ctx, tx, u, "")
	})
}

// changeUserByAddress calls f, as Portico itself, for the user with an address
// in the organization with a slug.
func (svc *Service) changeUserByAddress(ctx context.Context, slug string, email address.Email, f func(context.Context, *change.Tx, *db.User) (*db.User, error)) (*db.User, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		if err := enterOrganization(ctx, tx, slug); err != nil {
			return nil, err
		}
		u, err := change.LockForUpdate(tx, tx.User.Query().Where(user.OrganizationID(tx.OrganizationID()), user.EmailFolded(email), user.DeletedAtIsNil())).Only(ctx)
		if db.IsNotFound(err) {
			return nil, fault.Input(fault.UnknownReference, "email", "Nobody in the organization has this address.")
		}
		if err != nil {
			return nil, err
		}
		return f(ctx, tx, u)
	})
}
