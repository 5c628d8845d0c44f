package portal_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

const orhan = "orhan@both.example"

// from is the context of somebody at a network address.
func from(t *testing.T, client string) context.Context {
	return portaltest.As(t, viewer.Viewer{Address: client})
}

// mustStaff creates a staff user of orhan's address with a password.
func mustStaff(t *testing.T, f *portaltest.Fixture, slug, password string) *db.User {
	t.Helper()
	u, err := f.Portal.Identity.CreateStaff(t.Context(), slug, "Orhan", address.ParseEmail(orhan), password)
	require.NoError(t, err)
	return u
}

func try(ctx context.Context, p *portal.Portal, password string, organization ...string) (identity.Session, error) {
	in := identity.SignInInput{Email: address.ParseEmail(orhan), Password: password}
	if len(organization) == 1 {
		in.Organization = &organization[0]
	}
	return p.Identity.SignIn(ctx, in)
}

// watched is the fixture's Portal, with the hashes counted that sign-ins compute.
func watched(f *portaltest.Fixture) (*portal.Portal, *atomic.Int64) {
	n := new(atomic.Int64)
	return portal.New(portal.Options{
		Client: f.Client, Database: f.Database, Clock: f.Clock, Secrets: f.Ring, Tokens: f.Tokens,
		Passwords: countingPasswords{f.Passwords, n}, Devices: auth.NewDevices(f.Ring, f.Clock),
		Limiter: auth.NewLimiter(f.Database, f.Ring, f.Clock), Log: slog.New(slog.DiscardHandler),
	}), n
}

type countingPasswords struct {
	*auth.Passwords
	hashes *atomic.Int64
}

func (c countingPasswords) Verify(ctx context.Context, password, hash string) (bool, error) {
	c.hashes.Add(1)
	return c.Passwords.Verify(ctx, password, hash)
}

func (c countingPasswords) VerifyDummy(ctx context.Context, password string) error {
	c.hashes.Add(1)
	return c.Passwords.VerifyDummy(ctx, password)
}

// A namesake in another organization neither breaks nor slows a sign-in, nor
// does it add to anybody's failures.
func TestNamesakesElsewhere(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		p, hashes := watched(f)
		cost := func(want string, password string, organization ...string) int64 {
			hashes.Store(0)
			s, err := try(from(t, "192.0.2.1"), p, password, organization...)
			if want == "" {
				require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
			} else {
				require.NoError(t, err)
				require.Equal(t, want, s.Organization.Slug)
			}
			return hashes.Load()
		}
		for i := range 5 {
			f.MustOrganization(t, fmt.Sprintf("org%d", i))
		}
		alone, named := cost("", "orhan's own password"), cost("", "orhan's own password", "org0")
		mustStaff(t, f, "org0", "orhan's own password")
		for i := range 4 {
			require.Equal(t, alone, cost("org0", "orhan's own password"), "%d namesakes", i)
			require.Equal(t, alone, cost("", "a wrong password"), "%d namesakes", i)
			require.Equal(t, named, cost("org0", "orhan's own password", "org0"))
			f.Clock.Advance(time.Hour)
			mustStaff(t, f, fmt.Sprintf("org%d", i+1), fmt.Sprintf("password of org%d", i+1))
		}
		require.Equal(t, alone, cost("org2", "password of org2"))
		require.Equal(t, alone, cost("", "password of org4"), "it is tried for so many only")
		require.Equal(t, named, cost("org4", "password of org4", "org4"))
		for range 2 * auth.PairFailures {
			cost("org0", "orhan's own password")
		}
	})
}

func TestOnePasswordInTwoOrganizations(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		for _, slug := range []string{"one", "two"} {
			f.MustOrganization(t, slug)
			mustStaff(t, f, slug, portaltest.Password)
		}
		for range 2 * auth.PairFailures {
			_, err := try(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
			require.Equal(t, [][]string{{"organization"}}, fields(err), "%v", err)
		}
		s, err := try(from(t, "192.0.2.1"), f.Portal, portaltest.Password, "two")
		require.NoError(t, err, "what was asked for the organization did not fail")
		require.Equal(t, "two", s.Organization.Slug)
		_, err = try(from(t, "192.0.2.1"), f.Portal, "a wrong password")
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
	})
}

