package requests

import (
	"context"
	"slices"

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
		k, a, err := lock(ctx, tx, in.KeyRequestID, lifecycle.UpdateKeyRequest, true)
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
	if in.Plans.Set {
		var err error
		if w, err = replacePlans(ctx, tx, a, k, *in.Plans.Value); err != nil {
			return nil, err
		}
	}
	removed := k.RemoveProductIds
	if in.RemoveProductIDs.Set {
		var err error
		if removed, err = findRemoved(ctx, tx, in.RemoveProductIDs.Or(nil), w.products); err != nil {
			return nil, err
		}
	} else if slices.ContainsFunc(removed, func(id uuid.UUID) bool { return slices.Contains(w.products, id) }) {
		return nil, fault.Input(fault.InvalidValue, "removeProductIds", "A product that the key is to reach is among them.")
	}
	after, err := patch(ctx, tx, k, in, w, removed)
	if err != nil || w.waits {
		return after, err
	}
	return svc.approve(ctx, tx, a, after, "")
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
// those that it asks for no more.
func replacePlans(ctx context.Context, tx *change.Tx, a *db.App, k *db.KeyRequest, plans []Plan) (*wish, error) {
	own, err := apps.LockWaiting(ctx, tx, k.ID)
	if err != nil {
		return nil, err
	}
	w, err := checkWish(ctx, tx, a, plans, own)
	if err != nil {
		return nil, err
	}
	if err := apps.Transition(ctx, tx, w.without(own), lifecycle.Withdraw, "The request was changed."); err != nil {
		return nil, err
	}
	for _, s := range own {
		if answers := w.kept[s.ID]; answers != nil {
			if err := tx.Subscription.UpdateOne(s).SetAnswers(answers).SetUpdatedAt(tx.Now).AddVersion(1).Exec(ctx); err != nil {
				return nil, err
			}
		}
	}
	return w, makeAll(ctx, tx, k, w)
}

// patch stores what has changed of a request itself. The version grows with each change of
// its subscriptions, too: staff decide about what they have read.
func patch(ctx context.Context, tx *change.Tx, k *db.KeyRequest, in UpdateInput, w *wish, removed []uuid.UUID) (*db.KeyRequest, error) {
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
	if d.Changes == nil && !in.Plans.Set {
		return k, nil
	}
	tx.Record(apps.KeyRequestEvent(eventlog.KeyRequestUpdated, k, d.Changes))
	return u.SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
}

// Withdraw takes back a request that nobody has decided about, and its subscriptions.
func (svc *Service) Withdraw(ctx context.Context, id string, reason *string) (*db.KeyRequest, error) {
	return svc.end(ctx, ended{id: id, by: lifecycle.WithdrawKeyRequest, subscriptions: lifecycle.Withdraw, status: domain.KeyRequestWithdrawn, event: eventlog.KeyRequestWithdrawn, reason: reason})
}
