package identity_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// backend is a service token of a tenant that may act for developers.
type backend struct {
	*portaltest.Fixture
	portaltest.Tenant
	t     *testing.T
	token *db.ServiceToken
	ctx   context.Context
	dev   viewer.Viewer
}

func newBackend(t *testing.T, url string, life time.Duration) *backend {
	t.Helper()
	f := portaltest.New(t, url)
	b := &backend{Fixture: f, Tenant: f.MustTenant(t, "one"), t: t}
	b.dev = viewer.Current(b.Developer)
	b.allow(true)
	out, err := f.Portal.Identity.CreateServiceToken(b.Admin, tokenInput{Name: "portal", Scopes: scopes(domain.UsersActAs), ExpiresAt: new(f.Clock.Now().Add(life))})
	require.NoError(t, err)
	v, ok := machine(t, f, out.Secret)
	require.True(t, ok)
	b.token, b.ctx = out.ServiceToken, portaltest.As(t, v)
	return b
}

func (b *backend) allow(on bool) {
	b.t.Helper()
	_, err := b.Portal.Identity.UpdateOrganization(b.Admin, identity.UpdateOrganizationInput{ActAs: input.SetTo(on)})
	require.NoError(b.t, err)
}

// acts is how the back end acts for the developer.
func (b *backend) acts() identity.Acting {
	return identity.Acting{Organization: b.Organization.ID, User: b.dev.UserID, Token: b.token.ID, Account: b.Account.ID, Scopes: domain.NewScopes(domain.PortalRead, domain.PortalWrite)}
}

// acting returns the viewer of a token with which the back end acts for the developer.
func (b *backend) acting() (viewer.Viewer, bool) {
	b.t.Helper()
	v, ok, err := b.Directory.Acting(b.t.Context(), b.acts())
	require.NoError(b.t, err)
	return v, ok
}

func TestActAs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		b := newBackend(t, url, 24*time.Hour)
		u, err := b.Client.User.Get(portaltest.System(t), b.dev.UserID)
		require.NoError(t, err)
		out, err := b.Portal.Identity.ActAs(b.ctx, u.GlobalID(), b.Account.GlobalID())
		require.NoError(t, err)
		require.NotEmpty(t, out.AccessToken)
		require.Len(t, tokenEvents(t, b.Fixture, u.ID, eventlog.UserActedFor), 1)

		v, ok := b.acting()
		require.True(t, ok)
		require.Equal(t, viewer.Portal, v.Role)
		require.True(t, v.Acting())
		require.Equal(t, u.Name, v.Name)
		require.True(t, v.AccountOwner)
		app, err := b.Portal.Apps.CreateApp(portaltest.As(t, v), apps.CreateAppInput{Name: "Shop"})
		require.NoError(t, err)
		e := tokenEvents(t, b.Fixture, app.App.ID, eventlog.AppCreated)[0]
		require.Equal(t, u.ID, *e.ActorID)
		require.Equal(t, b.token.ID, *e.ActorTokenID)

		// It notes that the token is used.
		b.Clock.Advance(2 * time.Minute)
		_, ok = b.acting()
		require.True(t, ok)
		require.NoError(t, b.Directory.StoreUses(t.Context()))
		x, err := b.Client.ServiceToken.Get(portaltest.System(t), b.token.ID)
		require.NoError(t, err)
		require.Equal(t, b.Clock.Now().Truncate(time.Minute), x.LastUsedAt.UTC())
	})
}

// It ends when one of what it depends on does.
func TestActing_Ends(t *testing.T) {
	for name, end := range map[string]func(b *backend) error{
		"the token expires": func(b *backend) error { b.Clock.Advance(time.Microsecond); return nil },
		"the token is revoked": func(b *backend) error {
			return errOf(b.Portal.Identity.RevokeServiceToken(b.Admin, b.token.GlobalID(), nil))
		},
		"the policy": func(b *backend) error { b.allow(false); return nil },
		"the account is deleted": func(b *backend) error {
			return errOf(b.Portal.Identity.DeleteAccount(b.Admin, b.Account.GlobalID(), nil))
		},
		"the person is disabled": func(b *backend) error {
			return b.Client.User.UpdateOneID(b.dev.UserID).SetStatus(domain.UserDisabled).Exec(portaltest.System(b.t))
		},
		"the person is made staff": func(b *backend) error {
			return b.Client.User.UpdateOneID(b.dev.UserID).SetRole(domain.RoleAdmin).Exec(portaltest.System(b.t))
		},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, url string) {
				b := newBackend(t, url, time.Hour)
				b.Clock.Advance(time.Hour - time.Microsecond)
				_, ok := b.acting()
				require.True(t, ok)
				require.NoError(t, end(b))
				_, ok = b.acting()
				require.False(t, ok)
			})
		})
	}
}

