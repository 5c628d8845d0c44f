package portal

import (
	"context"
	"slices"
	"time"

	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/subscription"
	"portico/internal/apikey"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// DeleteApp deletes an app, revokes its credentials and ends its live
// subscriptions, in one transaction. It returns the app's opaque id.
func (p *Portal) DeleteApp(ctx context.Context, id string, reason *string) (deleted string, err error) {
	if err := checkReason("reason", reason); err != nil {
		return "", err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		a, err := c.lockApp(ctx, id)
		if err != nil {
			return err
		}
		if err := c.authorize(policy.AppDelete, policy.Object{OrganizationID: a.OrganizationID, AccountID: a.AccountID}); err != nil {
			return err
		}
		deleted = a.GlobalID()
		return c.deleteApp(ctx, a, deletionCause{domain.AppDeleted, lifecycle.AppDeleted, deref(reason)})
	})
	return deleted, err
}

// deletionCause says how the deletion of apps is recorded: the reason for which
// credentials are revoked, the action that ends subscriptions, and the user's
// reason.
type deletionCause struct {
	keys          domain.RevocationReason
	subscriptions lifecycle.SubscriptionAction
	reason        string
}

// deleteApp deletes an app that the caller has locked.
func (c *change) deleteApp(ctx context.Context, a *db.App, why deletionCause) error {
	keys, err := lockForUpdate(c, c.Credential.Query().Where(credential.AppID(a.ID))).All(ctx)
	if err != nil {
		return err
	}
	if err := c.revokeAll(ctx, keys, why.keys, why.reason); err != nil {
		return err
	}
	// All live ones are locked, so that one that is being resumed ends as well.
	all, err := lockForUpdate(c, c.Subscription.Query().Where(subscription.AppID(a.ID), subscription.StatusIn(lifecycle.Waiting, lifecycle.Approved, lifecycle.Suspended))).All(ctx)
	if err != nil {
		return err
	}
	live := slices.DeleteFunc(all, func(s *db.Subscription) bool {
		_, ends := lifecycle.Next(s.Status, why.subscriptions)
		return !ends
	})
	if err := c.endAll(ctx, live, why.subscriptions, why.reason); err != nil {
		return err
	}
	if err := c.Credential.Update().Where(credential.AppID(a.ID)).SetDeletedAt(c.now).Exec(ctx); err != nil {
		return err
	}
	if err := c.Subscription.Update().Where(subscription.AppID(a.ID)).SetDeletedAt(c.now).Exec(ctx); err != nil {
		return err
	}
	e := appEvent(eventlog.AppDeleted, a, nil)
	e.Reason = why.reason
	c.record(e)
	n, err := c.App.Update().Where(app.ID(a.ID), app.Version(a.Version)).SetDeletedAt(c.now).SetUpdatedAt(c.now).AddVersion(1).Save(ctx)
	return expectOneRow(n, err)
}

// RestoreApp restores a deleted app within the organization's retention time,
// with its history and a new credential.
func (p *Portal) RestoreApp(ctx context.Context, id string) (out CreatedApp, err error) {
	appID, err := decode(nodeid.App, id)
	if err != nil {
		return out, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		o := policy.Object{OrganizationID: c.viewer.OrganizationID}
		if err := c.authorize(policy.AppRestore, o); err != nil {
			return err
		}
		all := viewer.NewContext(ctx, viewer.ForSystem(c.organization))
		org, err := c.Organization.Get(ctx, c.organization)
		if err != nil {
			return err
		}
		found, err := c.App.Get(all, appID)
		if err != nil {
			return err
		}
		// The account first, in the order in which its deletion locks them.
		if err := c.lockAccountOf(ctx, found.AccountID); err != nil {
			return err
		}
		since := c.now.Add(-time.Duration(org.DeletedRetentionDays) * 24 * time.Hour)
		a, err := lockForUpdate(c, c.App.Query().Where(app.ID(appID), app.DeletedAtGT(since), app.PurgedAtIsNil())).Only(all)
		if err != nil {
			return err
		}
		if _, err := c.Account.Get(ctx, a.AccountID); db.IsNotFound(err) {
			return errWrongStatus("appId", "The app's account was deleted.", "DELETED")
		} else if err != nil {
			return err
		}
		out.App, out.Credential, out.Secret, err = p.undelete(ctx, all, c, a)
		return err
	})
	if err != nil {
		return CreatedApp{}, err // rolled back
	}
	return out, nil
}

func (p *Portal) undelete(ctx, all context.Context, c *change, a *db.App) (*db.App, *db.Credential, *apikey.Secret, error) {
	if err := c.Credential.Update().Where(credential.AppID(a.ID)).ClearDeletedAt().Exec(all); err != nil {
		return nil, nil, nil, err
	}
	if err := c.Subscription.Update().Where(subscription.AppID(a.ID)).ClearDeletedAt().Exec(all); err != nil {
		return nil, nil, nil, err
	}
	back, err := c.App.UpdateOne(a).ClearDeletedAt().SetUpdatedAt(c.now).AddVersion(1).Save(all)
	if err != nil {
		return nil, nil, nil, err
	}
	c.record(appEvent(eventlog.AppRestored, back, nil))
	key, secret, err := p.createCredential(ctx, c, appCredentialOwner(back), newCredential{Environment: domain.Development, Access: domain.AccessAll})
	return back, key, secret, err
}
