// Package requests owns requests for keys: a developer asks for subscriptions and a key at
// once, staff decide about all of it, and the developer collects the key. What it asks for
// is of package apps, whose steps it takes in transactions of its own; what ends with an app
// or a product ends there.
package requests

import (
	"context"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// Options configures a Service. All fields are required.
type Options struct {
	Client   *db.Client
	Changes  *change.Runner
	Entities entity.Reader
	Clock    clock.Clock
	Apps     *apps.Service
}

// Service implements the operations on requests for keys. It is safe for concurrent use.
type Service struct{ o Options }

// New returns a Service.
func New(o Options) *Service { return &Service{o} }

// lock reads a request that the viewer may see, and locks it. Who may not do the action at all
// learns it here, and no state.
func lock(ctx context.Context, tx *change.Tx, id string, a lifecycle.KeyRequestAction) (*db.KeyRequest, error) {
	k, err := find(ctx, tx, id, a)
	if err != nil {
		return nil, err
	}
	return lockFound(ctx, tx, k)
}

// lockWithApp is lock for what needs the app, which it locks, with its account, before the
// request. between, which may be nil, locks what comes between the two.
func lockWithApp(ctx context.Context, tx *change.Tx, id string, a lifecycle.KeyRequestAction, between func() error) (*db.KeyRequest, *db.App, error) {
	k, err := find(ctx, tx, id, a)
	if err != nil {
		return nil, nil, err
	}
	of, err := lockAppOf(ctx, tx, k)
	if err == nil && between != nil {
		err = between()
	}
	if err != nil {
		return nil, nil, err
	}
	k, err = lockFound(ctx, tx, k)
	return k, of, err
}

// find reads a request that the viewer may see.
func find(ctx context.Context, tx *change.Tx, id string, a lifecycle.KeyRequestAction) (*db.KeyRequest, error) {
	requestID, err := input.DecodeID(nodeid.KeyRequest, id)
	if err != nil {
		return nil, err
	}
	k, err := tx.KeyRequest.Get(ctx, requestID)
	if err != nil {
		return nil, err
	}
	return k, tx.Authorize(on(k, a, false).WithoutConditions())
}

// lockFound locks a request that was found. Whether the viewer sees it depends on other rows,
// which may have changed until the lock was there, so it is asked once more.
func lockFound(ctx context.Context, tx *change.Tx, k *db.KeyRequest) (*db.KeyRequest, error) {
	if _, err := change.LockRowForUpdate(ctx, tx, tx.KeyRequest, k.ID); err != nil {
		return nil, err
	}
	return tx.KeyRequest.Get(ctx, k.ID)
}

// lockAppOf locks the app of a request, after its account. That it was deleted, or went to
// another account, has closed the request, which authorize tells, and also refuses where a
// server of the previous release has not closed it.
func lockAppOf(ctx context.Context, tx *change.Tx, k *db.KeyRequest) (*db.App, error) {
	return apps.LockAppAndAccount(viewer.AsSystem(ctx, tx.OrganizationID()), tx, nodeid.Encode(nodeid.App, k.AppID))
}

// checkApp refuses what is to be done with the app of a request that it has no more.
func checkApp(k *db.KeyRequest, a *db.App) error {
	if a.DeletedAt != nil || a.AccountID != k.AccountID {
		return change.WrongStatus("keyRequestId", "The app was deleted, or went to another account.", string(k.Status))
	}
	return nil
}

// authorize asks whether the viewer may do an action to a locked request.
func authorize(ctx context.Context, tx *change.Tx, k *db.KeyRequest, a lifecycle.KeyRequestAction) error {
	var key *db.Credential
	if k.CredentialID != nil {
		var err error
		if key, err = tx.Credential.Get(viewer.AsSystem(ctx, tx.OrganizationID()), *k.CredentialID); err != nil && !db.IsNotFound(err) {
			return err
		}
	}
	return tx.AuthorizeInState(on(k, a, collectable(k, key, tx.Now)), "keyRequestId", string(k.Status))
}

// on returns the request for an action. waits is whether the key waits to be collected.
func on(k *db.KeyRequest, a lifecycle.KeyRequestAction, waits bool) policy.Request {
	return policy.OnKeyRequest(a, k.OrganizationID, k.AccountID, k.Environment, k.Status, waits)
}

// Permissions is what the viewer may do with a request.
type Permissions struct{ Update, Withdraw, Approve, Reject, Collect, Delete policy.Decision }

// Permissions asks the policy about a request. key is the one that it has made; nil for none.
func (svc *Service) Permissions(ctx context.Context, k *db.KeyRequest, key *db.Credential) *Permissions {
	v := viewer.Current(ctx)
	waits := collectable(k, key, svc.o.Clock.Now())
	ask := func(a lifecycle.KeyRequestAction) policy.Decision { return policy.Decide(v, on(k, a, waits)) }
	return &Permissions{
		Update: ask(lifecycle.UpdateKeyRequest), Withdraw: ask(lifecycle.WithdrawKeyRequest), Approve: ask(lifecycle.ApproveKeyRequest),
		Reject: ask(lifecycle.RejectKeyRequest), Collect: ask(lifecycle.CollectKey), Delete: ask(lifecycle.DeleteKeyRequest),
	}
}
