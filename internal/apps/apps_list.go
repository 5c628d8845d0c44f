package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/subscription"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// Apps returns a page of the apps that the viewer may see. What cannot be searched for, and
// contradictory conditions, are fault.CodeBadUserInput.
func (svc *Service) Apps(ctx context.Context, f AppFilter, o listing.Order, r listing.Request) (*paging.Page[*db.App], error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.AppList(), listing.Filtered(f, svc.appQuery), o, r)
}

// AppsOfAccounts returns the same page of the apps of many accounts.
func (svc *Service) AppsOfAccounts(ctx context.Context, accounts []uuid.UUID, f AppFilter, o listing.Order, r listing.Request) (listing.Pages[*db.App], error) {
	if err := f.check(); err != nil {
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
	// LastUsedBefore is no part of its range.
	LastUsedBefore *time.Time
	// KeysAtLeast and KeysAtMost count the keys that are not revoked.
	KeysAtLeast, KeysAtMost *int
	AccountIDs              []string
}

// check refuses conditions that nothing can meet, and what cannot be searched for.
func (f AppFilter) check() error {
	if err := input.CheckSearch(f.Search); err != nil {
		return err
	}
	if input.OrZero(f.NeverUsed) && f.LastUsedBefore != nil {
		return contradiction("An app that was never used was not last used at any time: give neverUsed or lastUsedBefore.")
	}
	if input.OrZero(f.KeysAtLeast) < 0 || input.OrZero(f.KeysAtMost) < 0 {
		return contradiction("No app has fewer keys than none: keysAtLeast and keysAtMost are 0 or more.")
	}
	if f.KeysAtLeast != nil && f.KeysAtMost != nil && *f.KeysAtLeast > *f.KeysAtMost {
		return contradiction("No app has so many keys and so few: keysAtLeast exceeds keysAtMost.")
	}
	return nil
}

// contradiction returns the error for conditions of a list that nothing can meet.
func contradiction(words string) error {
	return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, words)
}

// LabelFilter matches apps or credentials with a label; a nil Value matches any value.
type LabelFilter struct {
	Key   string
	Value *string
}

func (svc *Service) appQuery(f AppFilter) listing.Query[*db.App] {
	q := svc.client.App.Query()
	if f.Search != nil {
		q.Where(entity.SearchedApps().Contains(input.SearchText(*f.Search)))
	}
	if f.NameContains != nil {
		text := input.SearchText(*f.NameContains)
		q.Where(app.NameFoldedContains(text))
		if input.HasTrigram(text) { // so that the index finds them
			q.Where(entity.SearchedApps().Contains(text))
		}
	}
	if f.Label != nil {
		q.Where(hasLabel(app.FieldLabels, *f.Label))
	}
	if f.ProductIDs != nil {
		q.Where(identity.SubscribedToAny(subscription.FieldAppID, input.DecodeIDs(nodeid.Product, f.ProductIDs)))
	}
	if f.Environment != nil {
		q.Where(hasKeyFor(f.Environment))
	}
	if f.NeverUsed != nil {
		q.Where(listing.NullsEarliest.IsNull(app.FieldLastUsedAt, *f.NeverUsed))
	}
	if f.LastUsedBefore != nil {
		q.Where(listing.NullsEarliest.Before(app.FieldLastUsedAt, *f.LastUsedBefore))
	}
	if f.KeysAtLeast != nil {
		q.Where(app.KeyCountGTE(*f.KeysAtLeast))
	}
	if f.KeysAtMost != nil {
		q.Where(app.KeyCountLTE(*f.KeysAtMost))
	}
	if f.AccountIDs != nil {
		q.Where(database.AnyOf(app.FieldAccountID, input.DecodeIDs(nodeid.Account, f.AccountIDs)))
	}
	return q
}
