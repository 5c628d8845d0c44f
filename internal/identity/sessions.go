package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/session"
	"portico/internal/change"
	"portico/internal/viewer"
)

const (
	// SessionIdle is how long a session lives without being refreshed, SessionLife
	// how long at most.
	SessionIdle = 14 * 24 * time.Hour
	SessionLife = 90 * 24 * time.Hour
	// MaxSessions is the most sessions of a user: one more ends the one that was seen
	// least recently, such as that of a program which signs in each time it runs.
	MaxSessions = 100
)

// openSession is a session and its newest refresh token.
type openSession struct {
	id        uuid.UUID
	token     string
	expiresAt time.Time
	// accountID is the account that was chosen for it; nil for none.
	accountID *uuid.UUID
}

// expiry returns when a session expires that is refreshed now.
func expiry(created, now time.Time) time.Time {
	idle, life := now.Add(SessionIdle), created.Add(SessionLife)
	if life.Before(idle) {
		return life
	}
	return idle
}

// createSession begins a session of the user, with its first refresh token. The user
// is locked, and is the viewer.
// given is the account to act for; nil for that of the last sign-in.
func (svc *Service) createSession(ctx context.Context, tx *change.Tx, u *db.User, given *string) (openSession, error) {
	chosen, err := chooseAccount(ctx, tx, u, given)
	if err != nil {
		return openSession{}, err
	}
	s, err := tx.Session.Create().SetOrganizationID(u.OrganizationID).SetUserID(u.ID).SetNillableAccountID(chosen).
		SetDevice(deviceName(tx.Viewer.UserAgent)).SetAddress(tx.Viewer.Address).
		SetCreatedAt(tx.Now).SetLastSeenAt(tx.Now).SetExpiresAt(expiry(tx.Now, tx.Now)).Save(ctx)
	if err != nil {
		return openSession{}, err
	}
	if err := endSurplus(ctx, tx, u.ID); err != nil {
		return openSession{}, err
	}
	token, err := svc.addToken(ctx, tx, s.ID)
	return openSession{s.ID, token, s.ExpiresAt, s.AccountID}, err
}

// endSurplus ends the sessions that a user has too many.
func endSurplus(ctx context.Context, tx *change.Tx, userID uuid.UUID) error {
	surplus, err := tx.Session.Query().Where(session.UserID(userID), session.EndedAtIsNil(), session.ExpiresAtGT(tx.Now)).
		Order(db.Desc(session.FieldLastSeenAt, session.FieldID)).Offset(MaxSessions).Limit(MaxSessions).IDs(ctx)
	if err != nil || len(surplus) == 0 {
		return err
	}
	return tx.Session.Update().Where(session.IDIn(surplus...)).SetEndedAt(tx.Now).SetExpiresAt(tx.Now).Exec(ctx)
}

// endSessions ends the sessions of a user who is locked, whoever the viewer is, but
// for one; uuid.Nil for none. It returns how many it has ended. Requests with their
// access tokens are refused as soon as the change is committed.
func endSessions(ctx context.Context, tx *change.Tx, u *db.User, but uuid.UUID) (int, error) {
	return tx.Session.Update().Where(session.UserID(u.ID), session.IDNEQ(but), session.EndedAtIsNil(), session.ExpiresAtGT(tx.Now)).
		SetEndedAt(tx.Now).SetExpiresAt(tx.Now).Save(viewer.AsSystem(ctx, u.OrganizationID))
}
