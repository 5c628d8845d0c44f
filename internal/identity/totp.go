package identity

import (
	"context"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// EnableTotp begins to set up an authenticator app for the viewer, whose password is
// verified, and returns what the app needs. Sign-ins do not ask for its codes before
// ConfirmTotp; beginning again replaces what was begun.
func (svc *Service) EnableTotp(ctx context.Context, password string) (*TotpSetup, error) {
	u, o, err := svc.ownFactor(ctx)
	if err != nil {
		return nil, err
	}
	if u.TotpEnabledAt != nil {
		return nil, errTotpInUse()
	}
	if err := svc.checkCurrent(ctx, u, "password", password); err != nil {
		return nil, err
	}
	seed, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (TotpSeed, error) {
		locked, err := lockSelf(ctx, tx)
		if err != nil {
			return TotpSeed{}, err
		}
		if locked.TotpEnabledAt != nil {
			return TotpSeed{}, errTotpInUse()
		}
		return svc.newFactor(ctx, tx, locked)
	})
	if err != nil {
		return nil, err
	}
	return svc.setup(seed, o, u)
}

// ConfirmTotp ends the set-up of the viewer's authenticator app by its first code, and
// returns the recovery codes. From then on, sign-ins ask for a code.
func (svc *Service) ConfirmTotp(ctx context.Context, code string) (*db.User, []string, error) {
	return svc.useFactor(ctx, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, []string, error) {
		if u.TotpEnabledAt != nil {
			return nil, nil, errTotpInUse()
		}
		if err := svc.takeAppCode(ctx, tx, u, code); err != nil {
			return nil, nil, err
		}
		return svc.startTotp(ctx, tx, u)
	})
}

// startTotp makes sign-ins of a locked user ask for codes.
func (svc *Service) startTotp(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, []string, error) {
	codes, err := svc.replaceCodes(ctx, tx, u.ID)
	if err != nil {
		return nil, nil, err
	}
	tx.Record(userEvent(eventlog.UserTotpEnabled, u, nil))
	u, err = tx.User.UpdateOne(u).SetTotpEnabledAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
	return u, codes, err
}

// DisableTotp makes the viewer's sign-ins ask for no code any more. A code is needed
// once more, so that whoever finds an open session cannot do it.
func (svc *Service) DisableTotp(ctx context.Context, code string) (*db.User, error) {
	u, _, err := svc.useFactor(ctx, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, []string, error) {
		// Locked, so that the organization does not begin to ask for it at the same moment.
		o, err := change.LockRowForShare(ctx, tx, tx.Organization, u.OrganizationID)
		if err != nil {
			return nil, nil, err
		}
		if err := tx.Authorize(policy.DisableTotp(u.OrganizationID, o.StaffTotp)); err != nil {
			return nil, nil, err
		}
		if err := svc.takeCode(ctx, tx, u, code); err != nil {
			return nil, nil, err
		}
		u, err = dropFactor(ctx, tx, u, eventlog.UserTotpDisabled, "")
		return u, nil, err
	})
	return u, err
}

// ReplaceRecoveryCodes gives the viewer new recovery codes; the old ones are refused
// from then on.
func (svc *Service) ReplaceRecoveryCodes(ctx context.Context, code string) ([]string, error) {
	_, codes, err := svc.useFactor(ctx, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, []string, error) {
		if err := svc.takeCode(ctx, tx, u, code); err != nil {
			return nil, nil, err
		}
		codes, err := svc.replaceCodes(ctx, tx, u.ID)
		tx.Record(userEvent(eventlog.UserRecoveryCodesReplaced, u, nil))
		return u, codes, err
	})
	return codes, err
}

// useFactor calls f, with the viewer locked, for something that takes a code. Wrong
// codes are counted.
func (svc *Service) useFactor(ctx context.Context, f func(context.Context, *change.Tx, *db.User) (*db.User, []string, error)) (*db.User, []string, error) {
	u, _, err := svc.ownFactor(ctx)
	if err != nil {
		return nil, nil, err
	}
	type result struct {
		user  *db.User
		codes []string
	}
	var out result
	err = svc.guessCode(ctx, u, func() error {
		var err error
		out, err = change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (result, error) {
			locked, err := lockSelf(ctx, tx)
			if err != nil {
				return result{}, err
			}
			one, codes, err := f(ctx, tx, locked)
			return result{one, codes}, err
		})
		return err
	})
	return out.user, out.codes, err
}

// ownFactor returns the viewer's row and organization, if the viewer may have a second
// factor.
func (svc *Service) ownFactor(ctx context.Context) (*db.User, *db.Organization, error) {
	v := viewer.Current(ctx)
	if err := change.Refusal(policy.Decide(v, policy.EnableTotp(v.OrganizationID))); err != nil {
		return nil, nil, err
	}
	u, err := svc.client.User.Get(ctx, v.UserID)
	if err != nil {
		return nil, nil, change.PublicError(err)
	}
	o, err := svc.client.Organization.Get(ctx, v.OrganizationID)
	return u, o, change.PublicError(err)
}

// lockSelf locks the viewer's row; it must still be active.
func lockSelf(ctx context.Context, tx *change.Tx) (*db.User, error) {
	u, err := change.LockForUpdate(tx, tx.User.Query().Where(user.ID(tx.Viewer.UserID), user.StatusEQ(domain.UserActive))).Only(ctx)
	if db.IsNotFound(err) {
		return nil, errSessionEnded()
	}
	return u, err
}
