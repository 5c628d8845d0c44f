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
type AccountPermissions struct{ Update, Suspend, Resume, Delete, CreateApp, GenerateKey policy.Decision }

// AccountPermissions asks the policy about an account.
func (svc *Service) AccountPermissions(ctx context.Context, a *db.Account) *AccountPermissions {
	v := viewer.Current(ctx)
	ask := func(request func(uuid.UUID, access.AccountStatus) policy.Request) policy.Decision {
		return policy.Decide(v, request(a.OrganizationID, a.Status))
	}
	return &AccountPermissions{
		Update:      ask(policy.UpdateAccount),
		Suspend:     ask(policy.SuspendAccount),
		Resume:      ask(policy.ResumeAccount),
		Delete:      ask(policy.DeleteAccount),
		CreateApp:   policy.Decide(v, policy.CreateApp(a.OrganizationID, a.ID)),
		GenerateKey: policy.Decide(v, policy.GenerateCredential(a.OrganizationID, a.ID, "").WithoutConditions()),
	}
}
