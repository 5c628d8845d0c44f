package catalog_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Endpoints whose templates differ only in the names in braces would match the same
// calls: the second is TAKEN, whether it is created or updated.
func TestEndpointsOfOneShape(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "orders")
		create := func(m access.Method, path string) error {
			_, err := f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: m, Path: path})
			return err
		}
		one := f.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/a/{id}/b/{rest...}")
		t.Run("OK", func(t *testing.T) {
			for _, other := range []string{"/a/{x}/b/{y}", "/a/id/b/{rest...}", "/A/{id}/b/{rest...}", "/a/{id}/b/"} {
				require.NoError(t, create(access.MethodGet, other), other)
			}
		})
		t.Run("ErrPathTaken", func(t *testing.T) {
			portaltest.RequireProblems(t, create(access.MethodGet, "/a/{x}/b/{y...}"), "TAKEN path")
			two := f.MustEndpoint(t, x.Admin, prod, access.MethodPost, "/a/{x}/b/{y...}")
			_, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: two.GlobalID(), Method: input.SetTo(access.MethodGet)})
			portaltest.RequireProblems(t, err, "TAKEN path")
			three := f.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/c")
			_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: three.GlobalID(), Path: input.SetTo("/a/{z}/b/{z2...}")})
			portaltest.RequireProblems(t, err, "TAKEN path")
		})
		t.Run("OK, its own shape", func(t *testing.T) {
			renamed, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: one.GlobalID(), Path: input.SetTo("/a/{order}/b/{all...}")})
			require.NoError(t, err, "its own shape is free for it")
			require.Equal(t, "/a/{order}/b/{all...}", renamed.Path)
		})
	})
}

// Two endpoints of one shape that were stored before this was checked can be updated
// but for their method and path, and deleted.
func TestEndpointsOfOneShape_StoredBefore(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "orders")
		one := f.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/a/{id}")
		two := f.Client.Endpoint.Create().SetOrganizationID(prod.OrganizationID).SetProductID(prod.ID).SetMethod(access.MethodGet).
			SetPath("/a/{x}").SetCreatedAt(f.Clock.Now()).SetUpdatedAt(f.Clock.Now()).SaveX(portaltest.System(t))
		for _, e := range []*db.Endpoint{one, two} {
			_, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: e.GlobalID(), Method: input.SetTo(e.Method), Path: input.SetTo(e.Path), Description: input.SetTo("Reads")})
			require.NoError(t, err)
			_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: e.GlobalID(), Path: input.SetTo("/a/{other}")})
			portaltest.RequireProblems(t, err, "TAKEN path")
		}
		_, err := f.Portal.Catalog.DeleteEndpoint(x.Admin, two.GlobalID())
		require.NoError(t, err)
	})
}

// A method and path stand for one endpoint of a product.
func TestStory_Endpoint(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "orders")
		next, _ := f.MustProduct(t, x.Admin, "returns")
		get := f.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/orders/{id}")
		post := f.MustEndpoint(t, x.Admin, prod, access.MethodPost, "/orders/{id}")
		f.MustEndpoint(t, x.Admin, next, access.MethodGet, "/orders/{id}")

		_, err := f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: access.MethodGet, Path: "/orders/{id}"})
		portaltest.RequireProblems(t, err, "TAKEN path")
		_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: post.GlobalID(), Method: input.SetTo(access.MethodGet)})
		portaltest.RequireProblems(t, err, "TAKEN path")

		same, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: get.GlobalID(), Path: input.SetTo("/orders/{id}")})
		require.NoError(t, err)
		require.Equal(t, 1, same.Version, "nothing has changed")
		moved, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{
			EndpointID: get.GlobalID(), Version: new(1), Path: input.SetTo("/orders/{order}/lines"), Description: input.SetTo("Its lines."),
		})
		require.NoError(t, err)
		require.Equal(t, []any{"/orders/{order}/lines", "Its lines.", 2}, []any{moved.Path, moved.Description, moved.Version})
		_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: get.GlobalID(), Version: new(1), Path: input.SetTo("/late")})
		portaltest.RequireCode(t, err, fault.CodeConflict)

		deleted, err := f.Portal.Catalog.DeleteEndpoint(x.Admin, get.GlobalID())
		require.NoError(t, err)
		require.Equal(t, get.GlobalID(), deleted)
		_, err = f.Portal.Catalog.DeleteEndpoint(x.Admin, get.GlobalID())
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		require.Equal(t, []string{string(eventlog.EndpointCreated), string(eventlog.EndpointUpdated), string(eventlog.EndpointDeleted)}, f.EventTypes(t, get.ID))
		again := f.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/orders/{order}/lines")
		require.NotEqual(t, get.ID, again.ID)
	})
}

