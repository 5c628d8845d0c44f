package identity_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/auth"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// tokenEvents returns the events about an object, in their order.
func tokenEvents(t *testing.T, f *portaltest.Fixture, of uuid.UUID, types ...eventlog.Type) []*db.Event {
	t.Helper()
	q := f.Client.Event.Query().Where(event.SubjectID(of)).Order(event.ByPosition())
	for _, x := range types {
		q.Where(event.Type(string(x)))
	}
	all, err := q.All(portaltest.System(t))
	require.NoError(t, err)
	return all
}

type tokenInput = identity.CreateServiceTokenInput

func scopes(some ...domain.ServiceTokenScope) []domain.ServiceTokenScope { return some }

// machine returns the viewer of a token as a request would find it.
func machine(t *testing.T, f *portaltest.Fixture, token string) (viewer.Viewer, bool) {
	t.Helper()
	hashes, ok := auth.NewMachineTokens(f.Ring).Hashes(token)
	require.True(t, ok)
	v, ok, err := f.Directory.Machine(t.Context(), hashes[0])
	require.NoError(t, err)
	return v, ok
}

// A token is stored as a hash, and acts in the role of its scopes, for the organization
// or for an account.
func TestCreateServiceToken(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, y := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		create := func(in tokenInput) (identity.CreatedServiceToken, error) {
			return f.Portal.Identity.CreateServiceToken(x.Admin, in)
		}
		account := x.Account.GlobalID()
		t.Run("OK, of an account", func(t *testing.T) {
			out, err := create(tokenInput{Name: "shop", Scopes: scopes(domain.PortalWrite, domain.PortalWrite, domain.PortalRead), AccountID: &account})
			require.NoError(t, err)
			require.Regexp(t, `^pst_`, out.Secret)
			require.Equal(t, []string{"portal:read", "portal:write"}, out.ServiceToken.Scopes)
			require.NotContains(t, string(out.ServiceToken.TokenHash), out.Secret[4:20])
			v, ok := machine(t, f, out.Secret)
			require.True(t, ok)
			require.Equal(t, viewer.Portal, v.Role)
			require.Equal(t, x.Account.ID, v.AccountID)
			require.Equal(t, out.ServiceToken.ID, v.TokenID)
			require.False(t, v.AccountOwner)
			require.False(t, v.SignedIn())
			e := tokenEvents(t, f, out.ServiceToken.ID)
			require.Len(t, e, 1)
			require.Equal(t, string(eventlog.ServiceTokenCreated), e[0].Type)
			require.Nil(t, e[0].AccountID, "developers see no tokens")
		})
		t.Run("OK, of the organization", func(t *testing.T) {
			out, err := create(tokenInput{Name: "erp", Scopes: scopes(domain.SubscriptionsDecide)})
			require.NoError(t, err)
			v, ok := machine(t, f, out.Secret)
			require.True(t, ok)
			require.Equal(t, viewer.Admin, v.Role)
			require.Equal(t, domain.NewScopes(domain.SubscriptionsDecide), v.Scopes)
		})
		foreign, past := y.Account.GlobalID(), f.Clock.Now()
		for _, c := range []struct {
			in   tokenInput
			want []string
		}{
			{tokenInput{Name: "a"}, []string{"REQUIRED scopes"}},
			{tokenInput{Scopes: scopes(domain.AdminRead)}, []string{"REQUIRED name"}},
			{tokenInput{Name: "shop", Scopes: scopes(domain.AdminRead)}, []string{"TAKEN name"}},
			{tokenInput{Name: "a", Scopes: make([]domain.ServiceTokenScope, 8)}, []string{"REQUIRED scopes"}},
			{tokenInput{Name: "a", Scopes: append(domain.ServiceTokenScopes(), domain.AdminRead)}, []string{"TOO_MANY scopes"}},
			{tokenInput{Name: "a", Scopes: scopes(domain.PortalRead)}, []string{"REQUIRED accountId"}},
			{tokenInput{Name: "a", Scopes: scopes(domain.AdminRead), AccountID: &account}, []string{"NOT_ALLOWED accountId"}},
			{tokenInput{Name: "a", Scopes: scopes(domain.GatewayScope), AccountID: &account}, []string{"NOT_ALLOWED accountId"}},
			{tokenInput{Name: "a", Scopes: scopes(domain.PortalRead, domain.AdminRead), AccountID: &account}, []string{"NOT_ALLOWED scopes"}},
			{tokenInput{Name: "a", Scopes: scopes(domain.GatewayScope, domain.AdminRead)}, []string{"NOT_ALLOWED scopes"}},
			{tokenInput{Name: "a", Scopes: scopes(domain.PortalRead), AccountID: &foreign}, []string{"UNKNOWN_REFERENCE accountId"}},
			{tokenInput{Name: "a", Scopes: scopes(domain.PortalRead), AccountID: new("junk")}, []string{"UNKNOWN_REFERENCE accountId"}},
			{tokenInput{Name: "a", Scopes: scopes(domain.AdminRead), ExpiresAt: &past}, []string{"MUST_BE_FUTURE expiresAt"}},
			{tokenInput{Name: "a", Scopes: scopes(domain.AdminRead), IdempotencyKey: new("")}, []string{"REQUIRED idempotencyKey"}},
		} {
			t.Run(portaltest.Subtest(c.want...), func(t *testing.T) {
				_, err := create(c.in)
				portaltest.RequireProblems(t, err, c.want...)
			})
		}
		t.Run("ErrForbidden", func(t *testing.T) {
			_, err := f.Portal.Identity.CreateServiceToken(x.Developer, tokenInput{Name: "a", Scopes: scopes(domain.AdminRead)})
			require.True(t, fault.Is(err, fault.CodeForbidden), err)
		})
	})
}