// For whom an identity provider vouches, it acts without the organization's permission, as
// long as the provider is as it was.
func TestActing_Vouched(t *testing.T) {
	for name, end := range map[string]func(b *backend, p identity.Provider) error{
		"the provider is changed": func(b *backend, _ identity.Provider) error {
			return errOf(b.Portal.Identity.UpdateProvider(b.t.Context(), "one", "main", nil, func(s *identity.ProviderSettings) { s.Label = "Another" }))
		},
		"the provider is removed": func(b *backend, _ identity.Provider) error {
			return b.Portal.Identity.RemoveProvider(b.t.Context(), "one", "main")
		},
		"the person is unlinked": func(b *backend, p identity.Provider) error {
			return errOf(b.Database.ExecContext(b.t.Context(), `DELETE FROM external_identities WHERE provider_id = $1`, p.ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, url string) {
				b := newBackend(t, url, time.Hour)
				b.allow(false)
				p := mustProvider(t, b.Fixture, "one", func(s *identity.ProviderSettings) { s.LinkByEmail = true })
				a := b.acts()
				a.Provider, a.ProviderVersion = p.ID, p.Version
				may := func() bool {
					_, ok, err := b.Directory.Acting(t.Context(), a)
					require.NoError(t, err)
					return ok
				}
				require.False(t, may(), "the provider does not know the person yet")
				u := b.Client.User.GetX(portaltest.System(t), b.dev.UserID)
				_, err := b.Portal.Identity.Arrive(t.Context(), p, identity.Arrival{Subject: "dev", IssuedAt: b.Clock.Now(), Email: u.EmailFolded})
				require.NoError(t, err)
				_, ok := b.acting()
				require.False(t, ok, "the organization does not allow more")
				out, err := b.Portal.Identity.Exchange(b.ctx, identity.Vouched{Provider: p, User: u.ID, Account: b.Account.ID, Until: b.Clock.Now().Add(time.Minute)}, a.Scopes)
				require.NoError(t, err)
				require.Equal(t, b.Clock.Now().Add(time.Minute).Truncate(time.Second), out.ExpiresAt)
				require.Len(t, tokenEvents(t, b.Fixture, u.ID, eventlog.UserActedFor), 1)
				require.True(t, may())
				require.NoError(t, end(b, p))
				require.False(t, may())
			})
		})
	}
}

// An id that is none of the token's organization, or a token without the scope, is nobody.
func TestActing_Nobody(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		b := newBackend(t, url, time.Hour)
		two := b.MustTenant(t, "two")
		theirs := viewer.Current(two.Developer)
		reader, err := b.Portal.Identity.CreateServiceToken(b.Admin, tokenInput{Name: "reader", Scopes: scopes(domain.AdminRead)})
		require.NoError(t, err)
		for _, ids := range [][4]uuid.UUID{
			{two.Organization.ID, theirs.UserID, b.token.ID, two.Account.ID},
			{b.Organization.ID, theirs.UserID, b.token.ID, two.Account.ID},
			{b.Organization.ID, b.dev.UserID, b.token.ID, two.Account.ID},
			{b.Organization.ID, viewer.Current(b.Admin).UserID, b.token.ID, b.Account.ID},
			{b.Organization.ID, b.dev.UserID, reader.ServiceToken.ID, b.Account.ID},
			{b.Organization.ID, b.dev.UserID, uuid.New(), b.Account.ID},
		} {
			_, ok, err := b.Directory.Acting(t.Context(), identity.Acting{Organization: ids[0], User: ids[1], Token: ids[2], Account: ids[3], Scopes: b.acts().Scopes})
			require.NoError(t, err)
			require.False(t, ok, ids)
		}
		v, ok := b.acting()
		require.True(t, ok)

		// Services refuse what views hide.
		ctx := portaltest.As(t, v)
		for name, try := range map[string]func() error{
			"ActAs": func() error {
				_, err := b.Portal.Identity.ActAs(ctx, b.Account.GlobalID(), b.Account.GlobalID())
				return err
			},
			"SwitchAccount": func() error { _, err := b.Portal.Identity.SwitchAccount(ctx, b.Account.GlobalID()); return err },
			"SignOut": func() error {
				_, err := b.Portal.Identity.SignOut(ctx, identity.SignOutInput{Everywhere: true})
				return err
			},
			"CreateServiceToken": func() error {
				_, err := b.Portal.Identity.CreateServiceToken(ctx, tokenInput{Name: "more", Scopes: scopes(domain.AdminRead)})
				return err
			},
		} {
			err := try()
			require.Error(t, err, name)
			require.Contains(t, []fault.Code{fault.CodeForbidden, fault.CodeNotFound, fault.CodeUnauthenticated}, fault.From(err).Code, name)
		}
	})
}
