package requests

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// UpdateInput is the input of Update.
type UpdateInput struct {
	KeyRequestID string
	Version      *int
	Name         input.Patch[string]
	Environment  input.Patch[access.Environment]
	// Plans take the place of those that were asked for.
	Plans            input.Patch[[]Plan]
	RemoveProductIDs input.Patch[[]string]
}

// Update changes a request that nobody has decided about. Subscriptions that it asks for no
// more are withdrawn, and others are made; one by the same plan as before keeps its answers
// unless others are given. If nothing of it waits any more, it is approved at once.
func (svc *Service) Update(ctx context.Context, in UpdateInput) (*db.KeyRequest, error) {
	errs := []error{
		input.CheckLine("name", in.Name.Or(""), input.MaxShort), in.Environment.Required("environment"), in.Plans.Required("plans"),
		input.AtMost("removeProductIds", len(in.RemoveProductIDs.Or(nil)), MaxRemoved),
	}
	if in.Plans.Value != nil {
		errs = append(errs, checkPlans(*in.Plans.Value))
	}
	if err := fault.Collect(errs...); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.o.Changes, func(ctx context.Context, tx *change.Tx) (*db.KeyRequest, error) {
		k, a, err := lockWithApp(ctx, tx, in.KeyRequestID, lifecycle.UpdateKeyRequest, func() error { return lockProducts(ctx, tx, in.Plans.Or(nil)) })
		if err != nil {
			return nil, err
		}
		if err := authorize(ctx, tx, k, lifecycle.UpdateKeyRequest); err != nil {
			return nil, err
		}
		if err := checkApp(k, a); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, k.Version); err != nil {
			return nil, err
		}
		return svc.update(ctx, tx, a, k, in)
	})
}

func (svc *Service) update(ctx context.Context, tx *change.Tx, a *db.App, k *db.KeyRequest, in UpdateInput) (*db.KeyRequest, error) {
	if err := checkFits(ctx, tx, k, in); err != nil {
		return nil, err
	}
	w := &wish{products: k.ProductIds, waits: true}
	var dropped []*db.Subscription
	if in.Plans.Set {
		var err error
		if w, dropped, err = replacePlans(ctx, tx, a, k, *in.Plans.Value); err != nil {
			return nil, err
		}
	}
	removed, err := replaceRemoved(ctx, tx, k, in, w)
	if err != nil {
		return nil, err
	}
	after, err := patch(ctx, tx, k, in, w, removed, len(dropped) > 0)
	if err != nil || w.waits {
		return after, err
	}
	return svc.approve(ctx, tx, a, after, "", false)
}

// replaceRemoved returns the products that the key is to reach no more from now on, and checks
// that the key can be changed so.
func replaceRemoved(ctx context.Context, tx *change.Tx, k *db.KeyRequest, in UpdateInput, w *wish) ([]uuid.UUID, error) {
	removed := k.RemoveProductIds
	if in.RemoveProductIDs.Set {
		var err error
		if removed, err = findRemoved(ctx, tx, in.RemoveProductIDs.Or(nil), w.products); err != nil {
			return nil, err
		}
	} else if err := checkApart(removed, w.products); err != nil {
		return nil, err
	}
	if !k.ChangesKey {
		return removed, nil
	}
	c, err := lockNamed(ctx, tx, k)
	if err != nil {
		return nil, err
	}
	return removed, apps.CheckAccess(ctx, tx, c, "keyRequestId", w.products, removed)
}

// checkFits refuses what a request that makes a key has not, or one that changes a key, and
// an environment for which the viewer may make no key.
func checkFits(ctx context.Context, tx *change.Tx, k *db.KeyRequest, in UpdateInput) error {
	switch {
	case k.ChangesKey && (in.Name.Set || in.Environment.Set):
		return fault.Input(fault.NotAllowed, "name", "A key that exists keeps its name and its environment.")
	case !k.ChangesKey && len(in.RemoveProductIDs.Or(nil)) > 0:
		return fault.Input(fault.NotAllowed, "removeProductIds", "A new key has no products yet.")
	}
	if err := checkSeveral(ctx, tx, in.Plans.Or(nil)); err != nil {
		return err
	}
	return tx.Authorize(policy.RequestKey(k.OrganizationID, k.AccountID, in.Environment.Or(k.Environment)))
}

// replacePlans makes the subscriptions that a request asks for from now on, and withdraws
// those that it asks for no more, which it returns. They belong to it no longer: who decides
// about it need not be able to decide about them.
func replacePlans(ctx context.Context, tx *change.Tx, a *db.App, k *db.KeyRequest, plans []Plan) (*wish, []*db.Subscription, error) {
	own, err := apps.LockWaiting(ctx, tx, k.ID)
	if err != nil {
		return nil, nil, err
	}
	w, err := checkWish(ctx, tx, a, plans, own, false)
	if err != nil {
		return nil, nil, err
	}
	dropped := w.without(own)
	if err := apps.Transition(ctx, tx, dropped, lifecycle.Withdraw, "The request was changed."); err != nil {
		return nil, nil, err
	}
	for _, s := range dropped {
		if err := tx.Subscription.UpdateOneID(s.ID).ClearKeyRequestID().Exec(ctx); err != nil {
			return nil, nil, err
		}
	}
	for _, s := range own {
		if err := w.renew(ctx, tx, s); err != nil {
			return nil, nil, err
		}
	}
	return w, dropped, makeAll(ctx, tx, k, w, access.SubscriptionWaiting)
}

// patch stores what has changed of a request itself. Its version grows with what it asks for,
// too: staff decide about what they have read. dropped is set if it asks for something no more.
func patch(ctx context.Context, tx *change.Tx, k *db.KeyRequest, in UpdateInput, w *wish, removed []uuid.UUID, dropped bool) (*db.KeyRequest, error) {
	var d change.Diff
	u := tx.KeyRequest.UpdateOne(k)
	if in.Name.Set {
		d.Add("name", k.Name, in.Name.Or(""))
		u.SetName(in.Name.Or(""))
	}
	if in.Environment.Set {
		d.Add("environment", k.Environment, *in.Environment.Value)
		u.SetEnvironment(*in.Environment.Value)
	}
	d.Add("products", input.EncodeIDs(nodeid.Product, k.ProductIds), input.EncodeIDs(nodeid.Product, w.products))
	d.Add("removeProducts", listed(k.RemoveProductIds), listed(removed))
	u.SetProductIds(w.products).SetRemoveProductIds(removed)
	if removed == nil {
		u.ClearRemoveProductIds()
	}
	if n := w.answered(); n > 0 {
		d.Add("answered", nil, n)
	}
	if d.Changes == nil && len(w.made) == 0 && !dropped && len(w.accepted) == 0 {
		return k, nil
	}
	tx.Record(apps.KeyRequestEvent(eventlog.KeyRequestUpdated, k, d.Changes))
	return u.SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
}

// Withdraw takes back a request that nobody has decided about, and its subscriptions.
func (svc *Service) Withdraw(ctx context.Context, id string, reason *string) (*db.KeyRequest, error) {
	return svc.end(ctx, ended{id: id, by: lifecycle.WithdrawKeyRequest, subscriptions: lifecycle.Withdraw, status: domain.KeyRequestWithdrawn, event: eventlog.KeyRequestWithdrawn, reason: reason})
}
