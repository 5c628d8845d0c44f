package identity

import (
	"context"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// ChangePassword changes the viewer's own password. It ends all of the user's sessions
// but the one of the request.
func (svc *Service) ChangePassword(ctx context.Context, current, next string) (*db.User, error) {
	v := viewer.Current(ctx)
	if err := change.Refusal(policy.Decide(v, policy.ChangePassword(v.OrganizationID))); err != nil {
		return nil, err
	}
	u, err := svc.client.User.Get(ctx, v.UserID)
	if err != nil {
		return nil, change.PublicError(err)
	}
	if err := svc.passwords.Check("newPassword", next, u.EmailFolded); err != nil {
		return nil, err
	}
	if err := svc.checkCurrent(ctx, u, "currentPassword", current); err != nil {
		return nil, err
	}
	hash, err := svc.passwords.Hash(AsKnown(ctx), next)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		n, err := tx.User.Update().Where(user.ID(u.ID), user.Version(u.Version), user.PasswordHash(u.PasswordHash), user.StatusEQ(domain.UserActive)).
			SetPasswordHash(hash).SetPasswordChangedAt(tx.Now).AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
		if err := change.ExpectOneRow(n, err); err != nil {
			return nil, err
		}
		if _, err := endSessions(ctx, tx, u, v.SessionID); err != nil {
			return nil, err
		}
		if err := endReset(ctx, tx, u); err != nil {
			return nil, err
		}
		tx.Record(userEvent(eventlog.UserPasswordChanged, u, nil))
		return tx.User.Get(ctx, u.ID)
	})
}

// checkCurrent verifies the present password, of this field of the input. Failures
// are counted for the session alone: a stolen session must not be a way to try
// passwords, and unknown clients that fail to sign in must not keep the owner from
// changing it.
func (svc *Service) checkCurrent(ctx context.Context, u *db.User, field, password string) error {
	attempt, err := svc.limiter.Reserve(ctx, Guess{Address: u.EmailFolded, Client: viewer.Current(ctx).Address, Session: u.ID})
	if err != nil {
		return change.PublicError(err)
	}
	defer attempt.Done()
	right, err := svc.passwords.Verify(AsKnown(ctx), password, u.PasswordHash)
	if err != nil {
		return svc.withdrawAttempt(ctx, attempt, err)
	}
	if !right {
		return fault.Input(fault.WrongPassword, field, "This is not your present password.")
	}
	return database.Fault(attempt.Succeeded(ctx, 0))
}

// ResetPassword sets the password of a user, found by the organization's slug
// and the address, ends all sessions, and forgives failed sign-ins. It is only
// called by commands, as Portico itself.
func (svc *Service) ResetPassword(ctx context.Context, slug string, email address.Email, password string) (out *db.User, err error) {
	if err := fault.Collect(email.Check("email"), svc.passwords.Check("password", password, email)); err != nil {
		return nil, err
	}
	hash, err := svc.passwords.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	return svc.changeUserByAddress(ctx, slug, email, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, error) {
		return svc.resetTo(ctx, tx, u, hash)
	})
}
