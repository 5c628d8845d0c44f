package identity

import (
	"context"
	stdsql "database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// errDeadLink returns the one error for every link of a letter that does nothing any
// more: the answer does not say whether it was used, has expired, was replaced or taken
// back, or never was one.
func errDeadLink() error {
	return fault.Input(fault.InvalidLink, "token", "This link is not valid any more. Please ask for another.")
}

// ResetByLink sets the password of the user for whom the link was made, once. It ends
// all of the user's sessions, forgives failed sign-ins, and signs nobody in. A
// password that is refused leaves the link as it is.
func (svc *Service) ResetByLink(ctx context.Context, token, password string) error {
	id, ok := svc.links.Parse(LinkPasswordReset, token)
	if !ok {
		return errDeadLink()
	}
	u, err := svc.userOfReset(ctx, id)
	if err != nil {
		return err
	}
	if err := svc.passwords.Check("newPassword", password, u.EmailFolded); err != nil {
		return err
	}
	hash, err := svc.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return change.Exec(viewer.NewContext(ctx, asUser(viewer.Current(ctx), u, uuid.Nil)), svc.changes, func(ctx context.Context, tx *change.Tx) error {
		system := viewer.AsSystem(ctx, u.OrganizationID)
		locked, err := change.LockForUpdate(tx, tx.User.Query().Where(user.ID(u.ID))).Only(system)
		if db.IsNotFound(err) {
			return errDeadLink()
		}
		if err != nil {
			return err
		}
		if err := svc.checkResettable(system, tx, locked, "token"); err != nil {
			if fault.Problems(err) != nil {
				return errDeadLink()
			}
			return err
		}
		used, err := tx.ExecContext(ctx, `DELETE FROM password_resets WHERE id = $1 AND expires_at > $2`, id.String(), tx.Now)
		if err != nil {
			return err
		}
		if n, err := used.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errDeadLink())
		}
		_, err = svc.resetTo(system, tx, locked, hash)
		return err
	})
}

// userOfReset returns the user of a link that is valid now.
func (svc *Service) userOfReset(ctx context.Context, id uuid.UUID) (*db.User, error) {
	found, err := readResets(ctx, svc.client, `id = $1 AND expires_at > $2`, id, svc.clock.Now())
	if err != nil {
		return nil, change.PublicError(err)
	}
	if len(found) == 0 {
		return nil, errDeadLink()
	}
	u, err := svc.client.User.Query().Where(user.ID(found[0].user)).Only(viewer.AsSystem(ctx, uuid.Nil))
	if db.IsNotFound(err) {
		return nil, errDeadLink()
	}
	return u, change.PublicError(err)
}

// resetTo sets the password of a locked user who did not show the present one: it ends
// all sessions and links, and forgives failed sign-ins.
func (svc *Service) resetTo(ctx context.Context, tx *change.Tx, u *db.User, hash string) (*db.User, error) {
	if err := errors.Join(endFutureAttempts(ctx, tx), endReset(ctx, tx, u)); err != nil {
		return nil, err
	}
	if _, err := endSessions(ctx, tx, u, uuid.Nil); err != nil {
		return nil, err
	}
	tx.Record(userEvent(eventlog.UserPasswordReset, u, nil))
	return tx.User.UpdateOne(u).SetPasswordHash(hash).SetPasswordChangedAt(tx.Now).SetSignInUnlockedAt(tx.Now).
		SetMadeInDevelopment(u.MadeInDevelopment && svc.development). // no longer the demo password, which is public
		AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
}

// reset is a row of password_resets.
type reset struct {
	id, user             uuid.UUID
	createdAt, expiresAt time.Time
}

// queryer runs queries, within a transaction or without one.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error)
}

// readResets returns the links that meet a condition.
func readResets(ctx context.Context, q queryer, where string, id uuid.UUID, now time.Time) (out []reset, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, user_id, created_at, expires_at FROM password_resets WHERE `+where, id.String(), now)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r reset
		if err := rows.Scan(&r.id, &r.user, &r.createdAt, &r.expiresAt); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
