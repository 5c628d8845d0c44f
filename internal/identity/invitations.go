package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/invitation"
	"portico/ent/db/membership"
	"portico/ent/db/predicate"
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

// InvitationLife is how long an invitation can be accepted.
const InvitationLife = 7 * 24 * time.Hour

// InviteMemberInput is the input of InviteMember.
type InviteMemberInput struct {
	AccountID string
	Email     address.Email
	Role      *domain.MembershipRole
}

// InviteMember invites whoever has an address to join an account, in the place of an
// earlier invitation that is open. Whether anybody has the address makes no difference,
// unless it is a member of the account, whom the inviter sees.
//
// The link goes to the address by a letter and nowhere else, so that who accepts has
// shown to read what is sent there. Where no letters are sent, administrators create
// users and add members instead.
func (svc *Service) InviteMember(ctx context.Context, in InviteMemberInput) (*db.Invitation, error) {
	accountID, err := input.DecodeID(nodeid.Account, in.AccountID)
	if err != nil {
		return nil, err
	}
	if err := in.Email.Check("email"); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Invitation, error) {
		acc, v, err := lockTeam(ctx, tx, accountID)
		if err != nil {
			return nil, err
		}
		if err := change.Refusal(policy.Decide(v, policy.InviteMember(acc.OrganizationID, acc.ID))); err != nil {
			return nil, err
		}
		if err := svc.checkMail(ctx, tx, domain.MailInvitation, "An administrator can create users and add members."); err != nil {
			return nil, err
		}
		system := viewer.AsSystem(ctx, acc.OrganizationID)
		if err := checkNoMember(system, tx, acc, in.Email); err != nil {
			return nil, err
		}
		if err := replaceInvitation(system, tx, acc, in.Email); err != nil {
			return nil, err
		}
		if err := checkInvitations(system, tx, acc, in.Email); err != nil {
			return nil, err
		}
		return createInvitation(system, tx, acc, in)
	})
}

func createInvitation(ctx context.Context, tx *change.Tx, acc *db.Account, in InviteMemberInput) (*db.Invitation, error) {
	role, err := invitedRole(ctx, tx, acc, in.Role)
	if err != nil {
		return nil, err
	}
	c := tx.Invitation.Create().SetOrganizationID(acc.OrganizationID).SetAccountID(acc.ID).SetEmail(in.Email.Typed()).SetEmailFolded(in.Email).
		SetRole(role).SetCreatedAt(tx.Now).SetExpiresAt(tx.Now.Add(InvitationLife))
	switch {
	case tx.Viewer.ByToken():
		c.SetInvitedByToken(tx.Viewer.TokenID)
	case tx.Viewer.UserID != uuid.Nil:
		c.SetInvitedBy(tx.Viewer.UserID)
	}
	i, err := c.Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Record(invitationEvent(eventlog.MemberInvited, i, change.Attributes("role", role, "expiresAt", i.ExpiresAt)))
	return i, nil
}

// invitedRole returns the role that an invitation is for: the first member of an
// account becomes its owner.
func invitedRole(ctx context.Context, tx *change.Tx, acc *db.Account, given *domain.MembershipRole) (domain.MembershipRole, error) {
	if given != nil {
		return *given, nil
	}
	owned, err := tx.Membership.Query().Where(membership.AccountID(acc.ID), membership.RoleEQ(domain.Owner)).Exist(ctx)
	if owned {
		return domain.Member, err
	}
	return domain.Owner, err
}

func checkNoMember(ctx context.Context, tx *change.Tx, acc *db.Account, e address.Email) error {
	found, err := tx.Membership.Query().Where(membership.AccountID(acc.ID), membership.HasUserWith(user.EmailFolded(e))).Exist(ctx)
	if err == nil && found {
		return fault.Input(fault.Taken, "email", "Who has this address is a member of the account already.")
	}
	return err
}

