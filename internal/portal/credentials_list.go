package portal

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/domain"
	"portico/internal/lifecycle"
)

// credentialList always selects the columns that the status depends on.
func credentialList() list[*db.Credential] {
	return list[*db.Credential]{"credentials", func(c *db.Credential, _ string) (any, uuid.UUID) { return c.CreatedAt, c.ID },
		[]string{credential.FieldOrganizationID, credential.FieldAccountID, credential.FieldAppID, credential.FieldStatus, credential.FieldExpiresAt}}
}

// CredentialFilter narrows a list of credentials.
type CredentialFilter struct {
	Status      []lifecycle.CredentialStatus
	Environment []domain.Environment
}

// CredentialsOfApps returns the same page of the credentials of many apps.
func (p *Portal) CredentialsOfApps(ctx context.Context, apps []uuid.UUID, f CredentialFilter, o Order, r Read) (Pages[*db.Credential], error) {
	ch := children[*db.Credential]{list: credentialList(), column: credential.FieldAppID, parent: func(c *db.Credential) uuid.UUID { return deref(c.AppID) }}
	return p.resolvePageStatus(readPages(ctx, p, ch, p.credentialQuery(f, false), apps, o, r))
}

// CredentialsOfAccounts returns the same page of the credentials that belong to
// many accounts as a whole, not to one of their apps.
func (p *Portal) CredentialsOfAccounts(ctx context.Context, accounts []uuid.UUID, f CredentialFilter, o Order, r Read) (Pages[*db.Credential], error) {
	ch := children[*db.Credential]{list: credentialList(), column: credential.FieldAccountID, parent: func(c *db.Credential) uuid.UUID { return c.AccountID }}
	return p.resolvePageStatus(readPages(ctx, p, ch, p.credentialQuery(f, true), accounts, o, r))
}

func (p *Portal) credentialQuery(f CredentialFilter, whole bool) func() listable[*db.Credential, *db.CredentialSelect] {
	now := p.clock.Now()
	return func() listable[*db.Credential, *db.CredentialSelect] {
		q := p.client.Credential.Query()
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

func (p *Portal) resolvePageStatus(pages Pages[*db.Credential], err error) (Pages[*db.Credential], error) {
	for _, page := range pages {
		p.resolveStatus(page.Nodes...)
	}
	return pages, err
}

// resolveStatus sets the present status of credentials: EXPIRED is not stored.
func (p *Portal) resolveStatus(keys ...*db.Credential) {
	now := p.clock.Now()
	for _, c := range keys {
		c.Status = c.Status.At(now, c.ExpiresAt)
	}
}