// Disabled namesakes take no place among those whose password is tried.
func TestDisabledNamesakes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		for i := range 5 {
			o := f.MustOrganization(t, fmt.Sprintf("org%d", i))
			u := mustStaff(t, f, o.Slug, portaltest.Password)
			if i < 4 {
				_, err := f.Portal.Identity.DisableUser(f.MustAdmin(t, o), u.GlobalID(), nil)
				require.NoError(t, err)
			}
			f.Clock.Advance(time.Second)
		}
		s, err := try(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.NoError(t, err)
		require.Equal(t, "org4", s.Organization.Slug)
	})
}

func fail(t *testing.T, p *portal.Portal, client string, n int, organization ...string) {
	t.Helper()
	for range n {
		_, err := try(from(t, client), p, "a wrong password", organization...)
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
	}
}

func limited(t *testing.T, p *portal.Portal, client, password string, organization ...string) {
	t.Helper()
	_, err := try(from(t, client), p, password, organization...)
	require.True(t, fault.Is(err, fault.CodeRateLimited), "%v", err)
}

// Strangers lock out strangers; an administrator lifts the rest, for the own
// organization's user alone.
func TestUnlockUser(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one, two := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		mine := mustStaff(t, f, "one", "the password of one")
		f.Clock.Advance(time.Second)
		theirs := mustStaff(t, f, "two", "the password of two")
		for _, organization := range [][]string{nil, {"one"}, {"two"}} {
			fail(t, f.Portal, "192.0.2.1", auth.PairFailures, organization...)
			limited(t, f.Portal, "192.0.2.1", "the password of one", organization...)
			_, err := try(from(t, "192.0.2.2"), f.Portal, "the password of one", "one")
			require.NoError(t, err, "elsewhere")
			f.Clock.Advance(auth.AttemptWindow)
		}
		fail(t, f.Portal, "192.0.2.1", auth.PairFailures)
		f.Clock.Advance(time.Second)
		_, err := f.Portal.Identity.UnlockUser(one.Admin, theirs.GlobalID(), nil)
		require.True(t, fault.Is(err, fault.CodeNotFound), "%v", err)
		_, err = f.Portal.Identity.UnlockUser(two.Admin, theirs.GlobalID(), nil)
		require.NoError(t, err)
		limited(t, f.Portal, "192.0.2.1", "the password of one", "one")
		_, err = try(from(t, "192.0.2.1"), f.Portal, "the password of one")
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "it is not tried: %v", err)
		_, err = try(from(t, "192.0.2.1"), f.Portal, "the password of two")
		require.NoError(t, err)

		reason := ptr("He called.")
		_, err = f.Portal.Identity.UnlockUser(one.Admin, mine.GlobalID(), reason)
		require.NoError(t, err)
		_, err = try(from(t, "192.0.2.1"), f.Portal, "the password of one")
		require.NoError(t, err)
		f.Clock.Advance(time.Second)
		fail(t, f.Portal, "192.0.2.1", auth.PairFailures, "one")
		limited(t, f.Portal, "192.0.2.1", "the password of one", "one")
		_, err = f.Portal.Identity.UnlockUser(one.Developer, mine.GlobalID(), nil)
		require.True(t, fault.Is(err, fault.CodeNotFound) || fault.Is(err, fault.CodeForbidden), "%v", err)
	})
}

