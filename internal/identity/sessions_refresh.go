package identity

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/viewer"
)

const (
	// siblingTime is how long a refresh token is accepted after its use: two tabs, or
	// a client whose answer was lost, then have a token each.
	siblingTime = 10 * time.Second
	// maxTokens is how many unused tokens a session accepts. Tabs that refresh at the
	// same moment overwrite each other's, which would else remain for ever.
	maxTokens = 8
)

// RefreshSession renews the access token of a session, and replaces the refresh token.
// A token that was used before ends the session, unless it was used in the last
// seconds: then it gets a second successor. Every token that cannot be used has the
// same error.
func (svc *Service) RefreshSession(ctx context.Context, token string) (SignedIn, error) {
	id, hash, ok := svc.tokens.ParseRefresh(token)
	if !ok {
		return SignedIn{}, errSessionEnded()
	}
	type result struct {
		openSession
		user *db.User
	}
	system := asPortico(ctx)
	out, err := change.Write(system, svc.changes, func(ctx context.Context, tx *change.Tx) (result, error) {
		s, u, err := svc.liveSession(ctx, tx, id)
		if err != nil {
			return result{}, err
		}
		used, err := useToken(ctx, tx, id, hash)
		if err != nil {
			return result{}, err
		}
		if used {
			// Committed, though the caller gets an error.
			tx.Record(userEvent(eventlog.UserSessionReused, u, nil))
			return result{}, tx.Session.UpdateOne(s).SetEndedAt(tx.Now).SetExpiresAt(tx.Now).Exec(ctx)
		}
		next, err := svc.addToken(ctx, tx, id)
		if err != nil {
			return result{}, err
		}
		until := expiry(s.CreatedAt, tx.Now)
		err = tx.Session.UpdateOne(s).SetLastSeenAt(tx.Now).SetAddress(tx.Viewer.Address).SetExpiresAt(until).Exec(ctx)
		return result{openSession{id, next, until, s.AccountID}, u}, err
	})
	if err != nil {
		return SignedIn{}, err
	}
	if out.user == nil {
		return SignedIn{}, errSessionEnded()
	}
	o, err := svc.client.Organization.Get(system, out.user.OrganizationID)
	if err != nil {
		return SignedIn{}, change.PublicError(err)
	}
	renewed, err := svc.signedIn(system, out.user, o, out.openSession)
	return renewed, change.PublicError(err)
}

// liveSession locks a session that has not ended, and returns it with its user, who may
// sign in.
func (svc *Service) liveSession(ctx context.Context, tx *change.Tx, id uuid.UUID) (*db.Session, *db.User, error) {
	s, err := change.LockRowForUpdate(ctx, tx, tx.Session, id)
	if db.IsNotFound(err) {
		return nil, nil, errSessionEnded()
	}
	if err != nil {
		return nil, nil, err
	}
	tx.Enter(s.OrganizationID)
	u, err := tx.User.Get(ctx, s.UserID)
	if err != nil {
		return nil, nil, err
	}
	if s.EndedAt != nil || !s.ExpiresAt.After(tx.Now) || u.Status != domain.UserActive || u.MadeInDevelopment && !svc.development {
		return nil, nil, errSessionEnded()
	}
	return s, u, nil
}

// asPortico returns a context in which Portico itself acts, for a request of which it
// is not known yet who makes it.
func asPortico(ctx context.Context) context.Context {
	v, from := viewer.ForSystem(uuid.Nil), viewer.Current(ctx)
	v.Address, v.UserAgent, v.RequestID = from.Address, from.UserAgent, from.RequestID
	return viewer.NewContext(ctx, v)
}

// useToken marks a refresh token of a locked session as used. It reports whether the
// token was used before, longer ago than siblingTime. It forgets the tokens that were:
// those that are not there count as used.
func useToken(ctx context.Context, tx *change.Tx, session uuid.UUID, hash []byte) (before bool, err error) {
	oldest := tx.Now.Add(-siblingTime)
	if _, err := tx.ExecContext(ctx, `DELETE FROM session_tokens WHERE session_id = $1 AND rotated_at <= $2`, session, oldest); err != nil {
		return false, err
	}
	var rotated sql.NullTime
	rows, err := tx.QueryContext(ctx, `SELECT rotated_at FROM session_tokens WHERE session_id = $1 AND token_hash = $2`, session, hash)
	if err == nil {
		err = scanOne(rows, &rotated)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil || rotated.Valid {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE session_tokens SET rotated_at = $3 WHERE session_id = $1 AND token_hash = $2`, session, hash, tx.Now)
	return false, err
}

// scanOne reads the only row; without one the error is sql.ErrNoRows.
func scanOne(rows *sql.Rows, into ...any) error {
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(rows.Err(), sql.ErrNoRows)
	}
	return errors.Join(rows.Scan(into...), rows.Close())
}

// addToken issues a refresh token of a session, which is locked or new. Of too many
// unused ones the oldest are forgotten, but none that was issued just now: who gets it
// has had no time to use it, and would be taken for a thief.
func (svc *Service) addToken(ctx context.Context, tx *change.Tx, session uuid.UUID) (string, error) {
	token, hash := svc.tokens.IssueRefresh(session)
	_, err := tx.ExecContext(ctx, `INSERT INTO session_tokens (id, session_id, token_hash, created_at) VALUES ($1, $2, $3, $4)`,
		uuid.Must(uuid.NewV7()), session, hash, tx.Now)
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM session_tokens WHERE session_id = $1 AND rotated_at IS NULL AND created_at <= $3 AND id NOT IN (
SELECT id FROM session_tokens WHERE session_id = $1 AND rotated_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $2)`, session, maxTokens, tx.Now.Add(-siblingTime))
	return token, err
}
