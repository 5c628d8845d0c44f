package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// lockAccountOf locks an account, so that other transactions cannot create or
// suspend its subscriptions until this one ends: of a concurrent suspension and
// subscription, one sees the other.
func lockAccountOf(ctx context.Context, tx *change.Tx, id uuid.UUID) error {
	all := viewer.AsSystem(ctx, tx.OrganizationID())
	_, err := change.LockRowForUpdate(all, tx, tx.Account, id)
	return err
}

// errMoved is the error of an attempt that met a transfer: the account that it has locked is
// not the one that has the app any more. Locking the other one, too, could wait for a
// transfer that waits for this one, so the change begins anew.
func errMoved() error {
	return change.Overtaken(fault.Conflict("The app has gone to another account meanwhile; read it again."))
}

// lockWithAccount locks a subscription and, before it, its account.
func lockWithAccount(ctx context.Context, tx *change.Tx, id uuid.UUID) (*db.Subscription, error) {
	found, err := tx.Subscription.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := lockAccountOf(ctx, tx, found.AccountID); err != nil {
		return nil, err
	}
	s, err := change.LockRowForUpdate(ctx, tx, tx.Subscription, id)
	if err == nil && s.AccountID != found.AccountID {
		err = errMoved()
	}
	return s, err
}

// sanctioned reports whether an account has a suspended subscription for a
// product. One whose app was deleted or purged meanwhile counts until an
// administrator ends it: deleting the app must not circumvent the suspension.
//
// It asks as Portico itself, because the viewer may not see such a subscription.
func sanctioned(system context.Context, among *db.SubscriptionQuery, of, product uuid.UUID) (bool, error) {
	return among.Where(
		subscription.AccountID(of), subscription.ProductID(product),
		subscription.StatusEQ(access.SubscriptionSuspended),
	).Exist(system)
}

// NeedsApproval reports whether an account's use of a plan waits for approval: where the
// plan, or else its product, says so, and while the account is sanctioned for the product.
func NeedsApproval(ctx context.Context, all *db.SubscriptionClient, of uuid.UUID, prod *db.Product, chosen *db.Plan) (bool, error) {
	if input.Or(chosen.Approval, prod.Approval) != domain.Auto {
		return true, nil
	}
	return sanctioned(viewer.AsSystem(ctx, prod.OrganizationID), all.Query(), of, prod.ID)
}

// authorizeApproval asks whether the viewer may approve a new subscription of an app with
// the same step, also while the account is sanctioned: one decision is as good as two.
func authorizeApproval(tx *change.Tx, a *db.App) error {
	waiting := &db.Subscription{OrganizationID: a.OrganizationID, AccountID: a.AccountID, Status: access.SubscriptionWaiting}
	return tx.Authorize(onSubscription(waiting, lifecycle.Approve))
}

// LockAppAndAccount locks an app and, before it, its account: the order in
// which the deletion of an account locks them.
func LockAppAndAccount(ctx context.Context, tx *change.Tx, id string) (*db.App, error) {
	appID, err := input.DecodeID(nodeid.App, id)
	if err != nil {
		return nil, err
	}
	a, err := tx.App.Get(ctx, appID)
	if err != nil {
		return nil, err
	}
	if err := lockAccountOf(ctx, tx, a.AccountID); err != nil {
		return nil, err
	}
	locked, err := lockApp(ctx, tx, id)
	if err == nil && locked.AccountID != a.AccountID {
		err = errMoved()
	}
	return locked, err
}

// endSanction ends a suspended subscription of a deleted app, and so the
// sanction. Resuming it ends it as well, like all subscriptions that are
// approved when their app is deleted. For a purged app, only its events remain.
func endSanction(ctx context.Context, tx *change.Tx, s *db.Subscription, a lifecycle.SubscriptionAction, reason string) (*db.Subscription, error) {
	all := viewer.AsSystem(ctx, tx.OrganizationID())
	for s.Status.Live() {
		if err := applyTransition(all, tx, s, a, reason); err != nil {
			return nil, err
		}
		var err error
		if s, err = tx.Subscription.Get(all, s.ID); err != nil {
			return nil, err
		}
		a = lifecycle.AppDeleted
	}
	purged, err := tx.App.Query().Where(app.ID(s.AppID), app.PurgedAtNotNil()).Exist(all)
	if err == nil && purged {
		err = tx.Subscription.DeleteOneID(s.ID).Exec(all)
	}
	return s, err
}

// endSanctions ends the suspended subscriptions that remain of an account whose
// apps have all been deleted.
func endSanctions(ctx context.Context, tx *change.Tx, of uuid.UUID, why deletionCause) error {
	left, err := change.LockForUpdate(tx, tx.Subscription.Query().Where(
		subscription.AccountID(of), subscription.StatusIn(lifecycle.From(why.subscriptions)...)).
		Order(subscription.ByAppID())).All(ctx)
	if err != nil {
		return err
	}
	return endAll(ctx, tx, left, why.subscriptions, why.reason)
}
