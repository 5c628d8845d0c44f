package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/eventlog"
)

// newFactor gives a locked user a new authenticator app, in place of one that is set up
// or was begun. It is not in use yet.
func (svc *Service) newFactor(ctx context.Context, tx *change.Tx, u *db.User) (TotpSeed, error) {
	if err := deleteFactor(ctx, tx, u.ID); err != nil {
		return TotpSeed{}, err
	}
	seed := svc.totp.NewSeed()
	_, err := tx.ExecContext(ctx, `INSERT INTO totp_factors (id, user_id, pepper_id, last_step, created_at) VALUES ($1, $2, $3, 0, $4)`,
		seed.ID, u.ID, seed.Pepper, tx.Now)
	return seed, err
}

// dropFactor removes the second factor of a locked user; without one it changes nothing.
func dropFactor(ctx context.Context, tx *change.Tx, u *db.User, t eventlog.Type, reason string) (*db.User, error) {
	if err := deleteFactor(ctx, tx, u.ID); err != nil || u.TotpEnabledAt == nil {
		return u, err
	}
	e := userEvent(t, u, nil)
	e.Reason = reason
	tx.Record(e)
	return tx.User.UpdateOne(u).ClearTotpEnabledAt().SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
}

// deleteFactor deletes what is stored of a user's second factor.
func deleteFactor(ctx context.Context, tx *change.Tx, user uuid.UUID) error {
	for _, statement := range []string{`DELETE FROM totp_factors WHERE user_id = $1`, `DELETE FROM recovery_codes WHERE user_id = $1`} {
		if _, err := tx.ExecContext(ctx, statement, user); err != nil {
			return err
		}
	}
	return nil
}

// replaceCodes replaces the recovery codes of a locked user.
func (svc *Service) replaceCodes(ctx context.Context, tx *change.Tx, user uuid.UUID) ([]string, error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM recovery_codes WHERE user_id = $1`, user); err != nil {
		return nil, err
	}
	codes, hashes := svc.totp.NewRecoveryCodes(user)
	for _, hash := range hashes {
		_, err := tx.ExecContext(ctx, `INSERT INTO recovery_codes (id, user_id, code_hash, created_at) VALUES ($1, $2, $3, $4)`,
			uuid.Must(uuid.NewV7()), user, hash, tx.Now)
		if err != nil {
			return nil, err
		}
	}
	return codes, nil
}

// setup describes a user's factor to an authenticator app.
func (svc *Service) setup(seed TotpSeed, o *db.Organization, u *db.User) (*TotpSetup, error) {
	out, err := svc.totp.Setup(seed, o.Name, u.Email)
	return &out, change.PublicError(err)
}
