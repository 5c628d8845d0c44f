package identity

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"portico/ent/db"
	"portico/ent/db/invitation"
	"portico/ent/db/predicate"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/fault"
)

// Nobody's mailbox is filled by invitations, and no account sends letters to the world.
const (
	// MaxOpenInvitations is how many invitations of an account may be pending.
	MaxOpenInvitations = 50
	// MaxInvitationsOfAddress is how often an account may invite an address within
	// invitationWindow.
	MaxInvitationsOfAddress = 5
	// MaxInvitationsOfAccount is how often it may invite anybody within that time.
	MaxInvitationsOfAccount = 100
	invitationWindow        = 24 * time.Hour
)

// checkInvitations refuses a further invitation to a locked account if there are too
// many.
func checkInvitations(ctx context.Context, tx *change.Tx, acc *db.Account, e address.Email) error {
	open, err := tx.Invitation.Query().Where(invitation.AccountID(acc.ID), invitation.AcceptedAtIsNil(), invitation.RevokedAtIsNil(),
		invitation.ExpiresAtGT(tx.Now)).Count(ctx)
	if err != nil {
		return err
	}
	if open >= MaxOpenInvitations {
		return fault.Input(fault.TooMany, "accountId", "The account has 50 invitations that are open: revoke some first.", fault.Param{Name: "max", Value: "50"})
	}
	if err := checkInvitationRate(ctx, tx, MaxInvitationsOfAddress, invitation.AccountID(acc.ID), invitation.EmailFolded(e)); err != nil {
		return err
	}
	return checkInvitationRate(ctx, tx, MaxInvitationsOfAccount, invitation.AccountID(acc.ID))
}

// checkInvitationRate refuses an invitation if there were so many like it lately, until
// the oldest of them is no longer of that time.
func checkInvitationRate(ctx context.Context, tx *change.Tx, limit int, like ...predicate.Invitation) error {
	since := tx.Now.Add(-invitationWindow)
	latest, err := tx.Invitation.Query().Where(append(like, invitation.CreatedAtGT(since))...).
		Order(invitation.ByCreatedAt(sql.OrderDesc())).Limit(limit).Select(invitation.FieldCreatedAt).All(ctx)
	if err != nil || len(latest) < limit {
		return err
	}
	return fault.RetryAfter(fault.CodeRateLimited, fault.ReasonInvitations, latest[limit-1].CreatedAt.Sub(since), "The account has invited too often today. Please try again later.")
}
