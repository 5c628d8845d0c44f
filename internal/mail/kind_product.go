package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/membership"
	"portico/ent/db/predicate"
	"portico/ent/db/subscription"
	"portico/ent/db/user"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
)

const (
	// mostAppsNamed is how many apps a letter about a product names.
	mostAppsNamed = 10
	// accountsAtOnce is how many accounts are asked for their members at once.
	accountsAtOnce = 1000
)

// productEnding is the letter to the members of the accounts that have a subscription to a
// product: when that is retired, or that it is not after all.
func productEnding() kind {
	return kind{
		name:   domain.MailProductEnding,
		events: []eventlog.Type{eventlog.ProductEndingAnnounced, eventlog.ProductUpdated},
		recipients: func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
			if eventlog.Type(e.Type) == eventlog.ProductUpdated && !callsOff(e) {
				return nil, nil
			}
			return r.subscribed(ctx, e.SubjectID)
		},
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			x, err := r.client.Product.Get(ctx, e.SubjectID)
			if err != nil {
				return Facts{}, false, err
			}
			f := Facts{Product: oneLine(x.Title), CalledOff: eventlog.Type(e.Type) == eventlog.ProductUpdated, When: e.At, Path: "/products/" + x.GlobalID()}
			if !f.CalledOff {
				if x.RetiresAt == nil || !x.RetiresAt.After(r.now) || changed(e, "retiresAt") != *domain.Text(x.RetiresAt) {
					return f, false, nil // it is over, called off, or at another time by now, of which another event tells
				}
				f.When, f.Days = *x.RetiresAt, lifecycle.DaysLeft(r.now, *x.RetiresAt)
			} else if x.RetiresAt != nil {
				return f, false, nil // it is set again, or was retired
			}
			f.Apps, f.More, err = r.appsWith(ctx, x.ID)
			return f, err == nil && f.Apps != nil, err
		},
		sample: func(now time.Time) Facts {
			return Facts{Product: "Weather", Apps: []string{"Weather map", "Trips"}, Days: 30, When: now.Add(30 * day), Path: "/products"}
		},
	}
}

// callsOff reports whether an event says that a product is not retired at the time that was
// set.
func callsOff(e *db.Event) bool {
	return replaced(e, "retiresAt") != "" && changed(e, "retiresAt") == ""
}

func liveWith(product uuid.UUID) predicate.Subscription {
	return subscription.And(subscription.ProductID(product), subscription.StatusIn(lifecycle.From(lifecycle.Retire)...), subscription.DeletedAtIsNil())
}

// subscribed returns the active members of the accounts that have a live subscription to a
// product.
func (r *reader) subscribed(ctx context.Context, product uuid.UUID) ([]uuid.UUID, error) {
	var of []struct {
		AccountID uuid.UUID `json:"account_id"`
	}
	if err := r.client.Subscription.Query().Where(liveWith(product)).Unique(true).Select(subscription.FieldAccountID).Scan(ctx, &of); err != nil {
		return nil, err
	}
	seen := map[uuid.UUID]bool{}
	var out []uuid.UUID
	for ; len(of) > 0; of = of[min(len(of), accountsAtOnce):] {
		var accounts []uuid.UUID
		for _, x := range of[:min(len(of), accountsAtOnce)] {
			accounts = append(accounts, x.AccountID)
		}
		users, err := r.membersOf(ctx, accounts)
		if err != nil {
			return nil, err
		}
		for _, id := range users {
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	return out, nil
}

// membersOf returns the active members of those accounts that are not deleted.
func (r *reader) membersOf(ctx context.Context, accounts []uuid.UUID) ([]uuid.UUID, error) {
	all, err := r.client.Membership.Query().Where(database.AnyOf(membership.FieldAccountID, accounts), membership.HasAccountWith(account.DeletedAtIsNil())).
		Select(membership.FieldUserID).All(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(all))
	for i, m := range all {
		ids[i] = m.UserID
	}
	return r.client.User.Query().Where(database.AnyOf(user.FieldID, ids), user.StatusEQ(domain.UserActive)).Order(user.ByID()).IDs(ctx)
}

// appsWith returns the names of the first of the recipient's apps that have a live subscription
// to a product, and how many more there are; nil if there is none.
func (r *reader) appsWith(ctx context.Context, product uuid.UUID) (names []string, more int, err error) {
	if r.to == nil {
		return nil, 0, nil
	}
	var mine []uuid.UUID
	of, err := r.client.Membership.Query().Where(membership.UserID(r.to.ID)).All(ctx)
	if err != nil || len(of) == 0 {
		return nil, 0, err
	}
	for _, m := range of {
		mine = append(mine, m.AccountID)
	}
	live := r.client.Subscription.Query().Where(liveWith(product), database.AnyOf(subscription.FieldAccountID, mine)) // one of each app
	n, err := live.Clone().Count(ctx)
	if err != nil || n == 0 {
		return nil, 0, err
	}
	all, err := live.WithApp().Order(subscription.ByCreatedAt(), subscription.ByID()).Limit(mostAppsNamed).All(ctx)
	for _, s := range all {
		names = append(names, oneLine(s.Edges.App.Name))
	}
	return names, n - len(names), err
}
