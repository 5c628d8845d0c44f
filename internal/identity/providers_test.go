package identity_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/membership"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// provider returns settings that are valid.
func provider(change ...func(*identity.ProviderSettings)) identity.ProviderSettings {
	s := identity.DefaultProvider()
	s.Name, s.Label, s.Issuer, s.Audience = "main", "Main", "https://login.example.com", "api"
	for _, f := range change {
		f(&s)
	}
	return s
}

// creates lets everybody in.
func creates(s *identity.ProviderSettings) { s.CreateUsers = domain.CreatePortal }

// eventsOf returns the newest events, as type and changes.
func eventsOf(t *testing.T, f *portaltest.Fixture, n int) (out []string) {
	t.Helper()
	for _, e := range f.Client.Event.Query().Order(db.Desc(event.FieldPosition)).Limit(n).AllX(portaltest.System(t)) {
		text := string(e.Type)
		for _, c := range e.Changes {
			text += " " + c.Field
		}
		out = append(out, text)
	}
	return out
}

// What says who people are does not change under them, and no client's ID tokens are
// another provider's access tokens.
func TestUpdateProvider_NotAllowed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustTenant(t, "one")
		f.MustOrganization(t, "two")
		p := mustProvider(t, f, "one", creates)
		svc := f.Portal.Identity
		update := func(patch func(*identity.ProviderSettings)) error {
			return errOf(svc.UpdateProvider(t.Context(), "one", "main", nil, patch))
		}
		refused := func(err error, field string) {
			t.Helper()
			require.Equal(t, fault.NotAllowed, fault.Problems(err)[0].Code)
			require.Equal(t, []string{field}, fault.Problems(err)[0].Field)
		}
		issuer, subject := p.Issuer, p.SubjectClaim
		require.NoError(t, update(func(s *identity.ProviderSettings) { s.Issuer, s.SubjectClaim = "https://another.example", "oid" }))
		require.NoError(t, update(func(s *identity.ProviderSettings) { s.Issuer, s.SubjectClaim = issuer, subject }))
		all, err := svc.Providers(t.Context(), "one")
		require.NoError(t, err)
		_, err = svc.Arrive(t.Context(), all[0], arrival(f, "ada"))
		require.NoError(t, err)
		refused(update(func(s *identity.ProviderSettings) { s.Issuer = "https://another.example" }), "issuer")
		refused(update(func(s *identity.ProviderSettings) { s.SubjectClaim = "oid" }), "subjectClaim")
		require.NoError(t, update(func(s *identity.ProviderSettings) { s.Label = "Another" }))

		refused(errOf(svc.AddProvider(t.Context(), "two", provider(func(s *identity.ProviderSettings) { s.ClientID, s.Audience = p.Audience, "another" }), nil)), "audience")
		require.NoError(t, errOf(svc.AddProvider(t.Context(), "two", provider(func(s *identity.ProviderSettings) { s.ClientID, s.Audience = "client of two", "another" }), nil)))
		refused(update(func(s *identity.ProviderSettings) { s.Audience = "client of two" }), "audience")
		require.NoError(t, errOf(svc.AddProvider(t.Context(), "two", provider(func(s *identity.ProviderSettings) {
			s.Name, s.Issuer, s.ClientID, s.Audience = "third", "https://third.example", p.Audience, "another"
		}), nil)), "another issuer's")
	})
}

// An operator says which user somebody at a provider is.
func TestLinkIdentity(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		f.MustTenant(t, "two")
		svc, p := f.Portal.Identity, mustProvider(t, f, "one", func(s *identity.ProviderSettings) { s.AccountsClaim = "accounts" })
		u, another := f.MustUser(t, x.Admin, x.Account, domain.Member), f.MustUser(t, x.Admin, x.Account, domain.Member)
		by := func(subject, email string) error {
			return svc.LinkIdentity(t.Context(), "one", "main", subject, address.ParseEmail(email))
		}
		refused := func(code fault.ProblemCode, err error) {
			t.Helper()
			require.Equal(t, code, fault.Problems(err)[0].Code)
		}
		_, err := svc.Arrive(t.Context(), p, arrival(f, "ada"))
		requireOut(t, err)
		refused(fault.UnknownReference, by("ada", "nobody@one.example"))
		refused(fault.Required, by("", u.Email))
		refused(fault.TooLong, by(strings.Repeat("x", 256), u.Email))
		refused(fault.UnknownReference, svc.LinkIdentity(t.Context(), "two", "main", "ada", u.EmailFolded))
		require.NoError(t, by("ada", u.Email))
		require.Equal(t, []string{"USER_IDENTITY_LINKED provider"}, eventsOf(t, f, 1))
		refused(fault.Taken, by("ada", another.Email))
		refused(fault.Taken, by("another", u.Email))
		other := f.MustAccount(t, x.Admin, "Other")
		f.MustUser(t, x.Admin, other, domain.Owner)
		got, err := svc.Arrive(t.Context(), p, arrival(f, "ada", other))
		require.NoError(t, err)
		require.Equal(t, u.ID, got.ID)
		require.Equal(t, 2, f.Client.Membership.Query().Where(membership.UserID(u.ID)).CountX(portaltest.System(t)), "what the first token says is applied, and what was before stays")
		require.NoError(t, svc.UnlinkIdentity(t.Context(), "one", "main", "ada"))
		require.NoError(t, by("another", u.Email))
	})
}

