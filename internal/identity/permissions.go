package identity

import (
	"context"

	"portico/ent/db"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// AccountPermissions is what the viewer may do to an account.
type AccountPermissions struct{ Update, Suspend, Resume, Delete, CreateApp, GenerateKey policy.Decision }

// AccountPermissions asks the policy about an account.
func (svc *Service) AccountPermissions(ctx context.Context, a *db.Account) *AccountPermissions {
	v := viewer.Current(ctx)
	ask := func(x policy.AccountAction) policy.Decision {
		return policy.Decide(v, policy.OnAccount(x, a.OrganizationID, a.Status))
	}
	return &AccountPermissions{
		Update:      ask(policy.AccountUpdate),
		Suspend:     ask(policy.AccountSuspend),
		Resume:      ask(policy.AccountResume),
		Delete:      ask(policy.AccountDelete),
		CreateApp:   policy.Decide(v, policy.OnApp(policy.AppCreate, a.OrganizationID, a.ID)),
		GenerateKey: policy.Decide(v, policy.GenerateCredential(a.OrganizationID, a.ID, "").WithoutConditions()),
	}
}
