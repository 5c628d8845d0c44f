package portal_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// requireProblems wants these problems of the input, each as "CODE field".
func requireProblems(t *testing.T, err error, want ...string) {
	t.Helper()
	require.Error(t, err)
	got := []string{}
	for _, p := range fault.Problems(err) {
		got = append(got, string(p.Code)+" "+strings.Join(p.Field, "."))
	}
	require.Equal(t, want, got, "%v", err)
}

// requireCode wants an error for the outside of this code.
func requireCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	require.Error(t, err)
	require.Empty(t, fault.Problems(err))
	require.Equal(t, want, fault.From(err).Code, "%v", err)
}

// mustEndpoint makes an endpoint.
func mustEndpoint(t *testing.T, f *portaltest.Fixture, admin context.Context, p *db.Product, m domain.Method, path string) *db.Endpoint {
	t.Helper()
	made, err := f.Portal.Catalog.CreateEndpoint(admin, catalog.CreateEndpointInput{ProductID: p.GlobalID(), Method: m, Path: path})
	require.NoError(t, err)
	return made
}

// eventTypes returns the types of the events of an object.
func eventTypes(t *testing.T, f *portaltest.Fixture, of uuid.UUID) []string {
	t.Helper()
	all, err := f.Client.Event.Query().Where(event.SubjectID(of)).Order(event.ByPosition()).All(portaltest.System(t))
	require.NoError(t, err)
	var out []string
	for _, e := range all {
		out = append(out, string(e.Type))
	}
	return out
}

// Endpoints whose templates differ only in the names in braces would match the
// same calls: the second is TAKEN, whichever way it comes about.
func TestNamesInBracesDoNotMakeAnotherEndpoint(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "orders")
		create := func(m domain.Method, path string) error {
			_, err := f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: m, Path: path})
			return err
		}
		one := mustEndpoint(t, f, x.Admin, prod, domain.MethodGet, "/a/{id}/b/{rest...}")
		requireProblems(t, create(domain.MethodGet, "/a/{x}/b/{y...}"), "TAKEN path")
		for _, other := range []string{"/a/{x}/b/{y}", "/a/id/b/{rest...}", "/A/{id}/b/{rest...}", "/a/{id}/b/"} {
			require.NoError(t, create(domain.MethodGet, other), other)
		}
		two := mustEndpoint(t, f, x.Admin, prod, domain.MethodPost, "/a/{x}/b/{y...}")
		_, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: two.GlobalID(), Method: set(domain.MethodGet)})
		requireProblems(t, err, "TAKEN path")
		three := mustEndpoint(t, f, x.Admin, prod, domain.MethodGet, "/c")
		_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: three.GlobalID(), Path: set("/a/{z}/b/{z2...}")})
		requireProblems(t, err, "TAKEN path")
		renamed, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: one.GlobalID(), Path: set("/a/{order}/b/{all...}")})
		require.NoError(t, err, "its own shape is free for it")
		require.Equal(t, "/a/{order}/b/{all...}", renamed.Path)
	})
}

// Two endpoints of one shape that are there already stay: everything but the
// method and the path of each can be changed, and each can be deleted.
func TestEndpointsOfOneShapeThatAreThereStay(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "orders")
		one := mustEndpoint(t, f, x.Admin, prod, domain.MethodGet, "/a/{id}")
		two := f.Client.Endpoint.Create().SetOrganizationID(prod.OrganizationID).SetProductID(prod.ID).SetMethod(domain.MethodGet).
			SetPath("/a/{x}").SetCreatedAt(f.Clock.Now()).SetUpdatedAt(f.Clock.Now()).SaveX(portaltest.System(t))
		for _, e := range []*db.Endpoint{one, two} {
			_, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: e.GlobalID(), Method: set(e.Method), Path: set(e.Path), Description: set("Reads")})
			require.NoError(t, err)
			_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: e.GlobalID(), Path: set("/a/{other}")})
			requireProblems(t, err, "TAKEN path")
		}
		_, err := f.Portal.Catalog.DeleteEndpoint(x.Admin, two.GlobalID())
		require.NoError(t, err)
	})
}

// A method and path stand for one endpoint of a product.
func TestEndpointsAreUniqueInTheirProduct(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "orders")
		next, _ := f.MustProduct(t, x.Admin, "returns")
		get := mustEndpoint(t, f, x.Admin, prod, domain.MethodGet, "/orders/{id}")
		post := mustEndpoint(t, f, x.Admin, prod, domain.MethodPost, "/orders/{id}")
		mustEndpoint(t, f, x.Admin, next, domain.MethodGet, "/orders/{id}")

		_, err := f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: domain.MethodGet, Path: "/orders/{id}"})
		requireProblems(t, err, "TAKEN path")
		_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: post.GlobalID(), Method: set(domain.MethodGet)})
		requireProblems(t, err, "TAKEN path")

		same, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: get.GlobalID(), Path: set("/orders/{id}")})
		require.NoError(t, err)
		require.Equal(t, 1, same.Version, "nothing has changed")
		moved, err := f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{
			EndpointID: get.GlobalID(), Version: ptr(1), Path: set("/orders/{order}/lines"), Description: set("Its lines."),
		})
		require.NoError(t, err)
		require.Equal(t, []any{"/orders/{order}/lines", "Its lines.", 2}, []any{moved.Path, moved.Description, moved.Version})
		_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: get.GlobalID(), Version: ptr(1), Path: set("/late")})
		requireCode(t, err, fault.CodeConflict)

		deleted, err := f.Portal.Catalog.DeleteEndpoint(x.Admin, get.GlobalID())
		require.NoError(t, err)
		require.Equal(t, get.GlobalID(), deleted)
		_, err = f.Portal.Catalog.DeleteEndpoint(x.Admin, get.GlobalID())
		requireCode(t, err, fault.CodeNotFound)
		require.Equal(t, []string{string(eventlog.EndpointCreated), string(eventlog.EndpointUpdated), string(eventlog.EndpointDeleted)}, eventTypes(t, f, get.ID))
		again := mustEndpoint(t, f, x.Admin, prod, domain.MethodGet, "/orders/{order}/lines")
		require.NotEqual(t, get.ID, again.ID)
	})
}

