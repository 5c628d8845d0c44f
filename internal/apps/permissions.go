package apps

import (
	"context"

	"portico/ent/db"
	"portico/internal/lifecycle"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// AppPermissions is what the viewer may do to an app.
type AppPermissions struct{ Update, Delete, GenerateKey, Register, Transfer policy.Decision }

// AppPermissions asks the policy about an app.
func (svc *Service) AppPermissions(ctx context.Context, a *db.App) *AppPermissions {
	v, org := viewer.Current(ctx), a.OrganizationID
	return &AppPermissions{
		Update:      policy.Decide(v, policy.UpdateApp(org, a.AccountID)),
		Delete:      policy.Decide(v, policy.DeleteApp(org, a.AccountID)),
		Transfer:    policy.Decide(v, policy.TransferApp(org, a.AccountID)),
		GenerateKey: policy.Decide(v, policy.GenerateCredential(org, a.AccountID, "").WithoutConditions()),
		Register:    policy.Decide(v, policy.Register(org, a.AccountID, "", true).WithoutConditions()),
	}
}

// CredentialPermissions is what the viewer may do to a credential.
type CredentialPermissions struct{ Update, Revoke, Disable, Enable, Rotate policy.Decision }

// CredentialPermissions asks the policy about a credential. beingRotated is whether it has
// a successor that is not revoked.
func (svc *Service) CredentialPermissions(ctx context.Context, c *db.Credential, beingRotated bool) *CredentialPermissions {
	v := viewer.Current(ctx)
	ask := func(a lifecycle.CredentialAction) policy.Decision {
		return policy.Decide(v, onCredential(c, a))
	}
	return &CredentialPermissions{
		Update: ask(lifecycle.Update), Revoke: ask(lifecycle.Revoke), Disable: ask(lifecycle.Disable), Enable: ask(lifecycle.Enable),
		Rotate: policy.Decide(v, toRotate(c, beingRotated)),
	}
}

// SubscriptionPermissions is what the viewer may do to a subscription besides
// changing its status.
type SubscriptionPermissions struct{ UpdateEndpoints policy.Decision }

// SubscriptionPermissions asks the policy about a subscription.
func (svc *Service) SubscriptionPermissions(ctx context.Context, s *db.Subscription) *SubscriptionPermissions {
	return &SubscriptionPermissions{UpdateEndpoints: policy.Decide(viewer.Current(ctx), policy.NarrowSubscription(s.OrganizationID, s.AccountID, s.Status, s.KeyRequestID != nil))}
}

// Transitions lists the actions that the viewer may now apply to a subscription's
// status and plan.
func (svc *Service) Transitions(ctx context.Context, s *db.Subscription) []lifecycle.SubscriptionAction {
	v, out := viewer.Current(ctx), []lifecycle.SubscriptionAction{}
	for _, a := range lifecycle.UserActions() {
		if policy.Decide(v, onSubscription(s, a)).Allowed {
			out = append(out, a)
		}
	}
	return out
}
