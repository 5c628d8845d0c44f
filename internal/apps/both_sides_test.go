package apps_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/db/event"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
)

// newest returns the newest event of an object's timeline, as somebody sees it.
func (s *planScene) newest(t *testing.T, as context.Context, of nodeid.Kind, id uuid.UUID) *db.Event {
	t.Helper()
	pages, err := s.Portal.Activity.Timelines(as, of, []uuid.UUID{id}, listing.Request{Args: paging.Args{First: new(1)}})
	require.NoError(t, err)
	require.Len(t, pages[id].Nodes, 1)
	return pages[id].Nodes[0]
}

// requireBoth requires that the developer and the administrator read the same newest event,
// with the reason that was given.
func (s *planScene) requireBoth(t *testing.T, of nodeid.Kind, id uuid.UUID, want eventlog.Type, reason string) {
	t.Helper()
	for name, as := range map[string]context.Context{"developer": s.Developer, "administrator": s.Admin} {
		e := s.newest(t, as, of, id)
		require.Equal(t, string(want), e.Type, name)
		require.Equal(t, reason, e.Reason, "%s: %s", name, want)
	}
}

// Whoever changes a subscription or an app, and whatever the change: both sides read in the
// timeline what happened, and why.
func TestBothSidesReadWhy(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		of := nodeid.ProductSubscription
		waiting := func() *db.Subscription {
			return s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "Waiting").App, s.product, s.free)
		}
		why := new("")
		type step func(id string) (*db.Subscription, error)
		for _, c := range []struct {
			on   func() *db.Subscription
			do   step
			want eventlog.Type
		}{
			{waiting, func(id string) (*db.Subscription, error) { return s.Portal.Apps.Approve(s.Admin, id, why) }, eventlog.SubscriptionApproved},
			{waiting, func(id string) (*db.Subscription, error) { return s.Portal.Apps.Reject(s.Admin, id, *why) }, eventlog.SubscriptionRejected},
			{waiting, func(id string) (*db.Subscription, error) { return s.Portal.Apps.Withdraw(s.Developer, id, why) }, eventlog.SubscriptionWithdrawn},
			{waiting, func(id string) (*db.Subscription, error) { return s.Portal.Apps.Unregister(s.Developer, id, why) }, eventlog.SubscriptionUnregistered},
			{nil, func(id string) (*db.Subscription, error) { return s.Portal.Apps.Suspend(s.Admin, id, why) }, eventlog.SubscriptionSuspended},
			{nil, func(id string) (*db.Subscription, error) { return s.Portal.Apps.Resume(s.Admin, id, why) }, eventlog.SubscriptionResumed},
			{nil, func(string) (*db.Subscription, error) { return s.changeBecause(s.Developer, s.gold, why) }, eventlog.SubscriptionPlanRequested},
			{nil, func(id string) (*db.Subscription, error) {
				return s.Portal.Apps.RejectPlanChange(s.Admin, apps.DecidePlanChangeInput{SubscriptionID: id, Reason: why})
			}, eventlog.SubscriptionPlanRejected},
			{nil, func(string) (*db.Subscription, error) { return s.changeBecause(s.Developer, s.gold, why) }, eventlog.SubscriptionPlanRequested},
			{nil, func(id string) (*db.Subscription, error) {
				return s.Portal.Apps.CancelPlanChange(s.Developer, apps.DecidePlanChangeInput{SubscriptionID: id, Reason: why})
			}, eventlog.SubscriptionPlanCancelled},
			{nil, func(string) (*db.Subscription, error) { return s.changeBecause(s.Admin, s.gold, why) }, eventlog.SubscriptionPlanChanged},
			{nil, func(id string) (*db.Subscription, error) { return s.Portal.Apps.Unregister(s.Admin, id, why) }, eventlog.SubscriptionUnregistered},
		} {
			sub := s.sub
			if c.on != nil {
				sub = c.on()
			}
			*why = "Because of " + string(c.want) + "."
			_, err := c.do(sub.GlobalID())
			require.NoError(t, err, c.want)
			s.requireBoth(t, of, sub.ID, c.want, *why)
			for _, as := range []context.Context{s.Developer, s.Admin} {
				seen, err := s.Client.Subscription.Get(as, sub.ID)
				require.NoError(t, err)
				require.Equal(t, *why, wordsOf(seen), c.want)
			}
		}
		// A transfer, which ends without effect here: see TestTransferApp_Timelines.
		to := s.MustAccount(t, s.Admin, "Receiver")
		offered, err := s.Portal.Apps.TransferApp(s.Developer, apps.TransferAppInput{AppID: s.app.GlobalID(), ToAccountID: to.GlobalID(), Reason: why})
		require.NoError(t, err)
		s.requireBoth(t, nodeid.App, s.app.ID, eventlog.AppTransferOffered, *why)
		_, err = s.Portal.Apps.DeclineAppTransfer(s.MustDeveloper(t, s.Admin, to), offered.Transfer.GlobalID(), new("No."))
		require.NoError(t, err)
		s.requireBoth(t, nodeid.App, s.app.ID, eventlog.AppTransferDeclined, "No.")
		// Of a deleted app, the account's timeline tells.
		_, err = s.Portal.Apps.DeleteApp(s.Developer, s.app.GlobalID(), why)
		require.NoError(t, err)
		s.requireBoth(t, nodeid.Account, s.Account.ID, eventlog.AppDeleted, *why)
	})
}

