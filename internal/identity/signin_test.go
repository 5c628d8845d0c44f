package identity_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

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

// from returns the context of a client at a network address.
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

// signIn signs in as orhan.
func signIn(ctx context.Context, p *portal.Portal, password string, organization ...string) (identity.SignedIn, error) {
	in := identity.SignInInput{Email: address.ParseEmail(orhan), Password: password}
	if len(organization) == 1 {
		in.Organization = &organization[0]
	}
	return p.Identity.SignIn(ctx, in)
}

// countHashes returns a Portal like the fixture's, and the number of hashes that its
// sign-ins compute.
func countHashes(f *portaltest.Fixture) (*portal.Portal, *atomic.Int64) {
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

// mustFail signs in n times with a wrong password.
func mustFail(t *testing.T, p *portal.Portal, client string, n int, organization ...string) {
	t.Helper()
	for range n {
		_, err := signIn(from(t, client), p, "a wrong password", organization...)
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
	}
}

// requireLimited requires that a sign-in is refused for too many failures.
func requireLimited(t *testing.T, p *portal.Portal, client, password string, organization ...string) {
	t.Helper()
	_, err := signIn(from(t, client), p, password, organization...)
	require.True(t, fault.Is(err, fault.CodeRateLimited), "%v", err)
}

// However many guesses arrive at once, and on whichever server, only as many
// passwords are checked as the limits permit, for known and unknown addresses alike.
func TestRace_SignInGuesses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		for _, known := range []bool{false, true} {
			if known {
				f.Clock.Advance(auth.AddressWindow)
				mustStaff(t, f, "one", portaltest.Password)
			}
			first, a := countHashes(f)
			second, b := countHashes(f)
			var wait sync.WaitGroup
			var refused atomic.Int64
			for i := range 3 * auth.PairFailures {
				wait.Go(func() {
					for range 20 {
						_, err := signIn(from(t, "192.0.2.1"), []*portal.Portal{first, second}[i%2], "a wrong password")
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

// In production a demo user cannot sign in with the published password, and can with
// a new one.
func TestSignIn_DemoUserAfterResetPassword(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		u := mustStaff(t, f, "one", portaltest.Password)
		require.NoError(t, f.Client.User.UpdateOne(u).SetMadeInDevelopment(true).Exec(portaltest.System(t)))
		_, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.True(t, fault.Is(err, fault.CodeUnauthenticated))
		_, err = f.Portal.Identity.ResetPassword(t.Context(), "one", u.EmailFolded, "another password")
		require.NoError(t, err)
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, "another password")
		require.NoError(t, err)
	})
}
