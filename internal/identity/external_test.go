package identity_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/membership"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// arrival returns what a token that was issued now says of a person.
func arrival(f *portaltest.Fixture, subject string, accounts ...*db.Account) identity.Arrival {
	a := identity.Arrival{Subject: subject, Role: domain.RolePortal, IssuedAt: f.Clock.Now(), Name: "Ada", Email: address.ParseEmail(subject + "@one.example")}
	a.NamesAccounts = true
	for _, acc := range accounts {
		a.Accounts = append(a.Accounts, acc.ID)
	}
	return a
}

// mustProvider adds a provider to an organization.
func mustProvider(t *testing.T, f *portaltest.Fixture, slug string, change ...func(*identity.ProviderSettings)) identity.Provider {
	t.Helper()
	p, err := f.Portal.Identity.AddProvider(t.Context(), slug, provider(change...), nil)
	require.NoError(t, err)
	return p
}

func requireOut(t *testing.T, err error) {
	t.Helper()
	require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
}

func TestArrive(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, other := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		p := mustProvider(t, f, "one", creates)
		u, err := f.Portal.Identity.Arrive(t.Context(), p, arrival(f, "ada", other.Account))
		require.NoError(t, err)
		require.Equal(t, x.Organization.ID, u.OrganizationID)
		require.Equal(t, []string{"MEMBER_ADDED role", "ACCOUNT_CREATED name profile", "USER_IDENTITY_LINKED provider", "USER_CREATED name role"}, eventsOf(t, f, 4))
		own := f.Client.Membership.Query().Where(membership.UserID(u.ID)).OnlyX(portaltest.System(t))
		require.Equal(t, domain.Owner, own.Role)
		require.NotEqual(t, other.Account.ID, own.AccountID, "claims do not lead into another organization")

		d := identity.NewDirectory(f.Database, f.Clock, false)
		v, ok, err := d.External(t.Context(), p, arrival(f, "ada"), uuid.Nil)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, []any{u.ID, own.AccountID, true, uuid.Nil, uuid.Nil}, []any{v.UserID, v.AccountID, v.AccountOwner, v.SessionID, v.TokenID})
		_, ok, err = d.External(t.Context(), p, arrival(f, "nobody"), uuid.Nil)
		require.NoError(t, err)
		require.False(t, ok)
		older := p
		older.Version--
		_, ok, err = d.External(t.Context(), older, arrival(f, "ada"), uuid.Nil)
		require.NoError(t, err)
		require.False(t, ok, "the provider was changed")
		_, err = f.Portal.Identity.Arrive(t.Context(), older, arrival(f, "ada"))
		require.ErrorIs(t, err, identity.ErrProviderChanged)
		_, err = f.Portal.Identity.Arrive(t.Context(), older, arrival(f, "somebody"))
		require.ErrorIs(t, err, identity.ErrProviderChanged)

		noName, long := arrival(f, "eve"), arrival(f, "long")
		noName.Name = "\n"
		u, err = f.Portal.Identity.Arrive(t.Context(), p, noName)
		require.NoError(t, err)
		require.Equal(t, "eve", u.Name)
		long.Email = address.ParseEmail("x\n@one.example")
		_, err = f.Portal.Identity.Arrive(t.Context(), p, long)
		requireOut(t, err)
	})
}

