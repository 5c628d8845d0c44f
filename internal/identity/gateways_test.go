package identity_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

// A gateway's token is bound to products of its organization, by their names.
func TestCreateGateway(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, y := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		orders, _ := f.MustProduct(t, x.Admin, "orders")
		f.MustProduct(t, y.Admin, "theirs")
		create := func(in identity.NewGateway) (*db.ServiceToken, error) {
			in.Hash, in.Hint = []byte(uuid.NewString()), "abcd"
			return f.Portal.Identity.CreateGateway(t.Context(), in)
		}
		var wide, narrow *db.ServiceToken
		t.Run("OK, of all products", func(t *testing.T) {
			var err error
			wide, err = create(identity.NewGateway{Organization: "one", Name: "edge-1"})
			require.NoError(t, err)
			require.Nil(t, wide.ProductIds, "nil is all products")
			require.Nil(t, wide.Environment)
		})
		f.Clock.Advance(1)
		t.Run("OK, of some products", func(t *testing.T) {
			var err error
			narrow, err = create(identity.NewGateway{Organization: "one", Name: "edge-2", Products: []string{"orders", "orders"}, Environment: new(access.Production)})
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{orders.ID}, narrow.ProductIds)
		})
		t.Run("ErrProductsUnknownReference", func(t *testing.T) {
			for _, name := range []string{"theirs", "nothing", "", "orders\x00"} {
				_, err := create(identity.NewGateway{Organization: "one", Name: "edge-3", Products: []string{"orders", name}})
				portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE products.1")
			}
		})
		for _, c := range []struct {
			in   identity.NewGateway
			want []string
		}{
			{identity.NewGateway{Organization: "nobody", Name: "edge-3"}, []string{"UNKNOWN_REFERENCE organization"}},
			{identity.NewGateway{Organization: "one", Name: "edge-1"}, []string{"TAKEN name"}},
			{identity.NewGateway{Organization: "one", Name: strings.Repeat("x", 256), Products: make([]string, 101)}, []string{"TOO_LONG name", "TOO_MANY products"}},
		} {
			t.Run(portaltest.Subtest(c.want...), func(t *testing.T) {
				_, err := create(c.in)
				portaltest.RequireProblems(t, err, c.want...)
			})
		}
		t.Run("Gateways", func(t *testing.T) {
			list, err := f.Portal.Identity.Gateways(t.Context(), "one")
			require.NoError(t, err)
			require.Equal(t, []identity.GatewayToken{
				{ID: wide.ID, OrganizationID: wide.OrganizationID, Name: "edge-1", Hint: "abcd", CreatedAt: wide.CreatedAt},
				{ID: narrow.ID, OrganizationID: narrow.OrganizationID, Name: "edge-2", Hint: "abcd", Products: []string{"orders"}, Environment: new(access.Production), CreatedAt: narrow.CreatedAt},
			}, list)
			list, err = f.Portal.Identity.Gateways(t.Context(), "two")
			require.NoError(t, err)
			require.Empty(t, list)
		})
		t.Run("Gateways/ErrOrganizationUnknownReference", func(t *testing.T) {
			_, err := f.Portal.Identity.Gateways(t.Context(), "nobody")
			portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE organization")
		})
	})
}

// A revoked token stays revoked, with one event, and its name is not used again.
func TestStory_RevokeGateway(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		f.MustTenant(t, "two")
		_, err := f.Portal.Identity.CreateServiceToken(x.Admin, identity.CreateServiceTokenInput{Name: "reports", Scopes: []domain.ServiceTokenScope{domain.AdminRead}})
		require.NoError(t, err)
		in := identity.NewGateway{Organization: "one", Name: "edge-1", Hash: []byte("hash"), Hint: "abcd"}
		created, err := f.Portal.Identity.CreateGateway(t.Context(), in)
		require.NoError(t, err)
		who, found, err := f.Directory.Machine(t.Context(), in.Hash)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, created.ID, who.TokenID, "the viewer knows which token it is")
		t.Run("ErrNameUnknownReference", func(t *testing.T) {
			for _, at := range [][2]string{{"two", "edge-1"}, {"one", "edge-2"}, {"one", "reports"}, {"one", ""}, {"one", "edge-1\x00"}} {
				_, err := f.Portal.Identity.RevokeGateway(t.Context(), at[0], at[1])
				portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE name")
			}
		})
		t.Run("ErrOrganizationUnknownReference", func(t *testing.T) {
			_, err := f.Portal.Identity.RevokeGateway(t.Context(), "nobody", "edge-1")
			portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE organization")
		})

		gone, err := f.Portal.Identity.RevokeGateway(t.Context(), "one", "edge-1")
		require.NoError(t, err)
		require.NotNil(t, gone.RevokedAt)
		f.Clock.Advance(1)
		again, err := f.Portal.Identity.RevokeGateway(t.Context(), "one", "edge-1")
		require.NoError(t, err)
		require.Equal(t, gone.RevokedAt, again.RevokedAt)
		_, found, err = f.Directory.Machine(t.Context(), in.Hash)
		require.NoError(t, err)
		require.False(t, found, "it is no longer accepted")
		require.Equal(t, []string{string(eventlog.ServiceTokenCreated), string(eventlog.ServiceTokenRevoked)}, f.EventTypes(t, created.ID))

		in.Hash = []byte("another")
		_, err = f.Portal.Identity.CreateGateway(t.Context(), in)
		portaltest.RequireProblems(t, err, "TAKEN name")
		list, err := f.Portal.Identity.Gateways(t.Context(), "one")
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.NotNil(t, list[0].RevokedAt)
	})
}

// Of many requests that revoke a token one does; all are answered alike.
func TestRace_RevokeGateway(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		h.MustTenant(t, "one")
		created, err := h.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "edge-1", Hash: []byte("hash"), Hint: "abcd"})
		require.NoError(t, err)
		_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (*db.ServiceToken, error) {
			return p.Identity.RevokeGateway(t.Context(), "one", "edge-1")
		})
		racetest.RequireOnly(t, outcomes, racetest.OK)
		require.Len(t, h.Events(t, created.ID, eventlog.ServiceTokenRevoked), 1)
		now, err := h.Client.ServiceToken.Get(portaltest.System(t), created.ID)
		require.NoError(t, err)
		require.Equal(t, 2, now.Version)
	})
}