// wordsOf returns the reason that a subscription shows for the last step: of a change of plan
// that is asked for, its own.
func wordsOf(s *db.Subscription) string {
	if p := apps.PendingChangeOf(s); p != nil {
		return p.Reason
	}
	return s.Reason
}

func (s *planScene) changeBecause(by context.Context, to *db.Plan, why *string) (*db.Subscription, error) {
	return s.Portal.Apps.ChangePlan(by, apps.ChangePlanInput{SubscriptionID: s.sub.GlobalID(), PlanID: to.GlobalID(), When: domain.PlanChangeNow, Reason: why})
}

// A restored app comes with one fresh key and no subscription that works: its old keys stay
// revoked, registering again makes a new subscription, and the history stays.
func TestRestoreApp_WhatComesBack(t *testing.T) {
	eachPlanScene(t, func(t *testing.T, s *planScene) {
		ctx := portaltest.System(t)
		before, err := s.Client.Credential.Query().Where(credential.AppID(s.app.ID)).All(ctx)
		require.NoError(t, err)
		_, err = s.Portal.Apps.DeleteApp(s.Developer, s.app.GlobalID(), new("Not needed."))
		require.NoError(t, err)
		back, err := s.Portal.Apps.RestoreApp(s.Admin, s.app.GlobalID(), nil)
		require.NoError(t, err)
		s.requireBoth(t, nodeid.App, s.app.ID, eventlog.CredentialCreated, "")
		types := s.EventTypes(t, s.app.ID)
		require.Contains(t, types, string(eventlog.AppRestored))
		for _, old := range before {
			now := s.Client.Credential.GetX(s.Developer, old.ID)
			require.Equal(t, access.CredentialRevoked, now.Status)
			require.Equal(t, domain.AppDeleted, *now.RevokedReason)
			_, err := s.Portal.Apps.EnableKey(s.Admin, old.GlobalID(), nil)
			portaltest.RequireProblems(t, err, "KEY_REVOKED credentialId")
		}
		require.NotEqual(t, before[0].ID, back.Credential.ID)
		require.NotNil(t, back.Secret)

		ended := s.Client.Subscription.GetX(s.Developer, s.sub.ID)
		require.Equal(t, access.SubscriptionEnded, ended.Status)
		require.True(t, ended.Newest)
		again := s.MustRegister(t, s.Developer, s.app, s.product, s.free)
		require.NotEqual(t, s.sub.ID, again.ID)
		require.Equal(t, lifecycle.Initial(false), again.Status, "it waits for approval anew")
		all := s.Client.Subscription.Query().Where(subscription.AppID(s.app.ID)).Order(subscription.ByCreatedAt(), subscription.ByID()).AllX(s.Developer)
		require.Len(t, all, 2, "the history stays")
		require.Equal(t, []bool{false, true}, []bool{all[0].Newest, all[1].Newest})
		n := portaltest.Count(t, s.Client.Event.Query().Where(event.SubjectID(s.sub.ID)))
		require.Equal(t, 3, n, "registered, approved, ended")
	})
}
