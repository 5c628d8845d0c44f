package apps_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// transition takes a subscription to its next status, as a viewer who may.
type transition struct {
	event eventlog.Type
	take  func(p *portal.Portal, x portaltest.Tenant, id string) (*db.Subscription, error)
}

// transitions returns the transition of each action.
func transitions() map[lifecycle.SubscriptionAction]transition {
	return map[lifecycle.SubscriptionAction]transition{
		lifecycle.Approve: {eventlog.SubscriptionApproved, func(p *portal.Portal, x portaltest.Tenant, id string) (*db.Subscription, error) {
			return p.Apps.Approve(x.Admin, id, nil)
		}},
		lifecycle.Reject: {eventlog.SubscriptionRejected, func(p *portal.Portal, x portaltest.Tenant, id string) (*db.Subscription, error) {
			return p.Apps.Reject(x.Admin, id, "No.")
		}},
		lifecycle.Withdraw: {eventlog.SubscriptionWithdrawn, func(p *portal.Portal, x portaltest.Tenant, id string) (*db.Subscription, error) {
			return p.Apps.Withdraw(x.Developer, id, nil)
		}},
		lifecycle.Unregister: {eventlog.SubscriptionUnregistered, func(p *portal.Portal, x portaltest.Tenant, id string) (*db.Subscription, error) {
			return p.Apps.Unregister(x.Admin, id, nil)
		}},
		lifecycle.Suspend: {eventlog.SubscriptionSuspended, func(p *portal.Portal, x portaltest.Tenant, id string) (*db.Subscription, error) {
			return p.Apps.Suspend(x.Admin, id, nil)
		}},
		lifecycle.Resume: {eventlog.SubscriptionResumed, func(p *portal.Portal, x portaltest.Tenant, id string) (*db.Subscription, error) {
			return p.Apps.Resume(x.Admin, id, nil)
		}},
	}
}

// Many requests decide the same subscription at once: each transition has one winner
// and one event, and they follow one another as package lifecycle says.
func TestRace_DecideSubscription(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, plan := h.MustProduct(t, x.Admin, "weather")
		for _, actions := range [][]lifecycle.SubscriptionAction{
			{lifecycle.Approve},
			{lifecycle.Reject},
			{lifecycle.Withdraw},
			{lifecycle.Unregister},
			{lifecycle.Approve, lifecycle.Reject, lifecycle.Withdraw},
			{lifecycle.Approve, lifecycle.Reject, lifecycle.Withdraw, lifecycle.Unregister},
			{lifecycle.Approve, lifecycle.Suspend, lifecycle.Resume, lifecycle.Unregister},
		} {
			t.Run(fmt.Sprint(actions), func(t *testing.T) {
				s := h.MustRegister(t, x.Developer, h.MustApp(t, x.Developer, "App").App, prod, plan)
				_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Subscription, error) {
					return transitions()[actions[n%len(actions)]].take(p, x, s.GlobalID())
				})
				racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS")
				requireLife(t, h, s, actions, outcomes)
			})
		}
	})
}

// requireLife follows a subscription's events through package lifecycle, and
// requires one event for each request that succeeded.
func requireLife(t *testing.T, h *racetest.Harness, s *db.Subscription, actions []lifecycle.SubscriptionAction, outcomes []string) {
	t.Helper()
	winners := map[eventlog.Type]int{eventlog.SubscriptionRegistered: 1}
	for n, o := range outcomes {
		if o == racetest.OK {
			winners[transitions()[actions[n%len(actions)]].event]++
		}
	}
	events, reported := h.Events(t, s.ID), map[eventlog.Type]int{}
	status := access.SubscriptionWaiting
	for _, e := range events {
		reported[eventlog.Type(e.Type)]++
		for action, transition := range transitions() {
			if transition.event == eventlog.Type(e.Type) {
				next, ok := lifecycle.Next(status, action)
				require.True(t, ok, "%s from %s", action, status)
				require.Equal(t, string(status), *e.Changes[0].Before)
				require.Equal(t, string(next), *e.Changes[0].After)
				status = next
			}
		}
	}
	require.Equal(t, winners, reported)
	require.Greater(t, len(events), 1, "nobody won")
	now, err := h.Client.Subscription.Get(portaltest.System(t), s.ID)
	require.NoError(t, err)
	require.Equal(t, status, now.Status)
	require.Len(t, events, now.Version)
}

// An app has at most one active subscription to a product, however many requests
// register it at once.
func TestRace_Register(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, plan := h.MustProduct(t, x.Admin, "weather")
		app := h.MustApp(t, x.Developer, "App").App
		register := func(n int, p *portal.Portal) (apps.CreatedSubscription, error) {
			as := []context.Context{x.Developer, x.Admin}[n/2%2]
			return p.Apps.Register(as, apps.RegisterInput{AppID: app.GlobalID(), ProductID: prod.GlobalID(), PlanID: new(plan.GlobalID())})
		}
		// The second time there is a history, whose newest row steps back.
		for round := range 2 {
			created, outcomes := racetest.Run(h, register)
			racetest.RequireOne(t, outcomes, "ALREADY_REGISTERED")
			all, err := h.Client.Subscription.Query().Where(subscription.AppID(app.ID)).All(portaltest.System(t))
			require.NoError(t, err)
			require.Len(t, all, round+1)
			s := racetest.First(created, outcomes).Subscription
			require.Len(t, h.Events(t, s.ID), 1)
			_, err = h.Portal.Apps.Reject(x.Admin, s.GlobalID(), "No.")
			require.NoError(t, err)
		}
	})
}

// A product retires while apps register with it and their subscriptions are decided:
// afterwards none is active.
func TestRace_RetireProduct(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, plan := h.MustProduct(t, x.Admin, "weather")
		appRows := make([]*db.App, racetest.Requests)
		waiting := make([]*db.Subscription, racetest.Requests)
		for n := range appRows {
			appRows[n] = h.MustApp(t, x.Developer, "App").App
			if n%2 == 0 {
				waiting[n] = h.MustRegister(t, x.Developer, appRows[n], prod, plan)
			}
		}
		var late atomic.Int32 // who came to retire what is retired
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			switch {
			case n == racetest.Requests/4 || n == racetest.Requests/2:
				out, err := p.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(), Status: input.SetTo(domain.Retired)})
				if list := fault.Problems(err); len(list) == 1 && list[0].Code == fault.WrongStatus {
					late.Add(1)
				}
				return out, err
			case n%8 == 4:
				return p.Apps.DeleteApp(x.Developer, appRows[n].GlobalID(), nil)
			case waiting[n] != nil:
				return p.Apps.Approve(x.Admin, waiting[n].GlobalID(), nil)
			}
			return p.Apps.Register(x.Developer, apps.RegisterInput{AppID: appRows[n].GlobalID(), ProductID: prod.GlobalID(), PlanID: new(plan.GlobalID())})
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "CONFLICT", "WRONG_STATUS", "NOT_AVAILABLE")
		require.EqualValues(t, 1, late.Load(), "the second to retire")
		require.Zero(t, liveSubscriptions(t, h))
	})
}

// liveSubscriptions returns the number of pending, approved and suspended
// subscriptions.
func liveSubscriptions(t *testing.T, h *racetest.Harness) int {
	t.Helper()
	n, err := h.Client.Subscription.Query().Where(
		subscription.StatusIn(access.SubscriptionWaiting, access.SubscriptionApproved, access.SubscriptionSuspended)).Count(portaltest.System(t))
	require.NoError(t, err)
	return n
}
