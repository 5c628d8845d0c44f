package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/viewer"
)

// CredentialFilter narrows a list of credentials; what is nil does not.
type CredentialFilter struct {
	// Search is found in the name or in the user name.
	Search      *string
	Status      []access.CredentialStatus
	Environment []access.Environment
	Label       *LabelFilter
	ProductIDs  []string
	AppIDs      []string
	AccountIDs  []string
	// CreatedBefore, LastUsedBefore and ExpiresBefore are no part of their ranges.
	CreatedBefore  *time.Time
	NeverUsed      *bool
	LastUsedBefore *time.Time
	ExpiresBefore  *time.Time
	NeverExpires   *bool
	OutOfPolicy    *bool
	Imported       *bool
}

// check refuses conditions that nothing can meet, and what cannot be searched for.
func (f CredentialFilter) check() error {
	if err := input.CheckSearch(f.Search); err != nil {
		return err
	}
	for _, c := range []struct {
		never *bool
		until *time.Time
		words string
	}{
		{f.NeverUsed, f.LastUsedBefore, "A key that was never used was not last used at any time: give neverUsed or lastUsedBefore."},
		{f.NeverExpires, f.ExpiresBefore, "A key that never expires does not expire before any time: give neverExpires or expiresBefore."},
	} {
		if input.OrZero(c.never) && c.until != nil {
			return contradiction(c.words)
		}
	}
	return nil
}

// Credentials returns a page of the credentials that the viewer may see, of apps and of
// whole accounts. Contradictory conditions are fault.CodeBadUserInput.
func (svc *Service) Credentials(ctx context.Context, f CredentialFilter, o listing.Order, r listing.Request) (*paging.Page[*db.Credential], error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.CredentialList(), listing.Filtered(svc.credentialsOf(ctx, f, false), svc.credentialQuery), o, r)
}

// CredentialsOfApps returns the same page of the credentials of many apps.
func (svc *Service) CredentialsOfApps(ctx context.Context, apps []uuid.UUID, f CredentialFilter, o listing.Order, r listing.Request) (listing.Pages[*db.Credential], error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	ch := listing.Children[*db.Credential]{List: entity.CredentialList(), Column: credential.FieldAppID, Parent: func(c *db.Credential) uuid.UUID { return input.OrZero(c.AppID) }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.Filtered(svc.credentialsOf(ctx, f, false), svc.credentialQuery), apps, o, r)
}

// CredentialsOfAccounts returns the same page of the credentials that belong to
// many accounts as a whole, not to one of their apps.
func (svc *Service) CredentialsOfAccounts(ctx context.Context, accounts []uuid.UUID, f CredentialFilter, o listing.Order, r listing.Request) (listing.Pages[*db.Credential], error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	ch := listing.Children[*db.Credential]{List: entity.CredentialList(), Column: credential.FieldAccountID, Parent: func(c *db.Credential) uuid.UUID { return c.AccountID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.Filtered(svc.credentialsOf(ctx, f, true), svc.credentialQuery), accounts, o, r)
}

// credentialsOf narrows a list to the credentials of whole accounts, or leaves those of
// apps too. Policy is what OutOfPolicy depends on, zero without that.
type credentialsOf struct {
	CredentialFilter
	WholeAccount bool
	Policy       keyPolicy
}

func (svc *Service) credentialsOf(ctx context.Context, f CredentialFilter, wholeAccount bool) credentialsOf {
	out := credentialsOf{CredentialFilter: f, WholeAccount: wholeAccount}
	if f.OutOfPolicy != nil {
		out.Policy = policyOf(viewer.Current(ctx))
	}
	return out
}

func (svc *Service) credentialQuery(f credentialsOf) listing.Query[*db.Credential] {
	q, now := svc.client.Credential.Query(), svc.clock.Now()
	if f.WholeAccount {
		q.Where(credential.AppIDIsNil())
	}
	if f.Search != nil {
		q.Where(entity.SearchedCredentials().Contains(input.SearchText(*f.Search)))
	}
	if f.Environment != nil {
		q.Where(credential.EnvironmentIn(f.Environment...))
	}
	if f.Label != nil {
		q.Where(hasLabel(credential.FieldLabels, *f.Label))
	}
	if f.Status != nil {
		q.Where(inStatus(f.Status, now))
	}
	if f.AppIDs != nil {
		q.Where(database.AnyOf(credential.FieldAppID, input.DecodeIDs(nodeid.App, f.AppIDs)))
	}
	if f.AccountIDs != nil {
		q.Where(database.AnyOf(credential.FieldAccountID, input.DecodeIDs(nodeid.Account, f.AccountIDs)))
	}
	if f.ProductIDs != nil {
		q.Where(reachesAny(input.DecodeIDs(nodeid.Product, f.ProductIDs)))
	}
	if f.Imported != nil {
		q.Where(credential.Imported(*f.Imported))
	}
	q.Where(credentialTimes(f.CredentialFilter)...)
	if f.OutOfPolicy != nil {
		outside := f.Policy.broken(now)
		if !*f.OutOfPolicy {
			outside = credential.Not(outside)
		}
		q.Where(outside)
	}
	return q
}