// A token makes and revokes none and makes no administrators, whatever its scopes.
func TestServiceTokensGiveNothingOn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		made, err := f.Portal.Identity.CreateServiceToken(x.Admin, tokenInput{Name: "erp", Scopes: scopes(domain.AdminRead, domain.AdminWrite, domain.SubscriptionsDecide)})
		require.NoError(t, err)
		v, _ := machine(t, f, made.Secret)
		erp := portaltest.As(t, v)
		scope := func(err error) { t.Helper(); require.Equal(t, fault.ReasonScope, fault.From(err).Reason, err) }
		_, err = f.Portal.Identity.CreateServiceToken(erp, tokenInput{Name: "more", Scopes: scopes(domain.AdminRead)})
		scope(err)
		_, err = f.Portal.Identity.RevokeServiceToken(erp, made.ServiceToken.GlobalID(), nil)
		scope(err)
		admin := domain.RoleAdmin
		_, err = f.Portal.Identity.CreateUser(erp, identity.CreateUserInput{Name: "New", Email: address.ParseEmail("new@one.example"), Password: portaltest.Password, Role: &admin})
		scope(err)
		account := x.Account.GlobalID()
		u, err := f.Portal.Identity.CreateUser(erp, identity.CreateUserInput{Name: "New", Email: address.ParseEmail("new@one.example"), Password: portaltest.Password, AccountID: &account})
		require.NoError(t, err)
		e := tokenEvents(t, f, u.ID)
		require.Equal(t, made.ServiceToken.ID, *e[0].ActorTokenID)
		require.Nil(t, e[0].ActorID)
		require.Equal(t, "erp", e[0].ActorName)
	})
}

// A token is refused from the moment on at which it expires, it is revoked, or its
// account is deleted; the account's suspension binds it.
func TestServiceTokenEnds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		create := func(name string, end *time.Time) identity.CreatedServiceToken {
			out, err := f.Portal.Identity.CreateServiceToken(x.Admin, tokenInput{Name: name, Scopes: scopes(domain.PortalRead), AccountID: new(x.Account.GlobalID()), ExpiresAt: end})
			require.NoError(t, err)
			return out
		}
		end := f.Clock.Now().Add(time.Hour)
		brief, revoked, lasting := create("brief", &end), create("revoked", nil), create("lasting", nil)
		accepted := func(c identity.CreatedServiceToken) bool { _, ok := machine(t, f, c.Secret); return ok }
		f.Clock.Advance(time.Hour - time.Microsecond)
		require.True(t, accepted(brief))
		f.Clock.Advance(time.Microsecond)
		require.False(t, accepted(brief))
		require.Equal(t, domain.TokenExpired, f.Portal.Identity.ServiceTokenStatus(brief.ServiceToken))

		require.True(t, accepted(revoked))
		for range 2 { // twice is once
			out, err := f.Portal.Identity.RevokeServiceToken(x.Admin, revoked.ServiceToken.GlobalID(), new("It leaked."))
			require.NoError(t, err)
			require.Equal(t, domain.TokenRevoked, f.Portal.Identity.ServiceTokenStatus(out))
		}
		require.False(t, accepted(revoked))
		require.Len(t, tokenEvents(t, f, revoked.ServiceToken.ID, eventlog.ServiceTokenRevoked), 1)

		_, err := f.Portal.Identity.SuspendAccount(x.Admin, x.Account.GlobalID(), nil)
		require.NoError(t, err)
		v, ok := machine(t, f, lasting.Secret)
		require.True(t, ok && v.AccountSuspended)
		_, err = f.Portal.Identity.ResumeAccount(x.Admin, x.Account.GlobalID(), nil)
		require.NoError(t, err)
		_, err = f.Portal.Identity.DeleteAccount(x.Developer, x.Account.GlobalID(), nil)
		require.NoError(t, err)
		require.False(t, accepted(lasting))
		require.Len(t, tokenEvents(t, f, lasting.ServiceToken.ID, eventlog.ServiceTokenRevoked), 1)
		require.Len(t, tokenEvents(t, f, revoked.ServiceToken.ID, eventlog.ServiceTokenRevoked), 1)
	})
}

