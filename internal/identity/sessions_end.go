package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/predicate"
	"portico/ent/db/session"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// SignOutInput is the input of SignOut.
type SignOutInput struct {
	// SessionID is another session of the viewer's to end.
	SessionID *string
	// Everywhere ends all of the viewer's sessions.
	Everywhere bool
	// RefreshToken ends its own session, whoever the viewer is.
	RefreshToken *string
}

// SignOut ends the session of the request, another one of the same user, or all. It
// returns the ids of those that it has ended; none if they had ended before.
//
// The policy is not asked: whatever a person may do, an own session can be ended, also
// while the account is suspended.
func (svc *Service) SignOut(ctx context.Context, in SignOutInput) ([]uuid.UUID, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	v, err := svc.whoSignsOut(ctx, in)
	if err != nil {
		return nil, err
	}
	which := v.SessionID
	if which == uuid.Nil && in.SessionID == nil && !in.Everywhere {
		return nil, errNoSession()
	}
	if in.SessionID != nil {
		if which, err = input.DecodeID(nodeid.Session, *in.SessionID); err != nil {
			return nil, err
		}
	}
	return change.Write(viewer.NewContext(ctx, v), svc.changes, func(ctx context.Context, tx *change.Tx) ([]uuid.UUID, error) {
		system := viewer.AsSystem(ctx, v.OrganizationID)
		u, err := change.LockRowForUpdate(system, tx, tx.User, v.UserID)
		if err != nil {
			return nil, err
		}
		own := session.UserID(v.UserID)
		if !in.Everywhere {
			own = session.And(own, session.ID(which))
		}
		return endThese(ctx, tx, u, own, in.Everywhere)
	})
}

// endThese ends those of a locked user's sessions that meet a condition. Unless several
// may be meant, one must be there.
func endThese(ctx context.Context, tx *change.Tx, u *db.User, which predicate.Session, several bool) ([]uuid.UUID, error) {
	system := viewer.AsSystem(ctx, u.OrganizationID)
	found, err := tx.Session.Query().Where(which).Order(session.ByCreatedAt(), session.ByID()).All(system)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 && !several {
		return nil, fault.NotFound()
	}
	ended := []uuid.UUID{}
	for _, s := range found {
		if s.EndedAt == nil && s.ExpiresAt.After(tx.Now) {
			ended = append(ended, s.ID)
		}
	}
	if len(ended) == 0 {
		return ended, nil
	}
	tx.Record(userEvent(eventlog.UserSignedOut, u, change.Attributes("sessions", len(ended))))
	return ended, tx.Session.Update().Where(session.IDIn(ended...)).SetEndedAt(tx.Now).SetExpiresAt(tx.Now).Exec(system)
}

// check requires that one thing is named at most.
func (in SignOutInput) check() error {
	switch {
	case in.Everywhere && (in.SessionID != nil || in.RefreshToken != nil):
		return fault.Input(fault.InvalidValue, "everywhere", "Name one session, or end all of them.")
	case in.SessionID != nil && in.RefreshToken != nil:
		return fault.Input(fault.InvalidValue, "refreshToken", "Name one session.")
	}
	return nil
}

// whoSignsOut returns the user of the refresh token, in the token's own session, or
// else the viewer.
func (svc *Service) whoSignsOut(ctx context.Context, in SignOutInput) (viewer.Viewer, error) {
	v := viewer.Current(ctx)
	switch {
	case in.RefreshToken != nil:
		return svc.userOfToken(ctx, *in.RefreshToken)
	case v.SignedIn() && !v.ByToken():
		return v, nil
	case v.Role != viewer.Anonymous:
		return v, fault.New(fault.CodeForbidden, fault.ReasonRole, "Your role does not allow this.")
	}
	return v, fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
}

// userOfToken returns the viewer as the user of a refresh token, used or not.
func (svc *Service) userOfToken(ctx context.Context, token string) (viewer.Viewer, error) {
	v := viewer.Current(ctx)
	id, _, ok := svc.tokens.ParseRefresh(token)
	if !ok {
		return v, errSessionEnded()
	}
	s, err := svc.client.Session.Query().Where(session.ID(id)).WithUser().Only(viewer.AsSystem(ctx, uuid.Nil))
	if db.IsNotFound(err) {
		return v, errSessionEnded()
	}
	if err != nil {
		return v, change.PublicError(err)
	}
	return asUser(v, s.Edges.User, s.ID), nil
}

// asUser returns v as a user who has just shown who it is.
func asUser(v viewer.Viewer, u *db.User, session uuid.UUID) viewer.Viewer {
	v.Role, v.OrganizationID, v.UserID, v.Name, v.SessionID = viewer.Role(u.Role), u.OrganizationID, u.ID, u.Name, session
	v.TokenID, v.Scopes = uuid.Nil, 0
	return v
}
