package portal_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// shop is a tenant with a product of a few endpoints.
type shop struct {
	*portaltest.Fixture
	portaltest.Tenant
	product   *db.Product
	plan      *db.Plan
	endpoints []*db.Endpoint
}

func newShop(t *testing.T, f *portaltest.Fixture, paths ...string) shop {
	t.Helper()
	s := shop{Fixture: f, Tenant: f.MustTenant(t, "shop")}
	s.product, s.plan, s.endpoints = s.offer(t, "orders", paths...)
	return s
}

func (s shop) offer(t *testing.T, name string, paths ...string) (*db.Product, *db.Plan, []*db.Endpoint) {
	t.Helper()
	x, plan := s.MustProduct(t, s.Admin, name)
	var all []*db.Endpoint
	for _, path := range paths {
		all = append(all, mustEndpoint(t, s.Fixture, s.Admin, x, domain.MethodGet, path))
	}
	return x, plan, all
}

// register registers a fresh app, narrowed to these endpoints.
func (s shop) register(as context.Context, app *db.App, ids ...string) (*db.Subscription, error) {
	made, err := s.Portal.Apps.Register(as, apps.RegisterInput{AppID: app.GlobalID(), ProductID: s.product.GlobalID(), EndpointIDs: ids})
	return made.Subscription, err
}

// setEndpoints changes a subscription's endpoints.
func (s shop) narrow(as context.Context, sub *db.Subscription, ids ...string) (*db.Subscription, error) {
	return s.Portal.Apps.UpdateSubscriptionEndpoints(as, apps.UpdateSubscriptionEndpointsInput{SubscriptionID: sub.GlobalID(), EndpointIDs: set(ids)})
}

// ids are the opaque ids of endpoints.
func ids(all ...*db.Endpoint) (out []string) {
	for _, e := range all {
		out = append(out, e.GlobalID())
	}
	return out
}

func rowIDs(all ...*db.Endpoint) (out []uuid.UUID) {
	for _, e := range all {
		out = append(out, e.ID)
	}
	return out
}

// A subscription is narrowed when it is made, to endpoints of its product alone.
func TestRegisterNarrowed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newShop(t, portaltest.New(t, url), "/a", "/b", "/c")
		_, _, others := s.offer(t, "returns", "/r")
		app := s.MustApp(t, s.Developer, "App").App
		a, b := s.endpoints[0], s.endpoints[1]
		for _, bad := range []string{others[0].GlobalID(), nodeid.Encode(nodeid.Endpoint, uuid.New()), s.product.GlobalID(), "ep_", ""} {
			_, err := s.register(s.Developer, app, a.GlobalID(), bad)
			requireProblems(t, err, "UNKNOWN_REFERENCE endpointIds.1")
		}
		_, err := s.Portal.Apps.Register(s.Developer, apps.RegisterInput{AppID: app.GlobalID(), ProductID: s.product.GlobalID(), EndpointIDs: []string{}})
		requireProblems(t, err, "REQUIRED endpointIds")
		_, err = s.register(s.Developer, app, make([]string, 501)...)
		requireProblems(t, err, "TOO_MANY endpointIds")

		sub, err := s.register(s.Developer, app, ids(b, a, b)...)
		require.NoError(t, err)
		require.ElementsMatch(t, rowIDs(a, b), sub.EndpointIds)
		whole := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "Other").App, s.product, s.plan)
		require.Nil(t, whole.EndpointIds)
	})
}

// The endpoints are part of what an idempotency key stands for.
func TestRegisterNarrowedOnce(t *testing.T) {
	s := newShop(t, portaltest.New(t, testdb.SQLite(t)), "/a", "/b")
	app := s.MustApp(t, s.Developer, "App").App
	in := apps.RegisterInput{AppID: app.GlobalID(), ProductID: s.product.GlobalID(), EndpointIDs: ids(s.endpoints[0]), IdempotencyKey: ptr("once")}
	made, err := s.Portal.Apps.Register(s.Developer, in)
	require.NoError(t, err)
	again, err := s.Portal.Apps.Register(s.Developer, in)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, made.Subscription.ID, again.Subscription.ID)
	for _, other := range [][]string{nil, ids(s.endpoints[1])} {
		in.EndpointIDs = other
		_, err = s.Portal.Apps.Register(s.Developer, in)
		requireCode(t, err, fault.CodeConflict)
	}
}

// A developer chooses among the endpoints, fewer and more, while the
// subscription waits or is approved; each choice is told once.
func TestUpdateSubscriptionEndpoints(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newShop(t, portaltest.New(t, url), "/a", "/b")
		a, b := s.endpoints[0], s.endpoints[1]
		sub := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "App").App, s.product, s.plan)
		now, err := s.narrow(s.Developer, sub, ids(a)...)
		require.NoError(t, err)
		require.Equal(t, rowIDs(a), now.EndpointIds)
		_, err = s.Portal.Apps.Approve(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		now, err = s.narrow(s.Developer, sub, ids(b, a)...)
		require.NoError(t, err)
		require.ElementsMatch(t, rowIDs(a, b), now.EndpointIds)
		require.Equal(t, 4, now.Version)
		now, err = s.narrow(s.Admin, sub, ids(a, b, a)...)
		require.NoError(t, err)
		require.Equal(t, 4, now.Version, "nothing has changed")

		_, err = s.narrow(s.Developer, sub)
		requireProblems(t, err, "REQUIRED endpointIds")
		_, err = s.narrow(s.Developer, sub, a.GlobalID(), nodeid.Encode(nodeid.Endpoint, uuid.New()))
		requireProblems(t, err, "UNKNOWN_REFERENCE endpointIds.1")
		_, err = s.Portal.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{
			SubscriptionID: sub.GlobalID(), Version: ptr(1), EndpointIDs: set(ids(a)),
		})
		requireCode(t, err, fault.CodeConflict)
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
		}, eventTypes(t, s.Fixture, sub.ID))
	})
}

// Others' subscriptions answer like those there are not, and what is
// interrupted or has ended stays as it is.
func TestEndpointsThatCannotBeChosen(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newShop(t, portaltest.New(t, url), "/a")
		foreign := s.MustTenant(t, "foreign")
		other := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Globex"))
		sub := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "App").App, s.product, s.plan)
		unknown := *sub
		unknown.ID = uuid.New()
		for _, as := range []context.Context{other, foreign.Admin, foreign.Developer} {
			_, err := s.narrow(as, sub, ids(s.endpoints...)...)
			_, want := s.narrow(as, &unknown, ids(s.endpoints...)...)
			requireCode(t, err, fault.CodeNotFound)
			require.Equal(t, want.Error(), err.Error())
		}
		for _, step := range []func() (*db.Subscription, error){
			func() (*db.Subscription, error) { return s.Portal.Apps.Approve(s.Admin, sub.GlobalID(), nil) },
			func() (*db.Subscription, error) { return s.Portal.Apps.Suspend(s.Admin, sub.GlobalID(), nil) },
			func() (*db.Subscription, error) { return s.Portal.Apps.Unregister(s.Admin, sub.GlobalID(), nil) },
		} {
			now, err := step()
			require.NoError(t, err)
			for _, as := range []context.Context{s.Developer, s.Admin} {
				may := s.Portal.Apps.SubscriptionPermissions(as, now).UpdateEndpoints.Allowed
				_, err = s.narrow(as, now, ids(s.endpoints...)...)
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
}