func TestProviders(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		for _, slug := range []string{"one", "two"} {
			f.MustOrganization(t, slug)
		}
		svc := f.Portal.Identity
		added, err := svc.AddProvider(t.Context(), "one", provider(), []byte("sealed"))
		require.NoError(t, err)
		require.Contains(t, eventsOf(t, f, 1)[0], "IDENTITY_PROVIDER_ADDED name label issuer")
		_, err = svc.AddProvider(t.Context(), "one", provider(func(s *identity.ProviderSettings) { s.Audience = "another" }), nil)
		require.Equal(t, fault.Taken, fault.Problems(err)[0].Code, "the name")
		_, err = svc.AddProvider(t.Context(), "two", provider(), nil)
		require.Equal(t, fault.Taken, fault.Problems(err)[0].Code, "issuer and audience")
		_, err = svc.AddProvider(t.Context(), "none", provider(), nil)
		require.Equal(t, fault.UnknownReference, fault.Problems(err)[0].Code)

		f.Clock.Advance(1e9)
		same, err := svc.UpdateProvider(t.Context(), "one", "main", nil, func(*identity.ProviderSettings) {})
		require.NoError(t, err)
		require.Equal(t, added.Version, same.Version, "nothing changed")
		changed, err := svc.UpdateProvider(t.Context(), "one", "main", []byte{}, func(s *identity.ProviderSettings) { s.LinkByEmail = true })
		require.NoError(t, err)
		require.Equal(t, added.Version+1, changed.Version)
		require.Equal(t, []string{"IDENTITY_PROVIDER_UPDATED provider linkByEmail clientSecret"}, eventsOf(t, f, 1))
		all, err := svc.Providers(t.Context(), "one")
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, provider(func(s *identity.ProviderSettings) { s.LinkByEmail = true }), all[0].ProviderSettings)
		require.Empty(t, all[0].Secret)
		_, err = svc.UpdateProvider(t.Context(), "two", "main", nil, func(s *identity.ProviderSettings) { s.Label = "Stolen" })
		require.Equal(t, fault.UnknownReference, fault.Problems(err)[0].Code, "that of another organization")

		_, err = svc.UpdateProvider(t.Context(), "one", "main", nil, creates)
		require.NoError(t, err)
		all, err = svc.AllProviders(t.Context())
		require.NoError(t, err)
		ada, err := svc.Arrive(t.Context(), all[0], arrival(f, "ada"))
		require.NoError(t, err)
		f.Clock.Advance(1e9)
		require.Error(t, svc.UnlinkIdentity(t.Context(), "one", "main", "nobody"))
		require.NoError(t, svc.UnlinkIdentity(t.Context(), "one", "main", "ada"))
		require.Equal(t, []string{"USER_IDENTITY_UNLINKED provider"}, eventsOf(t, f, 1))
		again, err := svc.Arrive(t.Context(), all[0], arrival(f, "ada"))
		require.NoError(t, err)
		require.Equal(t, ada.ID, again.ID, "linked by the address")
		f.Clock.Advance(1e9)
		require.NoError(t, svc.RemoveProvider(t.Context(), "one", "main"))
		require.Equal(t, []string{"IDENTITY_PROVIDER_REMOVED provider"}, eventsOf(t, f, 1))
		require.Zero(t, f.Rows(t, "external_identities"))
		_, err = svc.Arrive(t.Context(), all[0], arrival(f, "ada"))
		require.ErrorIs(t, err, identity.ErrProviderChanged)
	})
}

func TestProviders_ErrSettings(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		for field, change := range map[string]func(*identity.ProviderSettings){
			"name":          func(s *identity.ProviderSettings) { s.Name = "../x" },
			"label":         func(s *identity.ProviderSettings) { s.Label = "" },
			"issuer":        func(s *identity.ProviderSettings) { s.Issuer = "" },
			"algorithms":    func(s *identity.ProviderSettings) { s.Algorithms = "RS256 HS256" },
			"audience":      func(s *identity.ProviderSettings) { s.Audience = "" },
			"scopes":        func(s *identity.ProviderSettings) { s.ClientID, s.Scopes = "portico", "email" },
			"adminValue":    func(s *identity.ProviderSettings) { s.AdminValue = "staff" },
			"requiredValue": func(s *identity.ProviderSettings) { s.RequiredClaim = "tenant" },
			"createUsers":   func(s *identity.ProviderSettings) { s.CreateUsers = "ADMIN" },
			"emailClaim":    func(s *identity.ProviderSettings) { s.EmailClaim = "" },
			"roleClaim":     func(s *identity.ProviderSettings) { s.RoleClaim, s.AdminValue = strings.Repeat("x", 501), "x" },
		} {
			_, err := f.Portal.Identity.AddProvider(t.Context(), "one", provider(change), nil)
			require.Contains(t, fields(err), []string{field}, "%v", err)
		}
		_, err := f.Portal.Identity.AddProvider(t.Context(), "one", provider(func(s *identity.ProviderSettings) { s.ClientID = s.Audience }), nil)
		require.Equal(t, [][]string{{"audience"}}, fields(err), "an ID token would be an access token")
		require.Zero(t, f.Rows(t, "identity_providers"))
		// The database agrees, whoever writes.
		_, err = f.Database.ExecContext(t.Context(), `INSERT INTO identity_providers (id, organization_id, name, label, issuer, audience, client_id, algorithms, created_at, updated_at)
			SELECT id, id, 'x', 'x', 'https://x', 'a', 'b', 'RS256 none', created_at, created_at FROM organizations`)
		require.Error(t, err)
	})
}