// replaceInvitation ends the open invitation of an address to a locked account.
func replaceInvitation(ctx context.Context, tx *change.Tx, acc *db.Account, e address.Email) error {
	earlier, err := tx.Invitation.Query().Where(invitation.AccountID(acc.ID), invitation.EmailFolded(e),
		invitation.AcceptedAtIsNil(), invitation.RevokedAtIsNil()).Only(ctx)
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = endInvitation(ctx, tx, earlier)
	return err
}

// endInvitation revokes an invitation that is open. One that has expired keeps that
// status, so no event tells of it.
func endInvitation(ctx context.Context, tx *change.Tx, i *db.Invitation) (*db.Invitation, error) {
	if StatusOfInvitation(i, tx.Now) == domain.InvitationPending {
		tx.Record(invitationEvent(eventlog.InvitationRevoked, i, nil))
	}
	return tx.Invitation.UpdateOne(i).SetRevokedAt(tx.Now).Save(ctx)
}

// endInvitationsBy revokes the pending invitations to a locked account that a member
// has made who is no longer one of its owners: else they could be a way back.
func endInvitationsBy(ctx context.Context, tx *change.Tx, m *db.Membership) error {
	return endInvitations(ctx, tx, m.OrganizationID, invitation.AccountID(m.AccountID), invitation.InvitedBy(m.UserID))
}

// endInvitationsTo revokes the pending invitations to a locked account.
func endInvitationsTo(ctx context.Context, tx *change.Tx, a *db.Account) error {
	return endInvitations(ctx, tx, a.OrganizationID, invitation.AccountID(a.ID))
}

func endInvitations(ctx context.Context, tx *change.Tx, organization uuid.UUID, which ...predicate.Invitation) error {
	ctx = viewer.AsSystem(ctx, organization)
	open, err := tx.Invitation.Query().Where(append(which, invitation.AcceptedAtIsNil(), invitation.RevokedAtIsNil(), invitation.ExpiresAtGT(tx.Now))...).
		Order(invitation.ByID()).All(ctx)
	for _, i := range open {
		if _, err := endInvitation(ctx, tx, i); err != nil {
			return err
		}
	}
	return err
}

// RevokeInvitation takes an invitation back: its link does nothing any more. One that
// was revoked or has expired is returned unchanged.
func (svc *Service) RevokeInvitation(ctx context.Context, id string) (*db.Invitation, error) {
	invitationID, err := input.DecodeID(nodeid.Invitation, id)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Invitation, error) {
		found, err := tx.Invitation.Get(ctx, invitationID)
		if err != nil {
			return nil, err
		}
		_, v, err := lockTeam(ctx, tx, found.AccountID)
		if err != nil {
			return nil, err
		}
		// As it is now that nobody else can change it.
		i, err := tx.Invitation.Get(ctx, invitationID)
		if err != nil {
			return nil, err
		}
		status := StatusOfInvitation(i, tx.Now)
		if err := change.Refusal(policy.Decide(v, policy.RevokeInvitation(i.OrganizationID, i.AccountID, status).WithoutConditions())); err != nil {
			return nil, err
		}
		switch status {
		case domain.InvitationPending:
			return endInvitation(ctx, tx, i)
		case domain.InvitationAccepted:
			return nil, change.WrongStatus("invitationId", "The invitation was accepted: end the membership instead.", string(status))
		}
		return i, nil
	})
}

// StatusOfInvitation returns what has become of an invitation by a time.
func StatusOfInvitation(i *db.Invitation, now time.Time) domain.InvitationStatus {
	switch {
	case i.AcceptedAt != nil:
		return domain.InvitationAccepted
	case i.RevokedAt != nil && i.RevokedAt.Before(i.ExpiresAt):
		return domain.InvitationRevoked
	case !i.ExpiresAt.After(now):
		return domain.InvitationExpired
	}
	return domain.InvitationPending
}

// invitationEvent returns an event about an invitation. It has no address, because the
// log outlives the invitation.
func invitationEvent(t eventlog.Type, i *db.Invitation, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Invitation, SubjectID: i.ID, AccountID: &i.AccountID, Changes: changes}
}
