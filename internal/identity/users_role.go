package identity

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// ChangeUserRoleInput is the input of ChangeUserRole.
type ChangeUserRoleInput struct {
	UserID         string
	Role           domain.UserRole
	AccountID      *string
	MembershipRole *domain.MembershipRole
	Reason         *string
}

// ChangeUserRole gives a user another role. Staff belong to no account; a developer becomes
// a member of one. Who was an approver is named for no product any more. The person's
// sessions end, so that what was signed in with less, perhaps without a second factor, does
// not become more. A person who has the role already is returned unchanged.
func (svc *Service) ChangeUserRole(ctx context.Context, in ChangeUserRoleInput) (*db.User, error) {
	userID, err := input.DecodeID(nodeid.User, in.UserID)
	if err != nil {
		return nil, err
	}
	if err := fault.Collect(checkPlace(in.Role, in.AccountID), input.CheckReason("reason", in.Reason)); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		// Accounts before users, as everywhere: those that the user leaves, and the new one.
		left, joined, unknown := lockMove(ctx, tx, userID, in.AccountID)
		if unknown != nil && fault.Problems(unknown) == nil {
			return nil, unknown
		}
		u, err := svc.lockForRole(ctx, tx, userID, in.Role)
		if err != nil || u.Role == in.Role {
			return u, err
		}
		if unknown != nil { // after the user, who is what the change is about
			return nil, unknown
		}
		if err := leaveAll(ctx, tx, u, left, input.OrZero(in.Reason)); err != nil {
			return nil, err
		}
		if err := endApprovals(ctx, tx, u, input.OrZero(in.Reason)); err != nil {
			return nil, err
		}
		e := userEvent(eventlog.UserRoleChanged, u, []domain.Change{{Field: "role", Before: domain.Text(u.Role), After: domain.Text(in.Role)}})
		e.Reason = input.OrZero(in.Reason)
		tx.Record(e)
		if err := endReset(ctx, tx, u); err != nil {
			return nil, err
		}
		if _, err := endSessions(ctx, tx, u, uuid.Nil); err != nil {
			return nil, err
		}
		out, err := tx.User.UpdateOne(u).SetRole(in.Role).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
		if err != nil || joined == nil {
			return out, err
		}
		_, err = addMember(ctx, tx, joined, out, in.MembershipRole, "membershipRole")
		return out, err
	})
}

// checkPlace checks that a developer has an account, and staff none.
func checkPlace(role domain.UserRole, accountID *string) error {
	belongs := slices.Contains(accountRoles(), role)
	switch {
	case belongs && accountID == nil:
		return fault.Input(fault.Required, "accountId", "A developer needs an account.")
	case !belongs && accountID != nil:
		return fault.Input(fault.InvalidValue, "accountId", "Staff have no account.")
	}
	return nil
}

// lockMove locks the accounts of a user whose role changes, and the one that the user
// joins; joined is nil without one.
func lockMove(ctx context.Context, tx *change.Tx, userID uuid.UUID, accountID *string) (left map[uuid.UUID]bool, joined *db.Account, err error) {
	if left, err = lockPlaces(ctx, tx, userID); err != nil || accountID == nil {
		return left, nil, err
	}
	id, _ := nodeid.Decode(nodeid.Account, *accountID)
	joined, err = lockAccountForShare(ctx, tx, id)
	return left, joined, err
}

// lockForRole locks a user and returns it if the viewer may give it a role.
func (svc *Service) lockForRole(ctx context.Context, tx *change.Tx, userID uuid.UUID, role domain.UserRole) (*db.User, error) {
	u, others, err := svc.lockWithAdministrators(ctx, tx, userID)
	if err != nil {
		return nil, err
	}
	d := policy.Decide(tx.Viewer, policy.ChangeUserRole(u.OrganizationID, u.ID))
	if err := userRefusal(d); err != nil || u.Role == role {
		return u, err
	}
	if slices.Contains(staffRoles(), role) {
		if err := tx.Authorize(policy.CreateStaff(u.OrganizationID)); err != nil {
			return nil, err
		}
	}
	if err := authorizeStaff(tx, u); err != nil {
		return nil, err
	}
	if isAdministrator(u) && others == 0 {
		return nil, errLastAdministrator()
	}
	return u, nil
}
