package apps_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Each subscription has the result that approveSubscription would have had; what cannot be
// decided keeps no other from being decided.
func TestDecideSubscriptions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, other := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		prod, plan := f.MustProduct(t, x.Admin, "weather")
		theirs, theirPlan := f.MustProduct(t, other.Admin, "rain")
		register := func() *db.Subscription {
			return f.MustRegister(t, x.Developer, f.MustApp(t, x.Developer, "App").App, prod, plan)
		}
		first, decided, gone, last := register(), register(), register(), register()
		foreign := f.MustRegister(t, other.Developer, f.MustApp(t, other.Developer, "App").App, theirs, theirPlan)
		_, err := f.Portal.Apps.Reject(x.Admin, decided.GlobalID(), "Before.")
		require.NoError(t, err)
		require.NoError(t, errOf(f.Portal.Apps.DeleteApp(x.Developer, f.Client.App.GetX(x.Developer, gone.AppID).GlobalID(), nil)))

		in := apps.DecideSubscriptionsInput{
			SubscriptionIDs: []string{first.GlobalID(), foreign.GlobalID(), decided.GlobalID(), "nonsense", gone.GlobalID(), last.GlobalID()},
			Decision:        domain.ApproveSubscription, Reason: new("Welcome."),
		}
		got, err := f.Portal.Apps.DecideSubscriptions(x.Admin, in)
		require.NoError(t, err)
		require.Len(t, got, 6)
		none := &fault.Kind{Code: fault.CodeNotFound, Reason: fault.ReasonUnknownObject}
		for i, r := range got {
			require.Equal(t, in.SubscriptionIDs[i], r.SubscriptionID)
			switch i {
			case 0, 5:
				require.Nil(t, r.Error)
				require.Nil(t, r.UserError)
				require.Equal(t, access.SubscriptionApproved, r.ProductSubscription.Status)
				require.Equal(t, "Welcome.", r.ProductSubscription.Reason)
				require.Equal(t, viewer.Current(x.Admin).UserID, *r.ProductSubscription.DecidedBy)
				require.Equal(t, []string{"SUBSCRIPTION_REGISTERED", "SUBSCRIPTION_APPROVED"}, f.EventTypes(t, r.ProductSubscription.ID))
			case 2:
				require.Nil(t, r.Error)
				require.Nil(t, r.ProductSubscription)
				require.Equal(t, fault.WrongStatus, r.UserError.Code)
				require.Equal(t, []string{"subscriptionIds", "2"}, r.UserError.Field)
				require.Equal(t, []fault.Param{{Name: "status", Value: "REJECTED"}}, r.UserError.Params)
			default:
				require.Nil(t, r.ProductSubscription)
				require.Nil(t, r.UserError)
				require.Equal(t, none, r.Error, i)
			}
		}
		require.Equal(t, access.SubscriptionWaiting, f.Client.Subscription.GetX(portaltest.System(t), foreign.ID).Status)
		// A second time, nothing is left to decide.
		again, err := f.Portal.Apps.DecideSubscriptions(x.Admin, apps.DecideSubscriptionsInput{SubscriptionIDs: []string{first.GlobalID()}, Decision: domain.RejectSubscription, Reason: new("No.")})
		require.NoError(t, err)
		require.Equal(t, fault.WrongStatus, again[0].UserError.Code)
		require.Equal(t, access.SubscriptionApproved, f.Client.Subscription.GetX(portaltest.System(t), first.ID).Status)
	})
}

// An approver decides about the products that the approver is named for; the others' requests
// are like unknown ones. Developers decide nothing.
func TestDecideSubscriptions_Approver(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		mine, minePlan := f.MustProduct(t, x.Admin, "weather")
		others, othersPlan := f.MustProduct(t, x.Admin, "rain")
		who := f.Enter(t, f.MustApprover(t, x.Admin, mine))
		app := f.MustApp(t, x.Developer, "App").App
		in := apps.DecideSubscriptionsInput{
			SubscriptionIDs: []string{f.MustRegister(t, x.Developer, app, others, othersPlan).GlobalID(), f.MustRegister(t, x.Developer, app, mine, minePlan).GlobalID()},
			Decision:        domain.RejectSubscription, Reason: new("Too many."),
		}
		got, err := f.Portal.Apps.DecideSubscriptions(x.Developer, in)
		require.NoError(t, err)
		for _, r := range got {
			require.Equal(t, fault.CodeForbidden, r.Error.Code)
		}
		counts, err := f.Portal.Apps.CountSubscriptions(who, apps.SubscriptionFilter{AccountIDs: []string{x.Account.GlobalID()}})
		require.NoError(t, err)
		require.Equal(t, &apps.SubscriptionCounts{Total: 1, Waiting: 1}, counts)
		got, err = f.Portal.Apps.DecideSubscriptions(who, in)
		require.NoError(t, err)
		require.Equal(t, fault.CodeNotFound, got[0].Error.Code)
		require.Equal(t, access.SubscriptionRejected, got[1].ProductSubscription.Status)
		counts, err = f.Portal.Apps.CountSubscriptions(x.Admin, apps.SubscriptionFilter{})
		require.NoError(t, err)
		require.Equal(t, &apps.SubscriptionCounts{Total: 2, Waiting: 1, Rejected: 1}, counts)
	})
}

