package requests

import (
	"context"
	"time"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/product"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// DecideInput is the input of Approve and Reject.
type DecideInput struct {
	KeyRequestID string
	// Version is that of the request which was read; nil for any.
	Version *int
	Reason  *string
}

// Approve approves a request and all its subscriptions, and makes its key, which has no
// secret until the developer collects it, or changes the access control list of the key that
// it names: all or nothing. One that is approved is returned unchanged, without an event.
func (svc *Service) Approve(ctx context.Context, in DecideInput) (*db.KeyRequest, error) {
	if err := input.CheckReason("reason", in.Reason); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.o.Changes, func(ctx context.Context, tx *change.Tx) (*db.KeyRequest, error) {
		k, a, err := lockWithApp(ctx, tx, in.KeyRequestID, lifecycle.ApproveKeyRequest, nil)
		if err != nil || k.Status == domain.KeyRequestApproved {
			return k, err
		}
		if err := authorize(ctx, tx, k, lifecycle.ApproveKeyRequest); err != nil {
			return nil, err
		}
		if err := checkApp(k, a); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, k.Version); err != nil {
			return nil, err
		}
		return svc.approve(ctx, tx, a, k, input.OrZero(in.Reason), true)
	})
}

// approve approves a request that waits, whose app is locked. It works as Portico itself,
// because who decides changes what is an account's. decided is set if somebody has decided
// that, and nothing of it needed no decision.
func (svc *Service) approve(ctx context.Context, tx *change.Tx, a *db.App, k *db.KeyRequest, reason string, decided bool) (*db.KeyRequest, error) {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	waiting, err := apps.LockWaiting(system, tx, k.ID)
	if err != nil {
		return nil, err
	}
	if err := apps.Transition(system, tx, waiting, lifecycle.Approve, reason); err != nil {
		return nil, err
	}
	if !decided {
		if err := undecide(system, tx, waiting); err != nil {
			return nil, err
		}
	}
	if err := checkUses(system, tx, a, k); err != nil {
		return nil, err
	}
	set, also := func(*db.KeyRequestUpdateOne) {}, []domain.Change(nil)
	if k.ChangesKey {
		err = changeKey(system, tx, k)
	} else {
		set, also, err = svc.makeKey(system, tx, a, k)
	}
	if err != nil {
		return nil, err
	}
	return apps.EndKeyRequest(system, tx, k, domain.KeyRequestApproved, eventlog.KeyRequestApproved, reason, func(u *db.KeyRequestUpdateOne) {
		if set(u); !decided {
			u.ClearDecidedBy()
		}
	}, also...)
}

// undecide takes from subscriptions who has decided about them: what needed no approval is
// approved by nobody.
func undecide(system context.Context, tx *change.Tx, all []*db.Subscription) error {
	for _, s := range all {
		if err := tx.Subscription.UpdateOneID(s.ID).ClearDecidedBy().Exec(system); err != nil {
			return err
		}
	}
	return nil
}

// checkUses requires the app to have an approved subscription for each product that the key is
// to reach: one may have ended meanwhile, or a server of the previous release has decided about
// it alone.
func checkUses(system context.Context, tx *change.Tx, a *db.App, k *db.KeyRequest) error {
	n, err := tx.Subscription.Query().Where(subscription.AppID(a.ID), subscription.ProductIDIn(k.ProductIds...),
		subscription.StatusIn(access.SubscriptionApproved, access.SubscriptionSuspended)).Count(system)
	if err == nil && n != len(k.ProductIds) {
		return errNeedsMore(k, "A subscription that the key needs has ended meanwhile: it must be asked for anew.")
	}
	if err != nil {
		return err
	}
	all, err := tx.Product.Query().Where(product.IDIn(k.ProductIds...)).All(system)
	for _, x := range all { // one whose time has come may not be stored as retired yet
		if catalog.StatusAt(x, tx.Now) == domain.Retired {
			return errNeedsMore(k, "A product that the key is to reach is retired.")
		}
	}
	return err
}

func errNeedsMore(k *db.KeyRequest, message string) error {
	return fault.Input(fault.WrongStatus, "keyRequestId", message, fault.Param{Name: "status", Value: string(k.Status)})
}

