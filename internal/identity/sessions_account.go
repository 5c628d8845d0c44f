package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/membership"
	"portico/ent/db/predicate"
	"portico/ent/db/session"
	"portico/internal/change"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// SwitchAccount chooses the account for which the viewer's session acts from the next
// request on.
//
// The policy is not asked: whatever a person may do, one of their own accounts can be
// chosen, also while the one before is suspended.
func (svc *Service) SwitchAccount(ctx context.Context, id string) (*db.Account, error) {
	v := viewer.Current(ctx)
	switch {
	case v.Role == viewer.Anonymous:
		return nil, fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
	case !v.SignedIn() || v.ActsForOrganization():
		return nil, fault.New(fault.CodeForbidden, fault.ReasonRole, "Your role does not allow this.")
	case v.SessionID == uuid.Nil:
		return nil, errNoSession()
	}
	accountID, err := input.DecodeID(nodeid.Account, id)
	if err != nil {
		return nil, err
	}
	return change.Write(viewer.AsSystem(ctx, v.OrganizationID), svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Account, error) {
		m, err := tx.Membership.Query().Where(ofUser(v.UserID), membership.AccountID(accountID)).WithAccount().Only(ctx)
		if err != nil {
			return nil, err
		}
		n, err := tx.Session.Update().Where(session.ID(v.SessionID), session.UserID(v.UserID), session.EndedAtIsNil()).SetAccountID(accountID).Save(ctx)
		if err == nil && n == 0 {
			err = errSessionEnded()
		}
		return m.Edges.Account, err
	})
}

// errNoSession returns the error for who has an access token of an identity provider.
func errNoSession() error {
	return fault.New(fault.CodeForbidden, fault.ReasonPolicy, "An access token of an identity provider has no session: choose the account by the header X-Portico-Account, and sign out there.")
}

// ofUser matches a user's memberships in accounts that are not deleted.
func ofUser(id uuid.UUID) predicate.Membership {
	return membership.And(membership.UserID(id), membership.HasAccountWith(account.DeletedAtIsNil()))
}

// chooseAccount returns the account for which a new session of a user acts: the given
// one, which must be the user's, or that of the session before; nil for neither.
func chooseAccount(ctx context.Context, tx *change.Tx, u *db.User, given *string) (*uuid.UUID, error) {
	system := viewer.AsSystem(ctx, u.OrganizationID)
	if given == nil {
		last, err := tx.Session.Query().Where(session.UserID(u.ID)).Order(db.Desc(session.FieldCreatedAt, session.FieldID)).First(system)
		if db.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return last.AccountID, nil
	}
	return ownAccount(system, tx.Membership, u, *given)
}

// ownAccount returns the id of an account, which must be one of the user's.
func ownAccount(system context.Context, members *db.MembershipClient, u *db.User, given string) (*uuid.UUID, error) {
	id, ok := nodeid.Decode(nodeid.Account, given)
	if ok {
		own, err := members.Query().Where(ofUser(u.ID), membership.AccountID(id)).Exist(system)
		if err != nil || own {
			return &id, err
		}
	}
	return nil, fault.Input(fault.UnknownReference, "accountId", "You have no such account.")
}

// activeAccount returns the account for which a user's session acts, as
// Directory.Person does: the chosen one, if it still is the user's, or the one joined
// first; nil for none.
func (svc *Service) activeAccount(system context.Context, userID uuid.UUID, chosen *uuid.UUID) (*db.Account, error) {
	all := svc.client.Membership.Query().Where(ofUser(userID)).Order(membership.ByCreatedAt(), membership.ByID()).WithAccount()
	if chosen != nil {
		m, err := all.Clone().Where(membership.AccountID(*chosen)).Only(system)
		if err == nil {
			return m.Edges.Account, nil
		}
		if !db.IsNotFound(err) {
			return nil, err
		}
	}
	m, err := all.First(system)
	if db.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return m.Edges.Account, nil
}