// A foreign organization's administrator cannot tell a token from one that is not there.
func TestRevokeServiceToken_ErrNotFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, y := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		made, err := f.Portal.Identity.CreateServiceToken(x.Admin, tokenInput{Name: "erp", Scopes: scopes(domain.AdminRead)})
		require.NoError(t, err)
		for _, id := range []string{made.ServiceToken.GlobalID(), (&db.ServiceToken{ID: uuid.New()}).GlobalID(), "junk", x.Account.GlobalID()} {
			_, err := f.Portal.Identity.RevokeServiceToken(y.Admin, id, nil)
			require.Equal(t, fault.NotFound(), err, id)
		}
	})
}

// When a token was last used is stored to the minute, by one write a minute.
func TestServiceTokenLastUsed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		made, err := f.Portal.Identity.CreateServiceToken(x.Admin, tokenInput{Name: "erp", Scopes: scopes(domain.AdminRead)})
		require.NoError(t, err)
		stored := func() *time.Time {
			require.NoError(t, f.Directory.StoreUses(t.Context()))
			row, err := f.Client.ServiceToken.Get(portaltest.System(t), made.ServiceToken.ID)
			require.NoError(t, err)
			return row.LastUsedAt
		}
		require.Nil(t, stored())
		for range 2 {
			_, ok := machine(t, f, made.Secret)
			require.True(t, ok)
			require.Equal(t, f.Clock.Now().Truncate(time.Minute), stored().UTC())
			f.Clock.Advance(time.Minute)
		}
		before := *stored()
		require.Equal(t, before, *stored(), "it was not used since")
		ctx, cancel := context.WithCancel(t.Context())
		machine(t, f, made.Secret)
		cancel()
		require.Error(t, f.Directory.StoreUses(ctx))
		require.True(t, stored().After(before), "what could not be stored is stored later")
	})
}

// The same request, sent many times at once under one idempotency key, makes one token,
// which is in one answer alone; without the key, one of them gets the name.
func TestRace_CreateServiceToken(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		in := tokenInput{Name: "erp", Scopes: scopes(domain.AdminRead), IdempotencyKey: new("once")}
		got, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (identity.CreatedServiceToken, error) {
			return p.Identity.CreateServiceToken(x.Admin, in)
		})
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		fresh := 0
		for _, c := range got {
			require.Equal(t, got[0].ServiceToken.ID, c.ServiceToken.ID)
			require.Equal(t, c.Replayed, c.Secret == "")
			if !c.Replayed {
				fresh++
			}
		}
		require.Equal(t, 1, fresh)
		n, err := h.Client.Event.Query().Where(event.Type(string(eventlog.ServiceTokenCreated))).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, outcomes = racetest.Run(h, func(_ int, p *portal.Portal) (identity.CreatedServiceToken, error) {
			return p.Identity.CreateServiceToken(x.Admin, tokenInput{Name: "shop", Scopes: scopes(domain.AdminRead)})
		})
		racetest.RequireOne(t, outcomes, "TAKEN")
	})
}

// The idempotency keys of tokens are apart from each other, and from those of people.
func TestServiceTokensHaveTheirOwnIdempotencyKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		seen := map[uuid.UUID]bool{}
		for _, name := range []string{"a", "b"} {
			made, err := f.Portal.Identity.CreateServiceToken(x.Admin, tokenInput{Name: name, Scopes: scopes(domain.PortalWrite), AccountID: new(x.Account.GlobalID())})
			require.NoError(t, err)
			v, _ := machine(t, f, made.Secret)
			for range 2 {
				out, err := f.Portal.Apps.CreateApp(portaltest.As(t, v), apps.CreateAppInput{Name: "App", IdempotencyKey: new("once")})
				require.NoError(t, err)
				seen[out.App.ID] = true
			}
		}
		require.Len(t, seen, 2)
	})
}