// makeKey makes the key of a request, and returns what that sets of the request and adds to its
// event.
func (svc *Service) makeKey(system context.Context, tx *change.Tx, a *db.App, k *db.KeyRequest) (func(*db.KeyRequestUpdateOne), []domain.Change, error) {
	org, err := change.LockRowForShare(system, tx, tx.Organization, tx.OrganizationID())
	if err != nil {
		return nil, nil, err
	}
	key, err := svc.o.Apps.CreateUncollected(system, tx, a, k.Name, k.Environment, k.ProductIds)
	if err != nil {
		return nil, nil, err
	}
	until := tx.Now.Add(time.Duration(org.CollectKeysWithinDays) * 24 * time.Hour)
	return func(u *db.KeyRequestUpdateOne) { u.SetCredentialID(key.ID).SetCollectUntil(until) },
		change.Attributes("credential", key.GlobalID(), "collectUntil", until), nil
}

// changeKey changes the access control list of the key that a request names.
func changeKey(system context.Context, tx *change.Tx, k *db.KeyRequest) error {
	c, err := lockNamed(system, tx, k)
	if err != nil {
		return err
	}
	if err := apps.CheckAccess(system, tx, c, "keyRequestId", k.ProductIds, k.RemoveProductIds); err != nil {
		if list := fault.Problems(err); list != nil { // who decides has no other field
			return fault.Input(list[0].Code, "keyRequestId", list[0].Message, list[0].Params...)
		}
		return err
	}
	return apps.ChangeAccess(system, tx, c, k.ProductIds, k.RemoveProductIds)
}

// lockNamed locks the key that a request changes.
func lockNamed(system context.Context, tx *change.Tx, k *db.KeyRequest) (*db.Credential, error) {
	if k.CredentialID == nil {
		return nil, fault.Input(fault.WrongStatus, "keyRequestId", "The key that it names is gone.", fault.Param{Name: "status", Value: string(k.Status)})
	}
	return change.LockRowForUpdate(system, tx, tx.Credential, *k.CredentialID)
}

// Reject rejects a request and all its subscriptions. The reason must not be empty.
func (svc *Service) Reject(ctx context.Context, in DecideInput) (*db.KeyRequest, error) {
	if err := input.RequireReason("reason", in.Reason, "the developer"); err != nil {
		return nil, err
	}
	return svc.end(ctx, ended{
		id: in.KeyRequestID, version: in.Version, by: lifecycle.RejectKeyRequest, subscriptions: lifecycle.Reject,
		status: domain.KeyRequestRejected, event: eventlog.KeyRequestRejected, reason: in.Reason,
	})
}

// ended says how a request that waits ends without a key.
type ended struct {
	id            string
	version       *int
	by            lifecycle.KeyRequestAction
	subscriptions lifecycle.SubscriptionAction
	status        domain.KeyRequestStatus
	event         eventlog.Type
	reason        *string
}

// end ends a request that waits, with its subscriptions. It locks neither the account nor the
// app: what ends these closes the request first.
func (svc *Service) end(ctx context.Context, e ended) (*db.KeyRequest, error) {
	if err := input.CheckReason("reason", e.reason); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.o.Changes, func(ctx context.Context, tx *change.Tx) (*db.KeyRequest, error) {
		k, err := lock(ctx, tx, e.id, e.by)
		if err != nil {
			return nil, err
		}
		if err := authorize(ctx, tx, k, e.by); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(e.version, k.Version); err != nil {
			return nil, err
		}
		system := viewer.AsSystem(ctx, tx.OrganizationID())
		waiting, err := apps.LockWaiting(system, tx, k.ID)
		if err != nil {
			return nil, err
		}
		if err := apps.Transition(system, tx, waiting, e.subscriptions, input.OrZero(e.reason)); err != nil {
			return nil, err
		}
		return apps.EndKeyRequest(system, tx, k, e.status, e.event, input.OrZero(e.reason), nil)
	})
}

// Delete leaves a closed request out of lists. One that is left out is returned unchanged.
func (svc *Service) Delete(ctx context.Context, id string) (string, error) {
	return change.Write(ctx, svc.o.Changes, func(ctx context.Context, tx *change.Tx) (string, error) {
		k, err := lock(ctx, tx, id, lifecycle.DeleteKeyRequest)
		if err != nil {
			return "", err
		}
		if err := authorize(ctx, tx, k, lifecycle.DeleteKeyRequest); err != nil || k.HiddenAt != nil {
			return k.GlobalID(), err
		}
		tx.Record(apps.KeyRequestEvent(eventlog.KeyRequestDeleted, k, nil))
		return k.GlobalID(), tx.KeyRequest.UpdateOne(k).SetHiddenAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Exec(ctx)
	})
}
