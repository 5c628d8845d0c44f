package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/invitation"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/listing"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// InvitationsOfAccounts returns the same page of the invitations to many accounts.
func (svc *Service) InvitationsOfAccounts(ctx context.Context, accounts []uuid.UUID, r listing.Request) (listing.Pages[*db.Invitation], error) {
	ch := listing.Children[*db.Invitation]{List: entity.InvitationList(), Column: invitation.FieldAccountID, Parent: func(i *db.Invitation) uuid.UUID { return i.AccountID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(func() listing.Query[*db.Invitation] { return svc.client.Invitation.Query() }),
		accounts, listing.Order{}, r)
}

// InvitationStatus returns what has become of an invitation by now.
func (svc *Service) InvitationStatus(i *db.Invitation) domain.InvitationStatus {
	return StatusOfInvitation(i, svc.clock.Now())
}

// InvitationToken returns the token of an invitation's link, for the letter that has it.
func (svc *Service) InvitationToken(id uuid.UUID) string {
	return svc.links.Issue(LinkInvitation, id)
}

// InvitationPermissions is what the viewer may do with an invitation.
type InvitationPermissions struct{ Revoke policy.Decision }

// InvitationPermissions asks the policy about an invitation.
func (svc *Service) InvitationPermissions(ctx context.Context, i *db.Invitation) *InvitationPermissions {
	return &InvitationPermissions{
		Revoke: policy.Decide(viewer.Current(ctx), policy.RevokeInvitation(i.OrganizationID, i.AccountID, svc.InvitationStatus(i))),
	}
}