// The claims of a token are read as strictly as the settings say.
func TestReadArrival(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := identity.Provider{ProviderSettings: provider(func(s *identity.ProviderSettings) {
		s.RoleClaim, s.AdminValue, s.AccountsClaim, s.RequiredClaim, s.RequiredValue = "realm.roles", "boss", "https://x.example/accounts", "tenant", "blue"
	})}
	id := uuid.New()
	claims := func(change map[string]any) map[string]any {
		all := map[string]any{"sub": "ada", "name": "Ada", "email": "ada@one.example", "email_verified": true, "tenant": []any{"red", "blue"},
			"realm": map[string]any{"roles": []any{"boss"}}, "https://x.example/accounts": nodeid.Encode(nodeid.Account, id)}
		for k, v := range change {
			all[k] = v
		}
		return all
	}
	a, err := p.ReadArrival(at, claims(nil))
	require.NoError(t, err)
	require.Equal(t, identity.Arrival{Subject: "ada", IssuedAt: at, Name: "Ada", Email: address.ParseEmail("ada@one.example"), Role: domain.RoleAdmin, Accounts: []uuid.UUID{id}, NamesAccounts: true}, a)
	for name, change := range map[string]map[string]any{
		"no subject": {"sub": ""}, "a subject that is none": {"sub": []any{"ada"}}, "a subject with a zero": {"sub": "ada\x00"}, "a long subject": {"sub": strings.Repeat("x", 256)}, "another tenant": {"tenant": "red"}, "no tenant": {"tenant": nil}, "a tenant that is none": {"tenant": map[string]any{"blue": true}},
	} {
		_, err := p.ReadArrival(at, claims(change))
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), name)
	}
	for _, verified := range []any{false, "false", "yes", 1, nil} {
		a, err := p.ReadArrival(at, claims(map[string]any{"email_verified": verified}))
		require.NoError(t, err)
		require.False(t, a.Email.Valid(), "%v", verified)
	}
	for _, roles := range []any{nil, "bosses", []any{"Boss"}, map[string]any{"roles": "boss"}} {
		a, err := p.ReadArrival(at, claims(map[string]any{"realm": map[string]any{"roles": roles}}))
		require.NoError(t, err)
		require.Equal(t, domain.RolePortal, a.Role, "%v", roles)
	}
	p.ApproverValue = "decider"
	for value, role := range map[string]domain.UserRole{"boss": domain.RoleAdmin, "decider": domain.RoleApprover, "": domain.RolePortal} {
		a, err := p.ReadArrival(at, claims(map[string]any{"realm": map[string]any{"roles": []any{"other", value}}}))
		require.NoError(t, err)
		require.Equal(t, role, a.Role)
	}
	p.AdminValue = ""
	a, err = p.ReadArrival(at, claims(map[string]any{"realm": map[string]any{"roles": ""}}))
	require.NoError(t, err)
	require.Equal(t, domain.RolePortal, a.Role, "no value is nobody's")
	const accounts = "https://x.example/accounts"
	many := []any{"acct_junk", nodeid.Encode(nodeid.User, id), 5}
	for range 100 {
		many = append(many, nodeid.Encode(nodeid.Account, uuid.New()))
	}
	a, err = p.ReadArrival(at, claims(map[string]any{accounts: append(many, many[50])}))
	require.NoError(t, err)
	require.Len(t, a.Accounts, 100)
	for _, said := range []any{nil, true, map[string]any{}, append(many, nodeid.Encode(nodeid.Account, uuid.New()))} {
		a, err = p.ReadArrival(at, claims(map[string]any{accounts: said}))
		require.NoError(t, err)
		require.False(t, a.NamesAccounts, "%v", said)
		require.Empty(t, a.Accounts)
	}
	a, err = p.ReadArrival(at, claims(map[string]any{accounts: []any{}}))
	require.NoError(t, err)
	require.True(t, a.NamesAccounts, "an empty list names none")
}

// A user who is somebody at the provider is nobody else there, whatever address the next
// one has; and an address links only as the user's is spelled.
func TestArrive_LinksOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		p := mustProvider(t, f, "one", func(s *identity.ProviderSettings) { s.LinkByEmail = true })
		u, err := f.Portal.Identity.CreateUser(x.Admin, identity.CreateUserInput{Name: "Kim", Email: address.ParseEmail("kim@one.example"), Password: portaltest.Password, AccountID: new(x.Account.GlobalID())})
		require.NoError(t, err)
		comes := func(subject, email string) (*db.User, error) {
			a := arrival(f, subject)
			a.Email = address.ParseEmail(email)
			return f.Portal.Identity.Arrive(t.Context(), p, a)
		}
		_, err = comes("dotless", "k\u0131m@one.example") // it folds to i
		requireOut(t, err)
		_, err = comes("wide", "\uff4bim@one.example")
		requireOut(t, err)
		var all sync.WaitGroup
		var linked atomic.Int32
		for i := range 6 {
			all.Go(func() {
				if got, err := comes(fmt.Sprint("kim ", i), "KIM@one.example"); err == nil {
					linked.Add(1)
					if got.ID != u.ID {
						t.Error("somebody else")
					}
				} else if !fault.Is(err, fault.CodeUnauthenticated) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 1, linked.Load())
		require.Equal(t, 1, f.Rows(t, "external_identities"))
	})
}

