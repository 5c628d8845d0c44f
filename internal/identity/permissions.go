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
