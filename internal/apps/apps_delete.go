package apps

import (
	"context"
	"slices"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/keyrequest"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// DeleteApp deletes an app, revokes its credentials and ends its live
// subscriptions, in one transaction. It returns the app's opaque id.
func (svc *Service) DeleteApp(ctx context.Context, id string, reason *string) (string, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return "", err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (string, error) {
		a, err := lockApp(ctx, tx, id)
		if err != nil {
			return "", err
		}
		if err := tx.Authorize(policy.DeleteApp(a.OrganizationID, a.AccountID)); err != nil {
			return "", err
		}
		return a.GlobalID(), deleteApp(ctx, tx, a, deletionCause{domain.AppDeleted, lifecycle.AppDeleted, input.OrZero(reason)})
	})
}

// deletionCause says how the deletion of apps is recorded: the reason for which
// credentials are revoked, the action that ends subscriptions, and the user's
// reason.
type deletionCause struct {
	credentials   domain.RevocationReason
	subscriptions lifecycle.SubscriptionAction
	reason        string
}

// deleteApp deletes an app that the caller has locked.
func deleteApp(ctx context.Context, tx *change.Tx, a *db.App, why deletionCause) error {
	if err := cancelOffersOf(ctx, tx, a, "The app was deleted."); err != nil {
		return err
	}
	if err := closeKeyRequests(ctx, tx, a, why.subscriptions, "The app was deleted."); err != nil {
		return err
	}
	credentials, err := lockCredentials(ctx, tx, credential.AppID(a.ID))
	if err != nil {
		return err
	}
	if err := revokeAll(ctx, tx, credentials, why.credentials, why.reason); err != nil {
		return err
	}
	// All live ones are locked, so that one that is being resumed ends as well.
	all, err := change.LockForUpdate(tx, tx.Subscription.Query().Where(subscription.AppID(a.ID), subscription.StatusIn(access.SubscriptionWaiting, access.SubscriptionApproved, access.SubscriptionSuspended))).All(ctx)
	if err != nil {
		return err
	}
	live := slices.DeleteFunc(all, func(s *db.Subscription) bool {
		_, ends := lifecycle.Next(s.Status, why.subscriptions)
		return !ends
	})
	if err := endAll(ctx, tx, live, why.subscriptions, why.reason); err != nil {
		return err
	}
	if err := tx.Credential.Update().Where(credential.AppID(a.ID)).SetDeletedAt(tx.Now).Exec(ctx); err != nil {
		return err
	}
	if err := tx.Subscription.Update().Where(subscription.AppID(a.ID)).SetDeletedAt(tx.Now).Exec(ctx); err != nil {
		return err
	}
	e := appEvent(eventlog.AppDeleted, a, nil)
	e.Reason = why.reason
	tx.Record(e)
	n, err := tx.App.Update().Where(app.ID(a.ID), app.Version(a.Version)).SetDeletedAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
	return change.ExpectOneRow(n, err)
}

// EndAccount deletes the apps of an account that is being deleted, and revokes
// its own credentials. The caller has locked the account. It works as Portico itself:
// also what its owners do not see ends, suspended subscriptions of deleted apps.
func EndAccount(ctx context.Context, tx *change.Tx, a *db.Account, reason string) error {
	ctx = viewer.AsSystem(ctx, a.OrganizationID)
	why := deletionCause{domain.AccountDeleted, lifecycle.AccountDeleted, reason}
	apps, err := change.LockForUpdate(tx, tx.App.Query().Where(app.AccountID(a.ID), app.DeletedAtIsNil())).All(ctx)
	if err != nil {
		return err
	}
	// All before the first app: whoever locks several credentials does so in the order of
	// their ids, whatever app each is of.
	credentials, err := lockCredentials(ctx, tx, credential.AccountID(a.ID), credential.DeletedAtIsNil())
	if err != nil {
		return err
	}
	// So are requests for keys, which the retirement of a product locks so.
	if _, err := lockPending(ctx, tx, keyrequest.AccountID(a.ID)); err != nil {
		return err
	}
	for _, one := range apps {
		if err := deleteApp(ctx, tx, one, why); err != nil {
			return err
		}
	}
	if err := endSanctions(ctx, tx, a.ID, why); err != nil {
		return err
	}
	if err := cancelOffersTo(ctx, tx, a.ID, "The account was deleted."); err != nil {
		return err
	}
	own := slices.DeleteFunc(credentials, func(c *db.Credential) bool { return c.AppID != nil })
	if err := revokeAll(ctx, tx, own, why.credentials, why.reason); err != nil {
		return err
	}
	return tx.Credential.Update().Where(credential.AccountID(a.ID), credential.AppIDIsNil()).SetDeletedAt(tx.Now).Exec(ctx)
}

// RestoreApp restores a deleted app within the organization's retention time,
// with its history and a new credential.
func (svc *Service) RestoreApp(ctx context.Context, id string, reason *string) (out CreatedApp, err error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return out, err
	}
	appID, err := input.DecodeID(nodeid.App, id)
	if err != nil {
		return out, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (CreatedApp, error) {
		if err := tx.Authorize(policy.RestoreApp(tx.Viewer.OrganizationID)); err != nil {
			return CreatedApp{}, err
		}
		all := viewer.AsSystem(ctx, tx.OrganizationID())
		org, err := tx.Organization.Get(ctx, tx.OrganizationID())
		if err != nil {
			return CreatedApp{}, err
		}
		found, err := tx.App.Get(all, appID)
		if err != nil {
			return CreatedApp{}, err
		}
		// The account first, in the order in which its deletion locks them.
		if err := lockAccountOf(ctx, tx, found.AccountID); err != nil {
			return CreatedApp{}, err
		}
		since := tx.Now.Add(-restorableFor(org))
		a, err := change.LockForUpdate(tx, tx.App.Query().Where(app.ID(appID), app.DeletedAtGT(since), app.PurgedAtIsNil())).Only(all)
		if err != nil {
			return CreatedApp{}, err
		}
		if _, err := tx.Account.Get(ctx, a.AccountID); db.IsNotFound(err) {
			return CreatedApp{}, change.WrongStatus("appId", "The app's account was deleted.", "DELETED")
		} else if err != nil {
			return CreatedApp{}, err
		}
		return svc.undelete(ctx, all, tx, a, input.OrZero(reason))
	})
}

func (svc *Service) undelete(ctx, all context.Context, tx *change.Tx, a *db.App, reason string) (CreatedApp, error) {
	if _, err := lockCredentials(all, tx, credential.AppID(a.ID)); err != nil { // servers may still be storing when they were used
		return CreatedApp{}, err
	}
	if err := tx.Credential.Update().Where(credential.AppID(a.ID)).ClearDeletedAt().Exec(all); err != nil {
		return CreatedApp{}, err
	}
	if err := tx.Subscription.Update().Where(subscription.AppID(a.ID)).ClearDeletedAt().Exec(all); err != nil {
		return CreatedApp{}, err
	}
	back, err := tx.App.UpdateOne(a).ClearDeletedAt().SetUpdatedAt(tx.Now).AddVersion(1).Save(all)
	if err != nil {
		return CreatedApp{}, err
	}
	e := appEvent(eventlog.AppRestored, back, nil)
	e.Reason = reason
	tx.Record(e)
	key, secret, err := svc.createCredential(ctx, tx, OwnedByApp(back), newCredential{Environment: access.Development, Access: access.AllProducts})
	return CreatedApp{App: back, Credential: key, Secret: secret}, err
}
