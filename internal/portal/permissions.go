package portal

import (
	"context"

	"portico/ent/db"
	"portico/internal/lifecycle"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// AppPermissions is what the viewer may do to an app.
type AppPermissions struct{ Update, Delete, GenerateKey, Register policy.Decision }

// AppPermissions asks the policy about an app.
func (p *Portal) AppPermissions(ctx context.Context, a *db.App) *AppPermissions {
	v, o := viewer.Current(ctx), policy.Object{OrganizationID: a.OrganizationID, AccountID: a.AccountID}
	return &AppPermissions{
		Update:      policy.Decide(v, policy.AppUpdate, o),
		Delete:      policy.Decide(v, policy.AppDelete, o),
		GenerateKey: policy.Decide(v, policy.CredentialGenerate, o),
		Register:    policy.Decide(v, policy.AppRegister, o),
	}
}

// AccountPermissions is what the viewer may do to an account.
type AccountPermissions struct{ Update, Suspend, Resume, Delete, CreateApp, GenerateKey policy.Decision }

// AccountPermissions asks the policy about an account.
func (p *Portal) AccountPermissions(ctx context.Context, a *db.Account) *AccountPermissions {
	v := viewer.Current(ctx)
	o := policy.Object{OrganizationID: a.OrganizationID, AccountID: a.ID, Account: a.Status}
	return &AccountPermissions{
		Update:      policy.Decide(v, policy.AccountUpdate, o),
		Suspend:     policy.Decide(v, policy.AccountSuspend, o),
		Resume:      policy.Decide(v, policy.AccountResume, o),
		Delete:      policy.Decide(v, policy.AccountDelete, o),
		CreateApp:   policy.Decide(v, policy.AppCreate, o),
		GenerateKey: policy.Decide(v, policy.CredentialGenerate, o),
	}
}

// CredentialPermissions is what the viewer may do to a credential.
type CredentialPermissions struct{ Update, Revoke, Disable, Enable policy.Decision }

// CredentialPermissions asks the policy about a credential.
func (p *Portal) CredentialPermissions(ctx context.Context, k *db.Credential) *CredentialPermissions {
	v := viewer.Current(ctx)
	ask := func(a lifecycle.CredentialAction) policy.Decision {
		return policy.Decide(v, policy.CredentialAction(a), credentialObject(k, a))
	}
	return &CredentialPermissions{
		Update: ask(lifecycle.Update), Revoke: ask(lifecycle.Revoke), Disable: ask(lifecycle.Disable), Enable: ask(lifecycle.Enable),
	}
}

// ProductPermissions is what the viewer may do to a product.
type ProductPermissions struct{ Update, Register, CreateEndpoint policy.Decision }

// ProductPermissions asks the policy about a product. Register is decided for
// an app of the developer's account.
func (p *Portal) ProductPermissions(ctx context.Context, x *db.Product) *ProductPermissions {
	v, o := viewer.Current(ctx), policy.Object{OrganizationID: x.OrganizationID, Product: x.Status}
	return &ProductPermissions{
		Update:   policy.Decide(v, policy.ProductUpdate, o),
		Register: policy.Decide(v, policy.AppRegister, o),

		CreateEndpoint: policy.Decide(v, policy.EndpointCreate, o),
	}
}

// EndpointPermissions is what the viewer may do to an endpoint.
type EndpointPermissions struct{ Update, Delete policy.Decision }

// EndpointPermissions asks the policy about an endpoint.
func (p *Portal) EndpointPermissions(ctx context.Context, x *db.Endpoint) *EndpointPermissions {
	v, o := viewer.Current(ctx), policy.Object{OrganizationID: x.OrganizationID}
	return &EndpointPermissions{
		Update: policy.Decide(v, policy.EndpointUpdate, o),
		Delete: policy.Decide(v, policy.EndpointDelete, o),
	}
}

// SubscriptionPermissions is what the viewer may do to a subscription besides
// changing its status.
type SubscriptionPermissions struct{ UpdateEndpoints policy.Decision }

// SubscriptionPermissions asks the policy about a subscription.
func (p *Portal) SubscriptionPermissions(ctx context.Context, s *db.Subscription) *SubscriptionPermissions {
	return &SubscriptionPermissions{UpdateEndpoints: policy.Decide(viewer.Current(ctx), policy.SubscriptionNarrow, subscriptionObject(s, ""))}
}

// Transitions lists the actions that the viewer may now apply to a
// subscription's status.
func (p *Portal) Transitions(ctx context.Context, s *db.Subscription) []lifecycle.SubscriptionAction {
	v, out := viewer.Current(ctx), []lifecycle.SubscriptionAction{}
	for _, a := range []lifecycle.SubscriptionAction{
		lifecycle.Approve, lifecycle.Reject, lifecycle.Withdraw, lifecycle.Suspend, lifecycle.Resume, lifecycle.Unregister,
	} {
		if policy.Decide(v, policy.SubscriptionAction(a), subscriptionObject(s, a)).Allowed {
			out = append(out, a)
		}
	}
	return out
}