// What is wrong with the request changes nothing.
func TestDecideSubscriptions_ErrInput(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	prod, plan := f.MustProduct(t, x.Admin, "weather")
	sub := f.MustRegister(t, x.Developer, f.MustApp(t, x.Developer, "App").App, prod, plan)
	id := sub.GlobalID()
	many := []string{id}
	for i := range apps.MaxDecisions {
		many = append(many, fmt.Sprint("sub_", i))
	}
	for want, in := range map[string]apps.DecideSubscriptionsInput{
		"REQUIRED subscriptionIds":  {Decision: domain.ApproveSubscription},
		"TOO_MANY subscriptionIds":  {Decision: domain.ApproveSubscription, SubscriptionIDs: many},
		"INVALID subscriptionIds.2": {Decision: domain.ApproveSubscription, SubscriptionIDs: []string{id, "x", id}},
		"REQUIRED reason":           {Decision: domain.RejectSubscription, SubscriptionIDs: []string{id}},
		"TOO_LONG reason":           {Decision: domain.ApproveSubscription, SubscriptionIDs: []string{id}, Reason: new(strings.Repeat("x", 1001))},
	} {
		_, err := f.Portal.Apps.DecideSubscriptions(x.Admin, in)
		portaltest.RequireProblems(t, err, want)
	}
	_, err := f.Portal.Apps.DecideSubscriptions(x.Admin, apps.DecideSubscriptionsInput{Decision: domain.RejectSubscription, SubscriptionIDs: []string{id}, Reason: new(" \u200b")})
	portaltest.RequireProblems(t, err, "REQUIRED reason")
	require.Equal(t, 1, f.Client.Subscription.GetX(portaltest.System(t), sub.ID).Version)
}

// What there is no time for says so in its result, and is not decided; the answer is not lost
// with the time for it.
func TestDecideSubscriptions_ErrDeadline(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	prod, plan := f.MustProduct(t, x.Admin, "weather")
	sub := f.MustRegister(t, x.Developer, f.MustApp(t, x.Developer, "App").App, prod, plan)
	ctx, cancel := context.WithTimeout(x.Admin, 900*time.Millisecond) // less than what the answer needs
	defer cancel()
	got, err := f.Portal.Apps.DecideSubscriptions(ctx, apps.DecideSubscriptionsInput{SubscriptionIDs: []string{sub.GlobalID()}, Decision: domain.ApproveSubscription})
	require.NoError(t, err)
	require.Equal(t, &fault.Kind{Code: fault.CodeUnavailable, Reason: fault.ReasonDeadline}, got[0].Error)
	require.Equal(t, access.SubscriptionWaiting, f.Client.Subscription.GetX(portaltest.System(t), sub.ID).Status)
}

// Many decide about the same subscriptions in different orders, while their developer takes
// them back and their apps are deleted: each ends once, by one event.
func TestRace_DecideSubscriptions(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, plan := h.MustProduct(t, x.Admin, "weather")
		var all []*db.Subscription
		var ids, owners []string
		for range 8 {
			app := h.MustApp(t, x.Developer, "App").App
			s := h.MustRegister(t, x.Developer, app, prod, plan)
			all, ids, owners = append(all, s), append(ids, s.GlobalID()), append(owners, app.GlobalID())
		}
		decided, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (int, error) {
			switch i := n / 4 % len(all); n % 4 {
			case 0:
				return 0, errOf(p.Apps.Withdraw(x.Developer, ids[i], nil))
			case 1:
				if i%2 == 0 {
					return 0, errOf(p.Apps.DeleteApp(x.Developer, owners[i], nil))
				}
			}
			in := apps.DecideSubscriptionsInput{Decision: domain.ApproveSubscription, Reason: new("So.")}
			for i := range ids { // begin at another one
				in.SubscriptionIDs = append(in.SubscriptionIDs, ids[(i+n)%len(ids)])
			}
			if n%2 == 1 {
				in.Decision = domain.RejectSubscription
			}
			return countDecided(t, h, p, x, in)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS", "NOT_FOUND")
		n := 0
		for _, d := range decided {
			n += d
		}
		events, err := h.Client.Event.Query().Where(event.TypeIn(string(eventlog.SubscriptionApproved), string(eventlog.SubscriptionRejected))).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, n, events, "each decision has an event, and each event was told as a decision")
		for _, s := range all {
			requireOneDecision(t, h, s)
		}
	})
}

// countDecided decides, and returns how many of the results are decisions.
func countDecided(t *testing.T, h *racetest.Harness, p *portal.Portal, x portaltest.Tenant, in apps.DecideSubscriptionsInput) (n int, err error) {
	got, err := p.Apps.DecideSubscriptions(x.Admin, in)
	for _, r := range got {
		switch {
		case r.ProductSubscription != nil:
			n++
		case r.UserError != nil:
			if r.UserError.Code != fault.WrongStatus {
				t.Errorf("%s: %s", r.SubscriptionID, r.UserError.Code)
			}
		case r.Error == nil || r.Error.Code != fault.CodeNotFound:
			t.Errorf("%s: %v", r.SubscriptionID, r.Cause)
		}
	}
	return n, err
}

// requireOneDecision requires that a subscription left WAITING once.
func requireOneDecision(t *testing.T, h *racetest.Harness, s *db.Subscription) {
	t.Helper()
	left := 0
	for _, e := range h.Events(t, s.ID) {
		for _, c := range e.Changes {
			if c.Field == "status" && c.Before != nil && *c.Before == "WAITING" {
				left++
			}
		}
	}
	require.Equal(t, 1, left)
	require.NotEqual(t, access.SubscriptionWaiting, h.Client.Subscription.GetX(portaltest.System(t), s.ID).Status)
}
