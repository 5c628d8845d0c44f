package portal

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/app"
	"portico/internal/database"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// Apps returns a page of the apps that the viewer may see.
func (p *Portal) Apps(ctx context.Context, f AppFilter, o Order, r Read) (*paging.Page[*db.App], error) {
	return readPage(ctx, p, appList(), p.appQuery(f), o, r)
}

// AppsOfAccounts returns the same page of the apps of many accounts.
func (p *Portal) AppsOfAccounts(ctx context.Context, accounts []uuid.UUID, f AppFilter, o Order, r Read) (Pages[*db.App], error) {
	ch := children[*db.App]{list: appList(), column: app.FieldAccountID, parent: func(a *db.App) uuid.UUID { return a.AccountID }}
	return readPages(ctx, p, ch, p.appQuery(f), accounts, o, r)
}

func appList() list[*db.App] {
	return list[*db.App]{"apps", func(a *db.App, column string) (any, uuid.UUID) {
		if column == app.FieldNameFolded {
			return a.NameFolded, a.ID
		}
		return a.CreatedAt, a.ID
	}, []string{app.FieldOrganizationID, app.FieldAccountID}}
}

// AppFilter narrows a list of apps.
type AppFilter struct {
	NameContains *string
	Label        *LabelFilter
	AccountIDs   []string
}

// LabelFilter matches apps with a label; a nil Value matches any value.
type LabelFilter struct {
	Key   string
	Value *string
}

func (p *Portal) appQuery(f AppFilter) func() listable[*db.App, *db.AppSelect] {
	return func() listable[*db.App, *db.AppSelect] {
		q := p.client.App.Query()
		if f.NameContains != nil {
			q.Where(app.NameFoldedContains(searchText(*f.NameContains)))
		}
		if f.Label != nil {
			q.Where(hasLabel(*f.Label))
		}
		if f.AccountIDs != nil {
			q.Where(database.AnyOf(app.FieldAccountID, decodeAll(nodeid.Account, f.AccountIDs)))
		}
		return q
	}
}
