package identity

import (
	"context"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// ChangePassword changes the viewer's own password. All tokens issued so far
// become invalid; the result has a new one.
func (svc *Service) ChangePassword(ctx context.Context, current, next string) (out Session, err error) {
	v := viewer.Current(ctx)
	if err := change.Refusal(policy.Decide(v, policy.ChangePassword(v.OrganizationID))); err != nil {
		return out, err
	}
	u, err := svc.client.User.Get(ctx, v.UserID)
	if err != nil {
		return out, change.PublicError(err)
	}
	if err := svc.passwords.Check("newPassword", next, u.EmailFolded); err != nil {
		return out, err
	}
	if err := svc.checkCurrent(ctx, u, current); err != nil {
		return out, err
	}
	hash, err := svc.passwords.Hash(ctx, next)
	if err != nil {
		return out, err
	}
	changed, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		n, err := tx.User.Update().Where(user.ID(u.ID), user.Version(u.Version), user.TokenVersion(u.TokenVersion)).
			SetPasswordHash(hash).SetPasswordChangedAt(tx.Now).AddTokenVersion(1).AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
		if err := change.ExpectOneRow(n, err); err != nil {
			return nil, err
		}
		tx.Record(userEvent(eventlog.UserPasswordChanged, u, nil))
		return tx.User.Get(ctx, u.ID)
	})
	if err != nil {
		return Session{}, err
	}
	out.User = changed
	out.AccessToken, out.ExpiresAt, err = svc.tokens.Issue(u.ID, u.OrganizationID, changed.TokenVersion)
	return out, err
}

// checkCurrent verifies the present password. Failures are counted for the
// session alone: a stolen session must not be a way to try passwords, and
// unknown clients that fail to sign in must not keep the owner from changing
// it.
func (svc *Service) checkCurrent(ctx context.Context, u *db.User, password string) error {
	attempt, err := svc.limiter.Reserve(ctx, Guess{Address: u.EmailFolded, Client: viewer.Current(ctx).Address, Session: u.ID})
	if err != nil {
		return change.PublicError(err)
	}
	defer attempt.Done()
	right, err := svc.passwords.Verify(ctx, password, u.PasswordHash)
	if err != nil {
		return svc.withdrawAttempt(ctx, attempt, err)
	}
	if !right {
		return fault.Input(fault.WrongPassword, "currentPassword", "This is not your present password.")
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
		if err := endFutureAttempts(ctx, tx); err != nil {
			return nil, err
		}
		tx.Record(userEvent(eventlog.UserPasswordReset, u, nil))
		return tx.User.UpdateOne(u).SetPasswordHash(hash).SetPasswordChangedAt(tx.Now).SetSignInUnlockedAt(tx.Now).
			SetMadeInDevelopment(u.MadeInDevelopment && svc.development). // no longer the demo password, which is public
			AddTokenVersion(1).AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
	})
}
