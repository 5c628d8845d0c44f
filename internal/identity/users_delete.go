package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/invitation"
	"portico/ent/db/membership"
	"portico/ent/db/session"
	"portico/ent/db/signup"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// DeleteUser deletes a person: sessions, links and memberships go, and the row stays
// without name, address and password, because others refer to it. The address can be
// used again. It returns the user's opaque id.
func (svc *Service) DeleteUser(ctx context.Context, id string, reason *string) (string, error) {
	userID, err := input.DecodeID(nodeid.User, id)
	if err != nil {
		return "", err
	}
	if err := input.CheckReason("reason", reason); err != nil {
		return "", err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (string, error) {
		places, err := lockPlaces(ctx, tx, userID)
		if err != nil {
			return "", err
		}
		u, err := svc.lockDeletable(ctx, tx, userID)
		if err != nil {
			return "", err
		}
		if err := leaveAll(ctx, tx, u, places, input.OrZero(reason)); err != nil {
			return "", err
		}
		if err := endApprovals(ctx, tx, u, input.OrZero(reason)); err != nil {
			return "", err
		}
		if err := errors.Join(endReset(ctx, tx, u), deleteFactor(ctx, tx, u.ID), forget(ctx, tx, u)); err != nil {
			return "", err
		}
		e := userEvent(eventlog.UserDeleted, u, nil)
		e.Reason = input.OrZero(reason)
		tx.Record(e)
		// As Portico itself: nobody else reaches a deleted row.
		return u.GlobalID(), tx.User.UpdateOne(u).SetName("").SetNameFolded("").SetEmail("").SetEmailFolded(address.Email{}).SetPasswordHash("").ClearTotpEnabledAt().
			SetStatus(domain.UserDisabled).SetDeletedAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Exec(viewer.AsSystem(ctx, u.OrganizationID))
	})
}

// lockPlaces locks the accounts that a user belongs to, in the order in which other
// changes lock them, and returns whether each still exists. Accounts come before users.
func lockPlaces(ctx context.Context, tx *change.Tx, userID uuid.UUID) (exists map[uuid.UUID]bool, err error) {
	all, err := tx.Membership.Query().Where(membership.UserID(userID)).All(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(all))
	for i, m := range all {
		ids[i] = m.AccountID
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	exists = map[uuid.UUID]bool{}
	for _, id := range ids {
		acc, err := change.LockRowForUpdate(viewer.AsSystem(ctx, tx.OrganizationID()), tx, tx.Account, id)
		if err != nil {
			return nil, err
		}
		exists[id] = acc.DeletedAt == nil
	}
	return exists, nil
}

// lockWithAdministrators locks a user and all administrators. It returns the user, and
// how many others of those can sign in.
func (svc *Service) lockWithAdministrators(ctx context.Context, tx *change.Tx, userID uuid.UUID) (target *db.User, others int, err error) {
	// All administrators, because one must remain, and two must not remove each other
	// at the same moment. In the order of their ids, as in changeUser.
	locked, err := change.LockForUpdate(tx, tx.User.Query().Where(user.Or(user.IDIn(userID, tx.Viewer.UserID), administrators()))).All(ctx)
	if err != nil {
		return nil, 0, err
	}
	here := tx.Viewer.UserID == uuid.Nil
	for _, u := range locked {
		here = here || stillIs(u, tx.Viewer)
		switch {
		case u.ID == userID:
			target = u
		case isAdministrator(u) && u.Status == domain.UserActive && (svc.development || !u.MadeInDevelopment):
			others++
		}
	}
	if !here {
		return nil, 0, errSessionEnded()
	}
	if target == nil {
		return nil, 0, fault.NotFound()
	}
	return target, others, nil
}

// errLastAdministrator is the error for a change that would leave an organization without an
// administrator.
func errLastAdministrator() error {
	return fault.Input(fault.NotAllowed, "userId", "The organization must keep an administrator who can sign in.")
}

// lockDeletable locks a user and returns it if the viewer may delete it.
func (svc *Service) lockDeletable(ctx context.Context, tx *change.Tx, userID uuid.UUID) (*db.User, error) {
	target, others, err := svc.lockWithAdministrators(ctx, tx, userID)
	if err != nil {
		return nil, err
	}
	d := policy.Decide(tx.Viewer, policy.DeleteUser(target.OrganizationID, target.ID))
	if err := userRefusal(d); err != nil {
		return nil, err
	}
	if err := authorizeStaff(tx, target); err != nil {
		return nil, err
	}
	if isAdministrator(target) && others == 0 {
		return nil, errLastAdministrator()
	}
	return target, nil
}

// leaveAll ends the memberships of a locked user, whose accounts are locked too. None of
// them may lose its last owner.
func leaveAll(ctx context.Context, tx *change.Tx, u *db.User, exists map[uuid.UUID]bool, reason string) error {
	all, err := tx.Membership.Query().Where(membership.UserID(u.ID)).Order(membership.ByCreatedAt(), membership.ByID()).All(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		is, locked := exists[m.AccountID]
		if !locked {
			return change.Overtaken(fault.Conflict("The user has just become a member of an account. Please try again."))
		}
		last, err := lastOwner(ctx, tx, m.ID)
		if err != nil {
			return err
		}
		if is && last {
			return errLastOwner("userId")
		}
		if err := removeMember(ctx, tx, m, reason); err != nil {
			return err
		}
	}
	return nil
}

// forget ends a user's sessions, and forgets their devices and network addresses, and
// the invitations to the user's address.
func forget(ctx context.Context, tx *change.Tx, u *db.User) error {
	system := viewer.AsSystem(ctx, u.OrganizationID)
	if _, err := tx.Session.Delete().Where(session.UserID(u.ID)).Exec(system); err != nil {
		return err
	}
	if _, err := tx.SignUp.Delete().Where(signup.Or(signup.PersonID(u.ID), signup.EmailFolded(u.EmailFolded))).Exec(system); err != nil {
		return err
	}
	_, err := tx.Invitation.Delete().Where(invitation.EmailFolded(u.EmailFolded)).Exec(system)
	return err
}
