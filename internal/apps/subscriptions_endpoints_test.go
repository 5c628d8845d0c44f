package apps_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

func rowIDs(all ...*db.Endpoint) (out []uuid.UUID) {
	for _, e := range all {
		out = append(out, e.ID)
	}
	return out
}

// A subscription can be limited to some endpoints of its product when it is created.
func TestRegister_Endpoints(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := portaltest.New(t, url).MustShop(t, "/a", "/b", "/c")
		_, _, others := s.MustOffer(t, "returns", "/r")
		app := s.MustApp(t, s.Developer, "App").App
		a, b := s.Endpoints[0], s.Endpoints[1]
		t.Run("ErrEndpointIdsUnknownReference", func(t *testing.T) {
			for _, bad := range []string{others[0].GlobalID(), nodeid.Encode(nodeid.Endpoint, uuid.New()), s.Product.GlobalID(), "ep_", ""} {
				_, err := s.Register(s.Developer, app, a.GlobalID(), bad)
				portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE endpointIds.1")
			}
		})
		t.Run("ErrEndpointIdsRequired", func(t *testing.T) {
			_, err := s.Portal.Apps.Register(s.Developer, apps.RegisterInput{AppID: app.GlobalID(), ProductID: s.Product.GlobalID(), EndpointIDs: []string{}})
			portaltest.RequireProblems(t, err, "REQUIRED endpointIds")
		})
		t.Run("ErrEndpointIdsTooMany", func(t *testing.T) {
			_, err := s.Register(s.Developer, app, make([]string, 501)...)
			portaltest.RequireProblems(t, err, "TOO_MANY endpointIds")
		})
		t.Run("OK", func(t *testing.T) {
			sub, err := s.Register(s.Developer, app, portaltest.EndpointIDs(b, a, b)...)
			require.NoError(t, err)
			require.ElementsMatch(t, rowIDs(a, b), sub.EndpointIds)
		})
		t.Run("OK, all endpoints", func(t *testing.T) {
			whole := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "Other").App, s.Product, s.Plan)
			require.Nil(t, whole.EndpointIds)
		})
	})
}

// The endpoints belong to the input that an idempotency key stands for.
func TestRegister_AgainWithEndpoints(t *testing.T) {
	s := portaltest.New(t, testdb.SQLite(t)).MustShop(t, "/a", "/b")
	app := s.MustApp(t, s.Developer, "App").App
	in := apps.RegisterInput{AppID: app.GlobalID(), ProductID: s.Product.GlobalID(), EndpointIDs: portaltest.EndpointIDs(s.Endpoints[0]), IdempotencyKey: new("once")}
	created, err := s.Portal.Apps.Register(s.Developer, in)
	require.NoError(t, err)
	t.Run("OK", func(t *testing.T) {
		again, err := s.Portal.Apps.Register(s.Developer, in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, created.Subscription.ID, again.Subscription.ID)
	})
	t.Run("ErrConflict", func(t *testing.T) {
		for _, other := range [][]string{nil, portaltest.EndpointIDs(s.Endpoints[1])} {
			in.EndpointIDs = other
			_, err := s.Portal.Apps.Register(s.Developer, in)
			portaltest.RequireCode(t, err, fault.CodeConflict)
		}
	})
}

// A developer chooses among the endpoints, fewer and more, while the
// subscription waits or is approved; each choice is recorded once.
func TestUpdateSubscriptionEndpoints(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := portaltest.New(t, url).MustShop(t, "/a", "/b")
		a, b := s.Endpoints[0], s.Endpoints[1]
		sub := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "App").App, s.Product, s.Plan)
		now, err := s.UpdateEndpoints(s.Developer, sub, portaltest.EndpointIDs(a)...)
		require.NoError(t, err)
		require.Equal(t, rowIDs(a), now.EndpointIds)
		_, err = s.Portal.Apps.Approve(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		now, err = s.UpdateEndpoints(s.Developer, sub, portaltest.EndpointIDs(b, a)...)
		require.NoError(t, err)
		require.ElementsMatch(t, rowIDs(a, b), now.EndpointIds)
		require.Equal(t, 4, now.Version)
		now, err = s.UpdateEndpoints(s.Admin, sub, portaltest.EndpointIDs(a, b, a)...)
		require.NoError(t, err)
		require.Equal(t, 4, now.Version, "nothing has changed")

		t.Run("ErrEndpointIdsRequired", func(t *testing.T) {
			_, err := s.UpdateEndpoints(s.Developer, sub)
			portaltest.RequireProblems(t, err, "REQUIRED endpointIds")
		})
		t.Run("ErrEndpointIdsUnknownReference", func(t *testing.T) {
			_, err := s.UpdateEndpoints(s.Developer, sub, a.GlobalID(), nodeid.Encode(nodeid.Endpoint, uuid.New()))
			portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE endpointIds.1")
		})
		t.Run("ErrConflict", func(t *testing.T) {
			_, err := s.Portal.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{
				SubscriptionID: sub.GlobalID(), Version: new(1), EndpointIDs: input.SetTo(portaltest.EndpointIDs(a)),
			})
			portaltest.RequireCode(t, err, fault.CodeConflict)
		})
		same, err := s.Portal.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{SubscriptionID: sub.GlobalID()})
		require.NoError(t, err)
		require.Equal(t, now.EndpointIds, same.EndpointIds, "what is left out stays")
		now, err = s.Portal.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{
			SubscriptionID: sub.GlobalID(), EndpointIDs: input.Patch[[]string]{Set: true},
		})
		require.NoError(t, err)
		require.Nil(t, now.EndpointIds)
		require.Equal(t, []string{
			string(eventlog.SubscriptionRegistered), string(eventlog.SubscriptionNarrowed), string(eventlog.SubscriptionApproved),
			string(eventlog.SubscriptionNarrowed), string(eventlog.SubscriptionNarrowed),
		}, s.EventTypes(t, sub.ID))
	})
}

