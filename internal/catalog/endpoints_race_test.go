package catalog_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// mustFill stores n endpoints of a product, without their events.
func mustFill(t *testing.T, f *portaltest.Fixture, p *db.Product, n int) {
	t.Helper()
	now := f.Clock.Now()
	for done := 0; done < n; done += 100 {
		require.NoError(t, f.Client.Endpoint.MapCreateBulk(make([]struct{}, min(100, n-done)), func(c *db.EndpointCreate, i int) {
			c.SetOrganizationID(p.OrganizationID).SetProductID(p.ID).SetMethod(access.MethodGet).
				SetPath(fmt.Sprintf("/filled/%d", done+i)).SetCreatedAt(now).SetUpdatedAt(now)
		}).Exec(portaltest.System(t)))
	}
}

// A product has at most 500 endpoints, however many are created at once.
func TestRace_CreateLastEndpoints(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, _ := h.MustProduct(t, x.Admin, "orders")
		mustFill(t, h.Fixture, prod, 495)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Endpoint, error) {
			return p.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: access.MethodGet, Path: fmt.Sprintf("/raced/%d", n)})
		})
		require.Equal(t, map[string]int{racetest.OK: 5, "TOO_MANY": racetest.Requests - 5}, racetest.Tally(outcomes))
	})
}

// Of many requests that create the same endpoint, move one to the same path, or
// delete the same one, one succeeds.
func TestRace_Endpoint(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, _ := h.MustProduct(t, x.Admin, "orders")
		created, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (*db.Endpoint, error) {
			return p.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: access.MethodGet, Path: "/orders"})
		})
		racetest.RequireOne(t, outcomes, "TAKEN")
		one := racetest.First(created, outcomes)

		others := make([]*db.Endpoint, racetest.Requests)
		for n := range others {
			others[n] = h.Fixture.MustEndpoint(t, x.Admin, prod, access.MethodPost, fmt.Sprintf("/orders/%d", n))
		}
		_, outcomes = racetest.Run(h, func(n int, p *portal.Portal) (*db.Endpoint, error) {
			return p.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: others[n].GlobalID(), Path: input.SetTo("/orders/last")})
		})
		racetest.RequireOne(t, outcomes, "TAKEN")

		_, outcomes = racetest.Run(h, func(_ int, p *portal.Portal) (string, error) {
			return p.Catalog.DeleteEndpoint(x.Admin, one.GlobalID())
		})
		racetest.RequireOne(t, outcomes, "NOT_FOUND")
		require.Len(t, h.Events(t, one.ID, eventlog.EndpointDeleted), 1)
	})
}

// Of many requests that create an endpoint of one shape, or move one to it, one
// succeeds.
func TestRace_EndpointsOfOneShape(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, _ := h.MustProduct(t, x.Admin, "orders")
		others := make([]*db.Endpoint, racetest.Requests)
		for n := range others {
			others[n] = h.Fixture.MustEndpoint(t, x.Admin, prod, access.MethodGet, fmt.Sprintf("/orders/%d", n))
		}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Endpoint, error) {
			path := fmt.Sprintf("/orders/{id%d}", n)
			if n%2 == 0 {
				return p.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: others[n].GlobalID(), Path: input.SetTo(path)})
			}
			return p.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: access.MethodGet, Path: path})
		})
		racetest.RequireOne(t, outcomes, "TAKEN")
	})
}