// However many guess at once, and on whichever server, no more are looked at
// than the limits let, for one who is known as for one who is not.
func TestGuessesAtOnceAreAlike(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		for _, known := range []bool{false, true} {
			if known {
				f.Clock.Advance(auth.AddressWindow)
				mustStaff(t, f, "one", portaltest.Password)
			}
			first, a := watched(f)
			second, b := watched(f)
			var wait sync.WaitGroup
			var refused atomic.Int64
			for i := range 3 * auth.PairFailures {
				wait.Go(func() {
					for range 20 {
						_, err := try(from(t, "192.0.2.1"), []*portal.Portal{first, second}[i%2], "a wrong password")
						if fault.Is(err, fault.CodeRateLimited) {
							refused.Add(1)
						}
						if !fault.Is(err, fault.CodeUnavailable) {
							break
						}
					}
				})
			}
			wait.Wait()
			require.EqualValues(t, 2*auth.PairFailures, refused.Load())
			require.EqualValues(t, 3*auth.PairFailures, a.Load()+b.Load(), "three hashes for each guess that was let through")
		}
	})
}

func TestADeviceThatSignedInBefore(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		mustStaff(t, f, "one", portaltest.Password)
		s, err := try(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.NoError(t, err)
		require.NotEmpty(t, s.DeviceToken)
		fail(t, f.Portal, "192.0.2.1", auth.PairFailures)
		limited(t, f.Portal, "192.0.2.1", portaltest.Password)

		in := identity.SignInInput{Email: address.ParseEmail(orhan), Password: portaltest.Password, DeviceToken: &s.DeviceToken}
		_, err = f.Portal.Identity.SignIn(from(t, "192.0.2.1"), in)
		require.NoError(t, err)
		in.DeviceToken, in.Devices = nil, []string{"junk", s.DeviceToken}
		_, err = f.Portal.Identity.SignIn(from(t, "192.0.2.1"), in)
		require.NoError(t, err, "as a cookie")
		in.Email = address.ParseEmail("other@both.example")
		_, err = f.Portal.Identity.SignIn(from(t, "192.0.2.1"), in)
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "it is no way in: %v", err)
	})
}

func TestResetPassword(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		u := mustStaff(t, f, "one", portaltest.Password)
		email := address.ParseEmail(" " + orhan)
		fail(t, f.Portal, "192.0.2.1", auth.PairFailures)
		f.Clock.Advance(time.Second)
		_, err := f.Portal.Identity.ResetPassword(t.Context(), "one", email, "short")
		require.Equal(t, fault.WeakPassword, fault.Problems(err)[0].Code)
		_, err = f.Portal.Identity.ResetPassword(t.Context(), "nowhere", email, "another password")
		require.Equal(t, [][]string{{"organization"}}, fields(err))
		_, err = f.Portal.Identity.ResetPassword(t.Context(), "one", address.ParseEmail("other@both.example"), "another password")
		require.Equal(t, [][]string{{"email"}}, fields(err))
		limited(t, f.Portal, "192.0.2.1", portaltest.Password)

		changed, err := f.Portal.Identity.ResetPassword(t.Context(), "one", email, "another password")
		require.NoError(t, err)
		_, ok, err := f.Directory.Person(t.Context(), u.OrganizationID, u.ID, u.TokenVersion)
		require.NoError(t, err)
		require.False(t, ok, "sessions have ended")
		require.Equal(t, u.TokenVersion+1, changed.TokenVersion)
		fail(t, f.Portal, "192.0.2.1", 1)
		_, err = try(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.True(t, fault.Is(err, fault.CodeUnauthenticated))
		_, err = try(from(t, "192.0.2.1"), f.Portal, "another password")
		require.NoError(t, err)
	})
}

// Demo people stay outside of production with the password that everybody
// knows, and come in with one of their own.
func TestDemoPeopleNeedAPasswordOfTheirOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		u := mustStaff(t, f, "one", portaltest.Password)
		require.NoError(t, f.Client.User.UpdateOne(u).SetMadeInDevelopment(true).Exec(portaltest.System(t)))
		_, err := try(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.True(t, fault.Is(err, fault.CodeUnauthenticated))
		_, err = f.Portal.Identity.ResetPassword(t.Context(), "one", u.EmailFolded, "another password")
		require.NoError(t, err)
		_, err = try(from(t, "192.0.2.1"), f.Portal, "another password")
		require.NoError(t, err)
	})
}
