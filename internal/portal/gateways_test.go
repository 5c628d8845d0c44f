package portal_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// A gateway's token is bound to products of its organization, by their names.
func TestGatewayTokens(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, y := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		orders, _ := f.MustProduct(t, x.Admin, "orders")
		f.MustProduct(t, y.Admin, "theirs")
		create := func(in identity.NewGateway) (*db.ServiceToken, error) {
			in.Hash, in.Hint = []byte(uuid.NewString()), "abcd"
			return f.Portal.Identity.CreateGateway(t.Context(), in)
		}
		wide, err := create(identity.NewGateway{Organization: "one", Name: "edge-1"})
		require.NoError(t, err)
		require.Nil(t, wide.ProductIds, "nil is all products")
		require.Nil(t, wide.Environment)
		f.Clock.Advance(1)
		narrow, err := create(identity.NewGateway{Organization: "one", Name: "edge-2", Products: []string{"orders", "orders"}, Environment: ptr(domain.Production)})
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{orders.ID}, narrow.ProductIds)

		for _, name := range []string{"theirs", "nothing", "", "orders\x00"} {
			_, err = create(identity.NewGateway{Organization: "one", Name: "edge-3", Products: []string{"orders", name}})
			requireProblems(t, err, "UNKNOWN_REFERENCE products.1")
		}
		_, err = create(identity.NewGateway{Organization: "nobody", Name: "edge-3"})
		requireProblems(t, err, "UNKNOWN_REFERENCE organization")
		_, err = create(identity.NewGateway{Organization: "one", Name: "edge-1"})
		requireProblems(t, err, "TAKEN name")
		_, err = create(identity.NewGateway{Organization: "one", Name: strings.Repeat("x", 256), Products: make([]string, 101)})
		requireProblems(t, err, "TOO_LONG name", "TOO_MANY products")

		list, err := f.Portal.Identity.Gateways(t.Context(), "one")
		require.NoError(t, err)
		require.Equal(t, []identity.GatewayToken{
			{Name: "edge-1", Hint: "abcd", CreatedAt: wide.CreatedAt},
			{Name: "edge-2", Hint: "abcd", Products: []string{"orders"}, Environment: ptr(domain.Production), CreatedAt: narrow.CreatedAt},
		}, list)
		list, err = f.Portal.Identity.Gateways(t.Context(), "two")
		require.NoError(t, err)
		require.Empty(t, list)
		_, err = f.Portal.Identity.Gateways(t.Context(), "nobody")
		requireProblems(t, err, "UNKNOWN_REFERENCE organization")
	})
}

// A revoked token stays revoked, is told of once, and its name is not given again.
func TestRevokeGateway(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustTenant(t, "one")
		f.MustTenant(t, "two")
		in := identity.NewGateway{Organization: "one", Name: "edge-1", Hash: []byte("hash"), Hint: "abcd"}
		made, err := f.Portal.Identity.CreateGateway(t.Context(), in)
		require.NoError(t, err)
		who, found, err := f.Directory.Machine(t.Context(), in.Hash)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, made.ID, who.TokenID, "it is told apart from others")
		for _, at := range [][2]string{{"two", "edge-1"}, {"one", "edge-2"}, {"one", ""}, {"one", "edge-1\x00"}} {
			_, err = f.Portal.Identity.RevokeGateway(t.Context(), at[0], at[1])
			requireProblems(t, err, "UNKNOWN_REFERENCE name")
		}
		_, err = f.Portal.Identity.RevokeGateway(t.Context(), "nobody", "edge-1")
		requireProblems(t, err, "UNKNOWN_REFERENCE organization")

		gone, err := f.Portal.Identity.RevokeGateway(t.Context(), "one", "edge-1")
		require.NoError(t, err)
		require.NotNil(t, gone.RevokedAt)
		f.Clock.Advance(1)
		again, err := f.Portal.Identity.RevokeGateway(t.Context(), "one", "edge-1")
		require.NoError(t, err)
		require.Equal(t, gone.RevokedAt, again.RevokedAt)
		_, found, err = f.Directory.Machine(t.Context(), in.Hash)
		require.NoError(t, err)
		require.False(t, found, "it is not believed any more")
		require.Equal(t, []string{string(eventlog.ServiceTokenCreated), string(eventlog.ServiceTokenRevoked)}, eventTypes(t, f, made.ID))

		in.Hash = []byte("another")
		_, err = f.Portal.Identity.CreateGateway(t.Context(), in)
		requireProblems(t, err, "TAKEN name")
		list, err := f.Portal.Identity.Gateways(t.Context(), "one")
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.NotNil(t, list[0].RevokedAt)
	})
}

// Of many who revoke a token one does; the others are told the same.
func TestRaceRevokeGateway(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		a.MustTenant(t, "one")
		made, err := a.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "edge-1", Hash: []byte("hash"), Hint: "abcd"})
		require.NoError(t, err)
		_, outcomes := race(a, func(_ int, p *portal.Portal) (*db.ServiceToken, error) {
			return p.Identity.RevokeGateway(t.Context(), "one", "edge-1")
		})
		requireOnly(t, outcomes, won)
		require.Len(t, a.events(t, made.ID, eventlog.ServiceTokenRevoked), 1)
		now, err := a.Client.ServiceToken.Get(portaltest.System(t), made.ID)
		require.NoError(t, err)
		require.Equal(t, 2, now.Version)
	})
}

// Counts are kept as long as the organization says, the coarser ones longer.
func TestUsageRetention(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		keep := func(r domain.UsageRetention) (*db.Organization, error) {
			return f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{UsageRetention: set(r)})
		}
		for r, problems := range map[domain.UsageRetention][]string{
			{Minutes: 0, Hours: 0, Days: 0}:        {"INVALID usageRetention.minutes", "INVALID usageRetention.hours", "INVALID usageRetention.days"},
			{Minutes: 91, Hours: 1001, Days: 3661}: {"INVALID usageRetention.minutes", "INVALID usageRetention.hours", "INVALID usageRetention.days"},
			{Minutes: 8, Hours: 7, Days: 90}:       {"INVALID usageRetention.hours"},
			{Minutes: 7, Hours: 90, Days: 89}:      {"INVALID usageRetention.days"},
		} {
			_, err := keep(r)
			requireProblems(t, err, problems...)
		}
		for _, r := range []domain.UsageRetention{{Minutes: 1, Hours: 1, Days: 1}, {Minutes: 90, Hours: 1000, Days: 3660}} {
			o, err := keep(r)
			require.NoError(t, err)
			require.Equal(t, &r, o.UsageRetention)
		}
		o, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{UsageRetention: input.Patch[domain.UsageRetention]{Set: true}})
		require.NoError(t, err)
		require.Nil(t, o.UsageRetention, "what Portico has for all")
		require.Equal(t, 4, o.Version)
		_, err = f.Portal.Identity.UpdateOrganization(x.Developer, identity.UpdateOrganizationInput{UsageRetention: set(domain.DefaultUsageRetention())})
		requireCode(t, err, "FORBIDDEN")
	})
}
