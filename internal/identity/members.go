package identity

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/membership"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// AddMemberInput is the input of AddMember.
type AddMemberInput struct {
	AccountID string
	UserID    string
	Role      *domain.MembershipRole
}

// AddMember makes a developer of the organization a member of a further account. A
// member already is TAKEN.
func (svc *Service) AddMember(ctx context.Context, in AddMemberInput) (*db.Membership, error) {
	accountID, err := input.DecodeID(nodeid.Account, in.AccountID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Membership, error) {
		acc, err := change.LockRowForShare(ctx, tx, tx.Account, accountID)
		if err != nil {
			return nil, err
		}
		if err := tx.Authorize(policy.AddMember(acc.OrganizationID, acc.ID)); err != nil {
			return nil, err
		}
		id, _ := nodeid.Decode(nodeid.User, in.UserID)
		u, err := change.LockRowForShare(ctx, tx, tx.User, id)
		if db.IsNotFound(err) {
			return nil, fault.Input(fault.UnknownReference, "userId", "There is no such user.")
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains(accountRoles(), u.Role) {
			return nil, fault.Input(fault.NotAllowed, "userId", "Staff have no account.")
		}
		m, err := addMember(ctx, tx, acc, u, in.Role, "role")
		return m, change.Taken(err, "userId", "This user is a member of the account already.")
	})
}

// addMember makes a user a member of an account that the caller has locked against
// deletion. Without a role the first becomes the owner, because members are never
// without one, and others become members.
func addMember(ctx context.Context, tx *change.Tx, acc *db.Account, u *db.User, given *domain.MembershipRole, field string) (*db.Membership, error) {
	role := input.Or(given, domain.Member)
	if role != domain.Owner {
		owned, err := tx.Membership.Query().Where(membership.AccountID(acc.ID), membership.RoleEQ(domain.Owner)).Exist(ctx)
		switch {
		case err != nil:
			return nil, err
		case !owned && given != nil:
			return nil, fault.Input(fault.NotAllowed, field, "The account has no owner yet: its first member must be one.")
		case !owned:
			role = domain.Owner
		}
	}
	m, err := tx.Membership.Create().SetOrganizationID(acc.OrganizationID).SetAccountID(acc.ID).SetUserID(u.ID).
		SetRole(role).SetCreatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Record(memberEvent(eventlog.MemberAdded, m, u, change.Attributes("role", role)))
	return m, nil
}

// ChangeMemberRole makes a member an owner of the account, or an owner a member. A
// member who has the role already is returned unchanged.
func (svc *Service) ChangeMemberRole(ctx context.Context, id string, role domain.MembershipRole) (*db.Membership, error) {
	return changeMember(ctx, svc, id, func(ctx context.Context, tx *change.Tx, t team) (*db.Membership, error) {
		if err := change.Refusal(policy.Decide(t.viewer, policy.ChangeMemberRole(t.organizationID, t.accountID, false))); err != nil {
			return nil, err
		}
		return t.setRole(ctx, tx, t.member, role, "membershipId")
	})
}

// RemoveMember ends a membership; members may end their own. It returns the
// membership's opaque id.
func (svc *Service) RemoveMember(ctx context.Context, id string, reason *string) (string, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return "", err
	}
	return changeMember(ctx, svc, id, func(ctx context.Context, tx *change.Tx, t team) (string, error) {
		m := t.member
		last, err := lastOwner(ctx, tx, m.ID)
		if err != nil {
			return "", err
		}
		if err := memberRefusal(policy.Decide(t.viewer, policy.RemoveMember(t.organizationID, t.accountID, m.UserID, last)), "membershipId"); err != nil {
			return "", err
		}
		return m.GlobalID(), removeMember(ctx, tx, m, input.OrZero(reason))
	})
}

// removeMember ends a membership. The caller has locked the account, and has made
// sure that it keeps an owner.
func removeMember(ctx context.Context, tx *change.Tx, m *db.Membership, reason string) error {
	u, err := tx.User.Get(ctx, m.UserID)
	if err != nil {
		return err
	}
	e := memberEvent(eventlog.MemberRemoved, m, u, []domain.Change{{Field: "role", Before: domain.Text(m.Role)}})
	e.Reason = reason
	tx.Record(e)
	if err := endInvitationsBy(ctx, tx, m); err != nil {
		return err
	}
	// As Portico itself, because no other change of memberships is a member's to make
	// than to leave.
	return tx.Membership.DeleteOneID(m.ID).Exec(viewer.AsSystem(ctx, tx.OrganizationID()))
}

// TransferOwnershipInput is the input of TransferOwnership.
type TransferOwnershipInput struct {
	MembershipID string
	// FromMembershipID is that of the owner who hands over; nil for the viewer's.
	FromMembershipID *string
}

// Transfer is the result of TransferOwnership.
type Transfer struct{ Owner, Former *db.Membership }