// What no endpoint can be is said of the field.
func TestInvalidEndpoints(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	prod, _ := f.MustProduct(t, x.Admin, "orders")
	made := mustEndpoint(t, f, x.Admin, prod, domain.MethodAny, "/")
	for _, path := range []string{"", "orders", "/a/../b", "//", "/a?b", "/{}", "/{rest...}/more", "/%2e%2e", "/\x00", "/" + strings.Repeat("x", 1024), strings.Repeat("/x", 33)} {
		_, err := f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: domain.MethodGet, Path: path})
		requireProblems(t, err, "INVALID path")
		_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{EndpointID: made.GlobalID(), Path: set(path)})
		requireProblems(t, err, "INVALID path")
	}
	_, err := f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{
		ProductID: prod.GlobalID(), Method: domain.MethodGet, Path: "bad", Description: ptr(strings.Repeat("x", 2001)),
	})
	requireProblems(t, err, "INVALID path", "TOO_LONG description")
	_, err = f.Portal.Catalog.UpdateEndpoint(x.Admin, catalog.UpdateEndpointInput{
		EndpointID: made.GlobalID(), Method: input.Patch[domain.Method]{Set: true}, Path: input.Patch[string]{Set: true},
	})
	requireProblems(t, err, "REQUIRED method", "REQUIRED path")

	_, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(), Status: set(domain.Retired)})
	require.NoError(t, err)
	_, err = f.Portal.Catalog.CreateEndpoint(x.Admin, catalog.CreateEndpointInput{ProductID: prod.GlobalID(), Method: domain.MethodGet, Path: "/late"})
	requireProblems(t, err, "WRONG_STATUS productId")
}

// Another organization's endpoints answer like those there are not, and
// developers change none.
func TestEndpointsOfOthers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, y := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		prod, _ := f.MustProduct(t, x.Admin, "orders")
		made := mustEndpoint(t, f, x.Admin, prod, domain.MethodGet, "/orders")
		attempts := func(as context.Context, product, endpoint string) (errs []error) {
			_, err := f.Portal.Catalog.CreateEndpoint(as, catalog.CreateEndpointInput{ProductID: product, Method: domain.MethodGet, Path: "/planted"})
			errs = append(errs, err)
			_, err = f.Portal.Catalog.UpdateEndpoint(as, catalog.UpdateEndpointInput{EndpointID: endpoint, Path: set("/stolen")})
			errs = append(errs, err)
			_, err = f.Portal.Catalog.DeleteEndpoint(as, endpoint)
			return append(errs, err)
		}
		foreign := attempts(y.Admin, prod.GlobalID(), made.GlobalID())
		unknown := attempts(y.Admin, nodeid.Encode(nodeid.Product, uuid.New()), nodeid.Encode(nodeid.Endpoint, uuid.New()))
		malformed := attempts(y.Admin, "prod_?", prod.GlobalID())
		for i, err := range foreign {
			requireCode(t, err, fault.CodeNotFound)
			require.Equal(t, unknown[i].Error(), err.Error())
			require.Equal(t, malformed[i].Error(), err.Error())
		}
		for _, err := range attempts(x.Developer, prod.GlobalID(), made.GlobalID()) {
			requireCode(t, err, fault.CodeForbidden)
		}
		now, err := f.Client.Endpoint.Query().All(portaltest.System(t))
		require.NoError(t, err)
		require.Len(t, now, 1)
		require.Equal(t, "/orders", now[0].Path)
	})
}

// A product is keyless, or enforces its endpoints, when somebody says so.
func TestProductsSayHowTheyAreCalled(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	usual, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "usual"})
	require.NoError(t, err)
	require.Equal(t, []bool{false, false}, []bool{usual.Keyless, usual.EnforceEndpoints})
	open, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "open", Keyless: ptr(true), EnforceEndpoints: ptr(true)})
	require.NoError(t, err)
	require.Equal(t, []bool{true, true}, []bool{open.Keyless, open.EnforceEndpoints})
	shut, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: open.GlobalID(), Keyless: set(false), EnforceEndpoints: set(false)})
	require.NoError(t, err)
	require.Equal(t, []bool{false, false}, []bool{shut.Keyless, shut.EnforceEndpoints})
	_, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{
		ProductID: open.GlobalID(), Keyless: input.Patch[bool]{Set: true}, EnforceEndpoints: input.Patch[bool]{Set: true},
	})
	requireProblems(t, err, "REQUIRED keyless", "REQUIRED enforceEndpoints")
}
