package apps

import (
	"context"
	"time"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
)

// FirstKeyInput describes the credential that is created with an app.
type FirstKeyInput struct {
	Name              *string
	Labels            []domain.Label `json:",omitempty"` // omitted if empty, so that older inputs keep their hash
	Environment       *access.Environment
	ExpiresAt         *time.Time
	Access            *access.ProductAccess
	AccessControlList []string
	AllowedAddresses  []string
	RateLimit         *access.RateLimit
}

// generateKeyInput returns the equivalent input of GenerateKey, without an app.
func (f *FirstKeyInput) generateKeyInput() GenerateKeyInput {
	if f == nil {
		return GenerateKeyInput{}
	}
	return GenerateKeyInput{
		Name: f.Name, Labels: f.Labels, Environment: f.Environment, ExpiresAt: f.ExpiresAt, Access: f.Access, AccessControlList: f.AccessControlList,
		AllowedAddresses: f.AllowedAddresses, RateLimit: f.RateLimit,
	}
}

// withDefaults returns a copy with its defaults filled in, because the input is
// hashed.
func (f *FirstKeyInput) withDefaults() *FirstKeyInput {
	if f == nil {
		return nil
	}
	out := *f
	out.Access = accessOf(f.Access, f.AccessControlList)
	return &out
}

func checkFirstKey(in CreateAppInput, now time.Time) error {
	if in.FirstKey == nil {
		return nil
	}
	if in.GenerateKey != nil && !*in.GenerateKey {
		return fault.Input(fault.NotAllowed, "firstKey", "There is no first key with generateKey: false; leave out one of the two.")
	}
	return fault.Within("firstKey", checkNewCredential(in.FirstKey.generateKeyInput(), now))
}

// firstKey creates the credential of a new app.
func (svc *Service) firstKey(ctx context.Context, tx *change.Tx, a *db.App, in *FirstKeyInput) (CreatedCredential, error) {
	key, err := svc.createCredentialFor(ctx, tx, OwnedByApp(a), in.generateKeyInput())
	return key, fault.Within("firstKey", err)
}