// TransferOwnership makes a member an owner of the account, and an owner of it a
// member.
func (svc *Service) TransferOwnership(ctx context.Context, in TransferOwnershipInput) (Transfer, error) {
	return changeMember(ctx, svc, in.MembershipID, func(ctx context.Context, tx *change.Tx, t team) (Transfer, error) {
		var out Transfer
		if err := change.Refusal(policy.Decide(t.viewer, policy.ChangeMemberRole(t.organizationID, t.accountID, false))); err != nil {
			return out, err
		}
		from, err := t.handsOver(ctx, tx, in.FromMembershipID)
		if err != nil {
			return out, err
		}
		if out.Owner, err = t.setRole(ctx, tx, t.member, domain.Owner, "membershipId"); err != nil {
			return out, err
		}
		out.Former, err = t.setRole(ctx, tx, from, domain.Member, "fromMembershipId")
		return out, err
	})
}

// team is an account whose memberships are being changed, and one of them. The
// account is locked, so that nobody else changes its memberships meanwhile.
type team struct {
	organizationID, accountID uuid.UUID
	member                    *db.Membership
	// viewer is the one who makes the change, with the role in the account that
	// the viewer has now.
	viewer viewer.Viewer
}

// changeMember locks the account of a membership and calls f, which asks the policy.
func changeMember[T any](ctx context.Context, svc *Service, id string, f func(context.Context, *change.Tx, team) (T, error)) (T, error) {
	memberID, err := input.DecodeID(nodeid.Membership, id)
	if err != nil {
		var none T
		return none, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (out T, err error) {
		found, err := tx.Membership.Get(ctx, memberID)
		if err != nil {
			return out, err
		}
		acc, v, err := lockTeam(ctx, tx, found.AccountID)
		if err != nil {
			return out, err
		}
		// As it is now that nobody else can change it.
		m, err := tx.Membership.Get(ctx, memberID)
		if err != nil {
			return out, err
		}
		return f(ctx, tx, team{acc.OrganizationID, acc.ID, m, v})
	})
}

// lockTeam locks an account, and returns it with the viewer as a member of it: those
// who were removed or are no longer owners lose their say with that.
func lockTeam(ctx context.Context, tx *change.Tx, accountID uuid.UUID) (*db.Account, viewer.Viewer, error) {
	v := tx.Viewer
	acc, err := change.LockRowForUpdate(ctx, tx, tx.Account, accountID)
	if err != nil || v.ActsForOrganization() || !v.SignedIn() {
		return acc, v, err
	}
	own, err := tx.Membership.Query().Where(membership.AccountID(accountID), membership.UserID(v.UserID)).Only(ctx)
	if err != nil {
		return nil, v, err
	}
	v.AccountOwner = v.AccountOwner && own.Role == domain.Owner
	return acc, v, nil
}

// handsOver returns the membership of the owner who hands over: the given one, or
// the viewer's.
func (t team) handsOver(ctx context.Context, tx *change.Tx, given *string) (*db.Membership, error) {
	own := membership.UserID(t.viewer.UserID)
	if given != nil {
		id, _ := nodeid.Decode(nodeid.Membership, *given)
		own = membership.ID(id)
	} else if t.viewer.ActsForOrganization() {
		return nil, fault.Input(fault.Required, "fromMembershipId", "Name the owner who hands over.")
	}
	from, err := tx.Membership.Query().Where(membership.AccountID(t.accountID), own).Only(ctx)
	switch {
	case db.IsNotFound(err):
		return nil, fault.Input(fault.UnknownReference, "fromMembershipId", "The account has no such member.")
	case err != nil:
		return nil, err
	case from.Role != domain.Owner:
		return nil, change.WrongStatus("fromMembershipId", "This member is no owner of the account.", string(from.Role))
	case from.ID == t.member.ID:
		return nil, fault.Input(fault.InvalidValue, "fromMembershipId", "Nobody hands over to the same person.")
	}
	return from, nil
}

// setRole changes what a member is; field is the input's that names it.
func (t team) setRole(ctx context.Context, tx *change.Tx, m *db.Membership, role domain.MembershipRole, field string) (*db.Membership, error) {
	if m.Role == role {
		return m, nil
	}
	last, err := lastOwner(ctx, tx, m.ID)
	if err != nil {
		return nil, err
	}
	if err := memberRefusal(policy.Decide(t.viewer, policy.ChangeMemberRole(t.organizationID, t.accountID, last)), field); err != nil {
		return nil, err
	}
	u, err := tx.User.Get(ctx, m.UserID)
	if err != nil {
		return nil, err
	}
	if role != domain.Owner {
		if err := endInvitationsBy(ctx, tx, m); err != nil {
			return nil, err
		}
	}
	tx.Record(memberEvent(eventlog.MemberRoleChanged, m, u, []domain.Change{{Field: "role", Before: domain.Text(m.Role), After: domain.Text(role)}}))
	return tx.Membership.UpdateOne(m).SetRole(role).Save(ctx)
}

// memberRefusal is change.Refusal; that the last owner would go is a problem of the
// input.
func memberRefusal(d policy.Decision, field string) error {
	if d.Is(policy.Status) {
		return errLastOwner(field)
	}
	return change.Refusal(d)
}

func errLastOwner(field string) error { return fault.Input(fault.LastOwner, field, policy.LastOwner) }

func memberEvent(t eventlog.Type, m *db.Membership, u *db.User, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Membership, SubjectID: m.ID, SubjectName: u.Name, AccountID: &m.AccountID, Changes: changes}
}
