package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// Apps returns a page of the apps that the viewer may see. What cannot be searched for is
// fault.CodeBadUserInput.
func (svc *Service) Apps(ctx context.Context, f AppFilter, o listing.Order, r listing.Request) (*paging.Page[*db.App], error) {
	if err := input.CheckSearch(f.Search); err != nil {
		return nil, err
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.AppList(), listing.Filtered(f, svc.appQuery), o, r)
}

// AppsOfAccounts returns the same page of the apps of many accounts.
func (svc *Service) AppsOfAccounts(ctx context.Context, accounts []uuid.UUID, f AppFilter, o listing.Order, r listing.Request) (listing.Pages[*db.App], error) {
	if err := input.CheckSearch(f.Search); err != nil {
		return nil, err
	}
	ch := listing.Children[*db.App]{List: entity.AppList(), Column: app.FieldAccountID, Parent: func(a *db.App) uuid.UUID { return a.AccountID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.Filtered(f, svc.appQuery), accounts, o, r)
}

// AppFilter narrows a list of apps.
type AppFilter struct {
	// Search is found in the name or in the reference id.
	Search       *string
	NameContains *string
	Label        *LabelFilter
	// ProductIDs are those to which an app has a live subscription, Environment those for
	// which it has a key that is not revoked.
	ProductIDs  []string
	Environment []access.Environment
	NeverUsed   *bool
	AccountIDs  []string
}

// LabelFilter matches apps or credentials with a label; a nil Value matches any value.
type LabelFilter struct {
	Key   string
	Value *string
}

func (svc *Service) appQuery(f AppFilter) listing.Query[*db.App] {
	q := svc.client.App.Query()
	if f.Search != nil {
		q.Where(database.Columns(app.Table, app.FieldNameFolded, app.FieldReferenceID).Contains(input.SearchText(*f.Search)))
	}
	if f.NameContains != nil {
		q.Where(app.NameFoldedContains(input.SearchText(*f.NameContains)))
	}
	if f.Label != nil {
		q.Where(hasLabel(app.FieldLabels, *f.Label))
	}
	if f.ProductIDs != nil {
		q.Where(subscribedToAny(input.DecodeIDs(nodeid.Product, f.ProductIDs)))
	}
	if f.Environment != nil {
		q.Where(hasCredential(credential.StatusNEQ(access.CredentialRevoked), credential.EnvironmentIn(f.Environment...)))
	}
	if f.NeverUsed != nil {
		used := hasCredential(credential.LastUsedAtNotNil())
		if *f.NeverUsed {
			used = app.Not(used)
		}
		q.Where(used)
	}
	if f.AccountIDs != nil {
		q.Where(database.AnyOf(app.FieldAccountID, input.DecodeIDs(nodeid.Account, f.AccountIDs)))
	}
	return q
}
