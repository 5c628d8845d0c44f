package portal_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
)

// fill returns a product n endpoints, without their events.
func fill(t *testing.T, f *portaltest.Fixture, p *db.Product, n int) {
	t.Helper()
	now := f.Clock.Now()
	for done := 0; done < n; done += 100 {
		require.NoError(t, f.Client.Endpoint.MapCreateBulk(make([]struct{}, min(100, n-done)), func(c *db.EndpointCreate, i int) {
			c.SetOrganizationID(p.OrganizationID).SetProductID(p.ID).SetMethod(domain.MethodGet).
				SetPath(fmt.Sprintf("/filled/%d", done+i)).SetCreatedAt(now).SetUpdatedAt(now)
		}).Exec(portaltest.System(t)))
	}
}

// The five hundredth endpoint is the last one, however many come at once.
func TestRaceLastEndpoints(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		prod, _ := a.MustProduct(t, x.Admin, "orders")
		fill(t, a.Fixture, prod, 495)
		_, outcomes := race(a, func(n int, p *portal.Portal) (*db.Endpoint, error) {
			return p.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: domain.MethodGet, Path: fmt.Sprintf("/raced/%d", n)})
		})
		require.Equal(t, map[string]int{won: 5, "TOO_MANY": racers - 5}, tally(outcomes))
	})
}

// Of many who make the same endpoint, move to the same path, or delete the
// same one, one does.
func TestRaceEndpoint(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		prod, _ := a.MustProduct(t, x.Admin, "orders")
		made, outcomes := race(a, func(_ int, p *portal.Portal) (*db.Endpoint, error) {
			return p.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: domain.MethodGet, Path: "/orders"})
		})
		requireOne(t, outcomes, "TAKEN")
		one := winner(made, outcomes)

		others := make([]*db.Endpoint, racers)
		for n := range others {
			others[n] = mustEndpoint(t, a.Fixture, x.Admin, prod, domain.MethodPost, fmt.Sprintf("/orders/%d", n))
		}
		_, outcomes = race(a, func(n int, p *portal.Portal) (*db.Endpoint, error) {
			return p.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: others[n].GlobalID(), Path: set("/orders/last")})
		})
		requireOne(t, outcomes, "TAKEN")

		_, outcomes = race(a, func(_ int, p *portal.Portal) (string, error) {
			return p.Catalog.DeleteEndpoint(x.Admin, one.GlobalID())
		})
		requireOne(t, outcomes, "NOT_FOUND")
		require.Len(t, a.events(t, one.ID, eventlog.EndpointDeleted), 1)
	})
}

// Of many who make an endpoint of one shape, or move theirs to it, one does.
func TestRaceEndpointsOfOneShape(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		prod, _ := a.MustProduct(t, x.Admin, "orders")
		others := make([]*db.Endpoint, racers)
		for n := range others {
			others[n] = mustEndpoint(t, a.Fixture, x.Admin, prod, domain.MethodGet, fmt.Sprintf("/orders/%d", n))
		}
		_, outcomes := race(a, func(n int, p *portal.Portal) (*db.Endpoint, error) {
			path := fmt.Sprintf("/orders/{id%d}", n)
			if n%2 == 0 {
				return p.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: others[n].GlobalID(), Path: set(path)})
			}
			return p.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: domain.MethodGet, Path: path})
		})
		requireOne(t, outcomes, "TAKEN")
	})
}

// Whoever chooses an endpoint while it is deleted keeps it or is refused; the
// subscription is never wider for it.
func TestRaceNarrowAndDelete(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		s := newShop(t, a.Fixture, "/a", "/b")
		sub := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "App").App, s.product, s.plan)
		_, outcomes := race(a, func(n int, p *portal.Portal) (any, error) {
			if n%8 == 0 {
				return p.Catalog.DeleteEndpoint(s.Admin, s.endpoints[0].GlobalID())
			}
			return p.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{
				SubscriptionID: sub.GlobalID(), EndpointIDs: set(ids(s.endpoints[n%2])),
			})
		})
		requireOnly(t, outcomes, won, "NOT_FOUND", "UNKNOWN_REFERENCE")
		now, err := a.Client.Subscription.Get(portaltest.System(t), sub.ID)
		require.NoError(t, err)
		require.Len(t, now.EndpointIds, 1)
		require.Len(t, a.events(t, sub.ID, eventlog.SubscriptionNarrowed), now.Version-1)
	})
}

// Against one version one choice is made, and none beside a suspension.
func TestRaceNarrow(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		s := newShop(t, a.Fixture, "/a", "/b")
		sub := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "App").App, s.product, s.plan)
		_, outcomes := race(a, func(n int, p *portal.Portal) (*db.Subscription, error) {
			return p.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{
				SubscriptionID: sub.GlobalID(), Version: ptr(1), EndpointIDs: set(ids(s.endpoints[n%2])),
			})
		})
		requireOne(t, outcomes, "CONFLICT")
		_, err := a.Portal.Apps.Approve(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		_, outcomes = race(a, func(n int, p *portal.Portal) (*db.Subscription, error) {
			if n%2 == 0 {
				return p.Apps.Suspend(s.Admin, sub.GlobalID(), nil)
			}
			return p.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{
				SubscriptionID: sub.GlobalID(), EndpointIDs: set(ids(s.endpoints[n/2%2])),
			})
		})
		requireOnly(t, outcomes, won, "CONFLICT", "WRONG_STATUS")
		events := a.events(t, sub.ID)
		require.Equal(t, string(eventlog.SubscriptionSuspended), string(events[len(events)-1].Type), "a choice after the suspension")
	})
}
