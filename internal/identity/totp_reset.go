package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/policy"
)

// ResetTotp removes the second factor of a user who has lost it, and ends all of the
// user's sessions. Without one it changes nothing.
func (svc *Service) ResetTotp(ctx context.Context, id string, reason *string) (*db.User, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	return svc.changeUser(ctx, id, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, error) {
		if err := tx.Authorize(policy.ResetTotp(u.OrganizationID, u.ID)); err != nil {
			return nil, err
		}
		return resetTotp(ctx, tx, u, input.OrZero(reason))
	})
}

// ResetTotpByAddress is ResetTotp for commands, as Portico itself. It also reports
// whether there was a factor to remove.
func (svc *Service) ResetTotpByAddress(ctx context.Context, slug string, email address.Email) (u *db.User, removed bool, err error) {
	if err := email.Check("email"); err != nil {
		return nil, false, err
	}
	u, err = svc.changeUserByAddress(ctx, slug, email, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, error) {
		removed = u.TotpEnabledAt != nil
		return resetTotp(ctx, tx, u, "")
	})
	return u, removed, err
}

func resetTotp(ctx context.Context, tx *change.Tx, u *db.User, reason string) (*db.User, error) {
	if u.TotpEnabledAt != nil {
		if _, err := endSessions(ctx, tx, u, uuid.Nil); err != nil {
			return nil, err
		}
	}
	return dropFactor(ctx, tx, u, eventlog.UserTotpReset, reason)
}
