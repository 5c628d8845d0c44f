package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// AccountPermissions is what the viewer may do to an account.
type AccountPermissions struct {
	Update, Suspend, Resume, Delete, AddMember, InviteMember, CreateApp, GenerateKey policy.Decision
}

// AccountPermissions asks the policy about an account.
func (svc *Service) AccountPermissions(ctx context.Context, a *db.Account) *AccountPermissions {
	v := viewer.Current(ctx)
	ask := func(request func(uuid.UUID, access.AccountStatus) policy.Request) policy.Decision {
		return policy.Decide(v, request(a.OrganizationID, a.Status))
	}
	return &AccountPermissions{
		Update:       ask(policy.UpdateAccount),
		Suspend:      ask(policy.SuspendAccount),
		Resume:       ask(policy.ResumeAccount),
		Delete:       policy.Decide(v, policy.DeleteAccount(a.OrganizationID, a.ID)),
		AddMember:    policy.Decide(v, policy.AddMember(a.OrganizationID, a.ID)),
		InviteMember: policy.Decide(v, policy.InviteMember(a.OrganizationID, a.ID)),
		CreateApp:    policy.Decide(v, policy.CreateApp(a.OrganizationID, a.ID)),
		GenerateKey:  policy.Decide(v, policy.GenerateCredential(a.OrganizationID, a.ID, "").WithoutConditions()),
	}
}

// MembershipPermissions is what the viewer may do to a membership.
type MembershipPermissions struct{ ChangeRole, Remove policy.Decision }

// MembershipPermissions asks the policy about a membership; lastOwner is what
// LastOwners says of it.
func (svc *Service) MembershipPermissions(ctx context.Context, m *db.Membership, lastOwner bool) *MembershipPermissions {
	v := viewer.Current(ctx)
	return &MembershipPermissions{
		ChangeRole: policy.Decide(v, policy.ChangeMemberRole(m.OrganizationID, m.AccountID, lastOwner)),
		Remove:     policy.Decide(v, policy.RemoveMember(m.OrganizationID, m.AccountID, m.UserID, lastOwner)),
	}
}

// ServiceTokenPermissions is what the viewer may do to a service token.
type ServiceTokenPermissions struct{ Revoke policy.Decision }

// ServiceTokenPermissions asks the policy about a service token.
func (svc *Service) ServiceTokenPermissions(ctx context.Context, t *db.ServiceToken) *ServiceTokenPermissions {
	return &ServiceTokenPermissions{Revoke: policy.Decide(viewer.Current(ctx), policy.RevokeServiceToken(t.OrganizationID))}
}