// Subscriptions of others answer like those that do not exist, and a subscription
// that is suspended or has ended keeps its endpoints.
func TestUpdateSubscriptionEndpoints_Errors(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := portaltest.New(t, url).MustShop(t, "/a")
		foreign := s.MustTenant(t, "foreign")
		other := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Globex"))
		sub := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "App").App, s.Product, s.Plan)
		unknown := *sub
		unknown.ID = uuid.New()
		t.Run("ErrNotFound", func(t *testing.T) {
			for _, as := range []context.Context{other, foreign.Admin, foreign.Developer} {
				_, err := s.UpdateEndpoints(as, sub, portaltest.EndpointIDs(s.Endpoints...)...)
				_, want := s.UpdateEndpoints(as, &unknown, portaltest.EndpointIDs(s.Endpoints...)...)
				portaltest.RequireCode(t, err, fault.CodeNotFound)
				require.Equal(t, want.Error(), err.Error())
			}
		})
		t.Run("ErrSubscriptionIdWrongStatus, unless it is approved", func(t *testing.T) {
			for _, step := range []func() (*db.Subscription, error){
				func() (*db.Subscription, error) { return s.Portal.Apps.Approve(s.Admin, sub.GlobalID(), nil) },
				func() (*db.Subscription, error) { return s.Portal.Apps.Suspend(s.Admin, sub.GlobalID(), nil) },
				func() (*db.Subscription, error) { return s.Portal.Apps.Unregister(s.Admin, sub.GlobalID(), nil) },
			} {
				now, err := step()
				require.NoError(t, err)
				for _, as := range []context.Context{s.Developer, s.Admin} {
					may := s.Portal.Apps.SubscriptionPermissions(as, now).UpdateEndpoints.Allowed
					_, err = s.UpdateEndpoints(as, now, portaltest.EndpointIDs(s.Endpoints...)...)
					if may {
						require.NoError(t, err)
					} else {
						list := fault.Problems(err)
						require.Len(t, list, 1)
						require.Equal(t, fault.WrongStatus, list[0].Code)
						require.Equal(t, []string{"subscriptionId"}, list[0].Field)
					}
					require.Equal(t, now.Status == "APPROVED", may)
				}
			}
		})
	})
}

// An endpoint is chosen while it is deleted: the subscription has it or the request
// is refused, and never has all endpoints instead.
func TestRace_UpdateSubscriptionEndpointsAndDelete(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := h.Fixture.MustShop(t, "/a", "/b")
		sub := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "App").App, s.Product, s.Plan)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			if n%8 == 0 {
				return p.Catalog.DeleteEndpoint(s.Admin, s.Endpoints[0].GlobalID())
			}
			return p.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{
				SubscriptionID: sub.GlobalID(), EndpointIDs: input.SetTo(portaltest.EndpointIDs(s.Endpoints[n%2])),
			})
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "NOT_FOUND", "UNKNOWN_REFERENCE")
		now, err := h.Client.Subscription.Get(portaltest.System(t), sub.ID)
		require.NoError(t, err)
		require.Len(t, now.EndpointIds, 1)
		require.Len(t, h.Events(t, sub.ID, eventlog.SubscriptionNarrowed), now.Version-1)
	})
}

// Of many requests against one version one succeeds, and none after a suspension.
func TestRace_UpdateSubscriptionEndpoints(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := h.Fixture.MustShop(t, "/a", "/b")
		sub := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "App").App, s.Product, s.Plan)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Subscription, error) {
			return p.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{
				SubscriptionID: sub.GlobalID(), Version: new(1), EndpointIDs: input.SetTo(portaltest.EndpointIDs(s.Endpoints[n%2])),
			})
		})
		racetest.RequireOne(t, outcomes, "CONFLICT")
		_, err := h.Portal.Apps.Approve(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		_, outcomes = racetest.Run(h, func(n int, p *portal.Portal) (*db.Subscription, error) {
			if n%2 == 0 {
				return p.Apps.Suspend(s.Admin, sub.GlobalID(), nil)
			}
			return p.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{
				SubscriptionID: sub.GlobalID(), EndpointIDs: input.SetTo(portaltest.EndpointIDs(s.Endpoints[n/2%2])),
			})
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "CONFLICT", "WRONG_STATUS")
		events := h.Events(t, sub.ID)
		require.Equal(t, string(eventlog.SubscriptionSuspended), string(events[len(events)-1].Type), "a choice after the suspension")
	})
}