// Of claims that arrive at once, the newest count, in whatever order they are applied; also
// where the same was said in between.
func TestRace_ArriveWithClaims(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		p := mustProvider(t, f, "one", creates, func(s *identity.ProviderSettings) { s.AccountsClaim = "accounts" })
		other := f.MustAccount(t, x.Admin, "Other")
		f.MustUser(t, x.Admin, other, domain.Owner)
		first := arrival(f, "ada", x.Account)
		u, err := f.Portal.Identity.Arrive(t.Context(), p, first)
		require.NoError(t, err)
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				a := arrival(f, "ada", x.Account, other)
				if a.IssuedAt = first.IssuedAt.Add(time.Duration(i+1) * time.Second); i%2 == 1 {
					a.Accounts = []uuid.UUID{other.ID}
				}
				if _, err := f.Portal.Identity.Arrive(t.Context(), p, a); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		in := f.Client.Membership.Query().Where(membership.UserID(u.ID)).AllX(portaltest.System(t))
		require.Len(t, in, 1)
		require.Equal(t, other.ID, in[0].AccountID)

		same := arrival(f, "ada", other)
		same.IssuedAt = first.IssuedAt.Add(2 * time.Minute)
		_, err = f.Portal.Identity.Arrive(t.Context(), p, same)
		require.NoError(t, err)
		older := arrival(f, "ada", x.Account)
		older.IssuedAt = first.IssuedAt.Add(time.Minute)
		_, err = f.Portal.Identity.Arrive(t.Context(), p, older)
		require.NoError(t, err)
		require.Equal(t, 1, f.Client.Membership.Query().Where(membership.UserID(u.ID), membership.AccountID(other.ID)).CountX(portaltest.System(t)))
	})
}

// Whoever arrives many times at once is one user with one account, and of two persons who
// claim one address one comes in.
func TestRace_Arrive(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustTenant(t, "one")
		p := mustProvider(t, f, "one", creates)
		accounts := f.Rows(t, "accounts")
		var all sync.WaitGroup
		var mu sync.Mutex
		came := map[string]uuid.UUID{}
		for i := range 12 {
			all.Go(func() {
				a := arrival(f, "ada")
				a.Subject = fmt.Sprint("person ", i%2)
				u, err := f.Portal.Identity.Arrive(t.Context(), p, a)
				if err != nil {
					if !fault.Is(err, fault.CodeUnauthenticated) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if before, ok := came[a.Subject]; ok && before != u.ID {
					t.Error("two users of one person")
				}
				came[a.Subject] = u.ID
			})
		}
		all.Wait()
		require.Len(t, came, 1)
		require.Equal(t, 1, f.Rows(t, "external_identities"))
		require.Equal(t, accounts+1, f.Rows(t, "accounts"))
	})
}

// Whatever the claims do, no account loses its last owner, and what was given by hand
// stays.
func TestArrive_KeepsOwners(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		p := mustProvider(t, f, "one", creates, func(s *identity.ProviderSettings) { s.AccountsClaim = "accounts" })
		empty, by := f.MustAccount(t, x.Admin, "Empty"), f.MustAccount(t, x.Admin, "By hand")
		u, err := f.Portal.Identity.Arrive(t.Context(), p, arrival(f, "ada", empty, x.Account))
		require.NoError(t, err)
		_, err = f.Portal.Identity.AddMember(x.Admin, identity.AddMemberInput{AccountID: by.GlobalID(), UserID: u.GlobalID()})
		require.NoError(t, err)
		f.Clock.Advance(time.Minute)
		_, err = f.Portal.Identity.Arrive(t.Context(), p, arrival(f, "ada"))
		require.NoError(t, err)
		left := f.Client.Membership.Query().Where(membership.HasUserWith(user.ID(u.ID))).AllX(portaltest.System(t))
		require.Len(t, left, 2)
		for _, m := range left {
			require.Contains(t, []uuid.UUID{empty.ID, by.ID}, m.AccountID)
			require.Equal(t, domain.Owner, m.Role, "the first in both")
		}
		require.Zero(t, f.Rows(t, "external_memberships"))
	})
}
