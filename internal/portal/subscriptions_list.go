package portal

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/database"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// SubscriptionFilter narrows a list of subscriptions.
type SubscriptionFilter struct {
	Status     []lifecycle.SubscriptionStatus
	ProductIDs []string
	AppIDs     []string
	AccountIDs []string
	History    bool
}

func subscriptionList() list[*db.Subscription] {
	return list[*db.Subscription]{"subscriptions", func(s *db.Subscription, _ string) (any, uuid.UUID) { return s.CreatedAt, s.ID },
		[]string{subscription.FieldOrganizationID, subscription.FieldAccountID, subscription.FieldAppID, subscription.FieldProductID, subscription.FieldPlanID}}
}

// Subscriptions returns a page of the subscriptions that the viewer may see.
func (p *Portal) Subscriptions(ctx context.Context, f SubscriptionFilter, o Order, r Read) (*paging.Page[*db.Subscription], error) {
	return readPage(ctx, p, subscriptionList(), p.subscriptionQuery(f), o, r)
}

// SubscriptionsOfApps returns the same page of the subscriptions of many apps.
func (p *Portal) SubscriptionsOfApps(ctx context.Context, apps []uuid.UUID, f SubscriptionFilter, o Order, r Read) (Pages[*db.Subscription], error) {
	ch := children[*db.Subscription]{list: subscriptionList(), column: subscription.FieldAppID, parent: func(s *db.Subscription) uuid.UUID { return s.AppID }}
	return readPages(ctx, p, ch, p.subscriptionQuery(f), apps, o, r)
}

func (p *Portal) subscriptionQuery(f SubscriptionFilter) func() listable[*db.Subscription, *db.SubscriptionSelect] {
	return func() listable[*db.Subscription, *db.SubscriptionSelect] {
		q := p.client.Subscription.Query()
		if !f.History {
			q.Where(subscription.Newest(true))
		}
		if f.Status != nil {
			q.Where(subscription.StatusIn(f.Status...))
		}
		for _, in := range []struct {
			column string
			kind   nodeid.Kind
			ids    []string
		}{
			{subscription.FieldProductID, nodeid.Product, f.ProductIDs},
			{subscription.FieldAppID, nodeid.App, f.AppIDs},
			{subscription.FieldAccountID, nodeid.Account, f.AccountIDs},
		} {
			if in.ids != nil {
				q.Where(database.AnyOf(in.column, decodeAll(in.kind, in.ids)))
			}
		}
		return q
	}
}