// An invalid endpoint is a problem of the field that is wrong.
func TestEndpoint_Errors(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	prod, _ := f.MustProduct(t, x.Admin, "orders")
	created := f.MustEndpoint(t, x.Admin, prod, access.MethodAny, "/")
	t.Run("ErrPathInvalid", func(t *testing.T) {
		for _, path := range []string{"", "orders", "/a/../b", "//", "/a?b", "/{}", "/{rest...}/more", "/%2e%2e", "/\x00", "/" + strings.Repeat("x", 1024), strings.Repeat("/x", 33)} {
			_, err := f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: access.MethodGet, Path: path})
			portaltest.RequireProblems(t, err, "INVALID path")
			_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: created.GlobalID(), Path: input.SetTo(path)})
			portaltest.RequireProblems(t, err, "INVALID path")
		}
	})
	t.Run("ErrPathInvalidAndDescriptionTooLong", func(t *testing.T) {
		_, err := f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{
			ProductID: prod.GlobalID(), Method: access.MethodGet, Path: "bad", Description: new(strings.Repeat("x", 2001)),
		})
		portaltest.RequireProblems(t, err, "INVALID path", "TOO_LONG description")
	})
	t.Run("ErrMethodRequiredAndPathRequired", func(t *testing.T) {
		_, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{
			EndpointID: created.GlobalID(), Method: input.Patch[access.Method]{Set: true}, Path: input.Patch[string]{Set: true},
		})
		portaltest.RequireProblems(t, err, "REQUIRED method", "REQUIRED path")
	})
	t.Run("ErrProductIdWrongStatus", func(t *testing.T) {
		_, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(), Status: input.SetTo(domain.Retired)})
		require.NoError(t, err)
		_, err = f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: access.MethodGet, Path: "/late"})
		portaltest.RequireProblems(t, err, "WRONG_STATUS productId")
	})
}

// Endpoints of another organization answer like those that do not exist, and
// developers cannot change any.
func TestEndpointsOfOtherOrganizations(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, y := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		prod, _ := f.MustProduct(t, x.Admin, "orders")
		created := f.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/orders")
		attempts := func(as context.Context, product, endpoint string) (errs []error) {
			_, err := f.Portal.Catalog.CreateEndpoint(as, catalog.CreateEndpointInput{ProductID: product, Method: access.MethodGet, Path: "/planted"})
			errs = append(errs, err)
			_, err = f.Portal.Catalog.UpdateEndpoint(as, catalog.UpdateEndpointInput{EndpointID: endpoint, Path: input.SetTo("/stolen")})
			errs = append(errs, err)
			_, err = f.Portal.Catalog.DeleteEndpoint(as, endpoint)
			return append(errs, err)
		}
		t.Run("ErrNotFound", func(t *testing.T) {
			foreign := attempts(y.Admin, prod.GlobalID(), created.GlobalID())
			unknown := attempts(y.Admin, nodeid.Encode(nodeid.Product, uuid.New()), nodeid.Encode(nodeid.Endpoint, uuid.New()))
			malformed := attempts(y.Admin, "prod_?", prod.GlobalID())
			for i, err := range foreign {
				portaltest.RequireCode(t, err, fault.CodeNotFound)
				require.Equal(t, unknown[i].Error(), err.Error())
				require.Equal(t, malformed[i].Error(), err.Error())
			}
		})
		t.Run("ErrForbidden", func(t *testing.T) {
			for _, err := range attempts(x.Developer, prod.GlobalID(), created.GlobalID()) {
				portaltest.RequireCode(t, err, fault.CodeForbidden)
			}
		})
		now, err := f.Client.Endpoint.Query().All(portaltest.System(t))
		require.NoError(t, err)
		require.Len(t, now, 1)
		require.Equal(t, "/orders", now[0].Path)
	})
}
