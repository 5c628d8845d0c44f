package identity

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/viewer"
)

// guessCode counts an attempt with a code of a user, and calls f, which verifies it. An
// attempt that fails for another reason than the code does not count.
func (svc *Service) guessCode(ctx context.Context, u *db.User, f func() error) error {
	guess := Guess{Address: u.EmailFolded, Client: viewer.Current(ctx).Address, SecondFactor: u.ID, Since: []time.Time{input.OrZero(u.CodesUnlockedAt)}}
	attempt, err := svc.limiter.Reserve(ctx, guess)
	if err != nil {
		return change.PublicError(err)
	}
	defer attempt.Done()
	err = f()
	switch {
	case err == nil:
		return change.PublicError(attempt.Succeeded(ctx, 0))
	case isWrongCode(err):
		return err
	}
	return svc.withdrawAttempt(ctx, attempt, err)
}

// takeCode uses a code of the authenticator app, or a recovery code, of a locked user
// whose second factor is in use. A code is good once.
func (svc *Service) takeCode(ctx context.Context, tx *change.Tx, u *db.User, code string) error {
	if u.TotpEnabledAt == nil {
		return errTotpStatus("There is no second factor.")
	}
	if isAppCode(tidyCode(code)) {
		return svc.takeAppCode(ctx, tx, u, code)
	}
	for _, hash := range svc.totp.RecoveryHashes(u.ID, tidyCode(code)) {
		done, err := tx.ExecContext(ctx, `DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2`, u.ID, hash)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			tx.Record(userEvent(eventlog.UserRecoveryCodeUsed, u, nil))
			return err
		}
	}
	return errWrongCode()
}

// takeAppCode uses a code of the authenticator app of a locked user.
func (svc *Service) takeAppCode(ctx context.Context, tx *change.Tx, u *db.User, code string) error {
	var seed TotpSeed
	var last int64
	rows, err := tx.QueryContext(ctx, `SELECT id, pepper_id, last_step FROM totp_factors WHERE user_id = $1`, u.ID)
	if err == nil {
		err = scanOne(rows, &seed.ID, &seed.Pepper, &last)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return errTotpStatus("Begin to set up a second factor first.")
	}
	if err != nil {
		return err
	}
	step, ok, err := svc.totp.Match(seed, tidyCode(code), last)
	if err != nil {
		return err
	}
	if !ok {
		return errWrongCode()
	}
	_, err = tx.ExecContext(ctx, `UPDATE totp_factors SET last_step = $2 WHERE user_id = $1`, u.ID, step)
	return err
}

// tidyCode returns a code as it is compared: people write blanks and hyphens, and small
// letters.
func tidyCode(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
}

// isAppCode reports whether a tidy code is one of an app, which has digits only and less
// of them than a recovery code has characters.
func isAppCode(code string) bool {
	const digits = 6
	return len(code) <= digits
}

func errWrongCode() error {
	return fault.Input(fault.WrongCode, "code", "This code is wrong, or has been used.")
}

func isWrongCode(err error) bool {
	return slices.ContainsFunc(fault.Problems(err), func(p fault.Problem) bool { return p.Code == fault.WrongCode })
}

// errTotpStatus is the error for a step that is not the next one.
func errTotpStatus(message string) error { return fault.Input(fault.WrongStatus, "", message) }

func errTotpInUse() error {
	return errTotpStatus("A second factor is set up already: turn it off first.")
}
