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
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.Filtered(credentialsOf{f, false}, svc.credentialQuery), apps, o, r)
}

// CredentialsOfAccounts returns the same page of the credentials that belong to
// many accounts as a whole, not to one of their apps.
func (svc *Service) CredentialsOfAccounts(ctx context.Context, accounts []uuid.UUID, f CredentialFilter, o listing.Order, r listing.Request) (listing.Pages[*db.Credential], error) {
	ch := listing.Children[*db.Credential]{List: entity.CredentialList(), Column: credential.FieldAccountID, Parent: func(c *db.Credential) uuid.UUID { return c.AccountID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.Filtered(credentialsOf{f, true}, svc.credentialQuery), accounts, o, r)
}

// credentialsOf narrows a list to the credentials of apps, or to those of whole
// accounts.
type credentialsOf struct {
	CredentialFilter
	WholeAccount bool
}

func (svc *Service) credentialQuery(f credentialsOf) listing.Query[*db.Credential] {
	q := svc.client.Credential.Query()
	if f.WholeAccount {
		q.Where(credential.AppIDIsNil())
	}
	if f.Environment != nil {
		q.Where(credential.EnvironmentIn(f.Environment...))
	}
	if f.Status != nil {
		q.Where(inStatus(f.Status, svc.clock.Now()))
	}
	return q
}
