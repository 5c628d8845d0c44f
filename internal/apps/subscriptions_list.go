package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// SubscriptionFilter narrows a list of subscriptions.
type SubscriptionFilter struct {
	// Search is found in the app or in the product, as in the lists of these.
	Search     *string
	Status     []access.SubscriptionStatus
	ProductIDs []string
	PlanIDs    []string
	// Label is one of the app's.
	Label *LabelFilter
	// CreatedBefore is no part of its range.
	CreatedBefore *time.Time
	// CreatedAfter is part of its range.
	CreatedAfter *time.Time
	AppIDs       []string
	AccountIDs   []string
	History      bool
	// PlanChange are the states of a change of plan that has not taken effect.
	PlanChange []lifecycle.PlanChangeStatus
}

// Subscriptions returns a page of the subscriptions that the viewer may see. What cannot be
// searched for is fault.CodeBadUserInput.
func (svc *Service) Subscriptions(ctx context.Context, f SubscriptionFilter, o listing.Order, r listing.Request) (*paging.Page[*db.Subscription], error) {
	if err := input.CheckSearch(f.Search); err != nil {
		return nil, err
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.SubscriptionList(), listing.Filtered(f, svc.subscriptionQuery), o, r)
}

// SubscriptionsOfApps returns the same page of the subscriptions of many apps.
func (svc *Service) SubscriptionsOfApps(ctx context.Context, apps []uuid.UUID, f SubscriptionFilter, o listing.Order, r listing.Request) (listing.Pages[*db.Subscription], error) {
	ch := listing.Children[*db.Subscription]{List: entity.SubscriptionList(), Column: subscription.FieldAppID, Parent: func(s *db.Subscription) uuid.UUID { return s.AppID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.Filtered(f, svc.subscriptionQuery), apps, o, r)
}

// SubscriptionsOfKeyRequests returns the same page of the subscriptions that many requests
// for keys have made, also those that are history.
func (svc *Service) SubscriptionsOfKeyRequests(ctx context.Context, requests []uuid.UUID, r listing.Request) (listing.Pages[*db.Subscription], error) {
	ch := listing.Children[*db.Subscription]{List: entity.SubscriptionList(), Column: subscription.FieldKeyRequestID, Parent: func(s *db.Subscription) uuid.UUID { return input.OrZero(s.KeyRequestID) }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.Filtered(SubscriptionFilter{History: true}, svc.subscriptionQuery), requests, listing.Order{}, r)
}

func (svc *Service) subscriptionQuery(f SubscriptionFilter) listing.Query[*db.Subscription] {
	return svc.filteredSubscriptions(f)
}

func (svc *Service) filteredSubscriptions(f SubscriptionFilter) *db.SubscriptionQuery {
	q := svc.client.Subscription.Query()
	if !f.History {
		q.Where(subscription.Newest(true))
	}
	if f.Status != nil {
		q.Where(subscription.StatusIn(f.Status...))
	}
	if f.Search != nil {
		q.Where(subscriptionsFoundBy(input.SearchText(*f.Search)))
	}
	if f.Label != nil {
		q.Where(ofAppsWith(*f.Label))
	}
	if f.CreatedBefore != nil {
		q.Where(subscription.CreatedAtLT(*f.CreatedBefore))
	}
	if f.CreatedAfter != nil {
		q.Where(subscription.CreatedAtGTE(*f.CreatedAfter))
	}
	if f.PlanChange != nil {
		q.Where(subscription.PendingStatusIn(f.PlanChange...), subscription.StatusEQ(access.SubscriptionApproved))
	}
	for _, in := range []struct {
		column string
		kind   nodeid.Kind
		ids    []string
	}{
		{subscription.FieldProductID, nodeid.Product, f.ProductIDs},
		{subscription.FieldPlanID, nodeid.Plan, f.PlanIDs},
		{subscription.FieldAppID, nodeid.App, f.AppIDs},
		{subscription.FieldAccountID, nodeid.Account, f.AccountIDs},
	} {
		if in.ids != nil {
			q.Where(database.AnyOf(in.column, input.DecodeIDs(in.kind, in.ids)))
		}
	}
	return q
}
