package portal

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/subscription"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// lockAccountOf locks an account, so that other transactions cannot create or
// suspend its subscriptions until this one ends: of a concurrent suspension and
// subscription, one sees the other.
func (c *change) lockAccountOf(ctx context.Context, id uuid.UUID) error {
	all := viewer.NewContext(ctx, viewer.ForSystem(c.organization))
	_, err := lockForUpdate(c, c.Account.Query().Where(account.ID(id))).Only(all)
	return err
}

// sanctioned reports whether an account has a suspended subscription for a
// product. One whose app was deleted or purged meanwhile counts until an
// administrator ends it: deleting the app must not circumvent the suspension.
func (c *change) sanctioned(ctx context.Context, of uuid.UUID, p *db.Product) (bool, error) {
	all := viewer.NewContext(ctx, viewer.ForSystem(c.organization))
	return c.Subscription.Query().Where(
		subscription.AccountID(of), subscription.ProductID(p.ID),
		subscription.StatusEQ(lifecycle.Suspended),
	).Exist(all)
}

// initialStatus returns the status of a new subscription: it waits, even if
// approval is automatic, while its account is sanctioned for the product.
func (c *change) initialStatus(ctx context.Context, a *db.App, p *db.Product, automatic bool) (lifecycle.SubscriptionStatus, error) {
	if !automatic {
		return lifecycle.Waiting, nil
	}
	yes, err := c.sanctioned(ctx, a.AccountID, p)
	return lifecycle.Initial(!yes), err
}

// lockAppAndAccount locks an app and, before it, its account: the order in
// which the deletion of an account locks them.
func (c *change) lockAppAndAccount(ctx context.Context, id string) (*db.App, error) {
	appID, err := decode(nodeid.App, id)
	if err != nil {
		return nil, err
	}
	a, err := c.App.Get(ctx, appID)
	if err != nil {
		return nil, err
	}
	if err := c.lockAccountOf(ctx, a.AccountID); err != nil {
		return nil, err
	}
	return c.lockApp(ctx, id)
}

// endSanction ends a suspended subscription of a deleted app, and so the
// sanction. Resuming it ends it as well, like all subscriptions that are
// approved when their app is deleted. For a purged app, only its events remain.
func (c *change) endSanction(ctx context.Context, s *db.Subscription, a lifecycle.SubscriptionAction, reason string) (*db.Subscription, error) {
	all := viewer.NewContext(ctx, viewer.ForSystem(c.organization))
	for s.Status.Live() {
		if err := c.applyTransition(all, s, a, reason); err != nil {
			return nil, err
		}
		var err error
		if s, err = c.Subscription.Get(all, s.ID); err != nil {
			return nil, err
		}
		a = lifecycle.AppDeleted
	}
	purged, err := c.App.Query().Where(app.ID(s.AppID), app.PurgedAtNotNil()).Exist(all)
	if err == nil && purged {
		err = c.Subscription.DeleteOneID(s.ID).Exec(all)
	}
	return s, err
}

// endSanctions ends the suspended subscriptions that remain of an account whose
// apps have all been deleted.
func (c *change) endSanctions(ctx context.Context, of uuid.UUID, why deletionCause) error {
	left, err := lockForUpdate(c, c.Subscription.Query().Where(
		subscription.AccountID(of), subscription.StatusIn(lifecycle.From(why.subscriptions)...)).
		Order(subscription.ByAppID())).All(ctx)
	if err != nil {
		return err
	}
	return c.endAll(ctx, left, why.subscriptions, why.reason)
}
