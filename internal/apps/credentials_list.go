package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
)

// CredentialFilter narrows a list of credentials.
type CredentialFilter struct {
	Status      []access.CredentialStatus
	Environment []access.Environment
}

// CredentialsOfApps returns the same page of the credentials of many apps.
func (svc *Service) CredentialsOfApps(ctx context.Context, apps []uuid.UUID, f CredentialFilter, o listing.Order, r listing.Request) (listing.Pages[*db.Credential], error) {
	ch := listing.Children[*db.Credential]{List: entity.CredentialList(), Column: credential.FieldAppID, Parent: func(c *db.Credential) uuid.UUID { return input.OrZero(c.AppID) }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, svc.credentialQuery(f, false), apps, o, r)
}

// CredentialsOfAccounts returns the same page of the credentials that belong to
// many accounts as a whole, not to one of their apps.
func (svc *Service) CredentialsOfAccounts(ctx context.Context, accounts []uuid.UUID, f CredentialFilter, o listing.Order, r listing.Request) (listing.Pages[*db.Credential], error) {
	ch := listing.Children[*db.Credential]{List: entity.CredentialList(), Column: credential.FieldAccountID, Parent: func(c *db.Credential) uuid.UUID { return c.AccountID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, svc.credentialQuery(f, true), accounts, o, r)
}

func (svc *Service) credentialQuery(f CredentialFilter, whole bool) func() listing.Query[*db.Credential, *db.CredentialSelect] {
	now := svc.clock.Now()
	return func() listing.Query[*db.Credential, *db.CredentialSelect] {
		q := svc.client.Credential.Query()
		if whole {
			q.Where(credential.AppIDIsNil())
		}
		if f.Environment != nil {
			q.Where(credential.EnvironmentIn(f.Environment...))
		}
		if f.Status != nil {
			q.Where(inStatus(f.Status, now))
		}
		return q
	}
}
