package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// An administrator of another organization who creates a user of the same address
// can sign in as it on many devices. That permits no further guesses at the other
// users of the address, and uses up none of their attempts.
func TestStory_DevicesOfANamesake(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		for _, slug := range []string{"one", "two"} {
			f.MustOrganization(t, slug)
			mustStaff(t, f, slug, "the password of "+slug)
			f.Clock.Advance(time.Second)
		}
		const attacker, elsewhere, victim = "192.0.2.1", "192.0.2.2", "192.0.2.7"
		own, err := signIn(from(t, victim), f.Portal, "the password of one", "one")
		require.NoError(t, err)

		guess := func(client, token, password string, organization *string) error {
			_, err := f.Portal.Identity.SignIn(from(t, client), identity.SignInInput{Email: address.ParseEmail(orhan), Password: password,
				Organization: organization, DeviceToken: &token})
			return err
		}
		for i := range 2 * auth.PairFailures {
			fresh, err := signIn(from(t, elsewhere), f.Portal, "the password of two", "two")
			require.NoError(t, err)
			want := fault.CodeUnauthenticated
			if i >= auth.PairFailures {
				want = fault.CodeRateLimited
			}
			err = guess(attacker, fresh.DeviceToken, "a wrong password", new("one"))
			require.True(t, fault.Is(err, want), "%d: %v", i, err)
		}
		for range auth.AddressFailures / auth.PairFailures {
			fresh, err := signIn(from(t, elsewhere), f.Portal, "the password of two", "two")
			require.NoError(t, err)
			for range auth.PairFailures {
				err := guess(attacker, fresh.DeviceToken, "a wrong password", nil)
				require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
			}
		}
		require.NoError(t, guess(victim, own.DeviceToken, "the password of one", nil))
		require.NoError(t, guess(victim, own.DeviceToken, "the password of one", new("one")))
		require.NoError(t, guess("192.0.2.9", "", "the password of one", nil), "nor do they count as failures of unknown devices")
	})
}

// A device on which the user has signed in before is not locked out by others'
// failures.
func TestSignIn_KnownDevice(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		mustStaff(t, f, "one", portaltest.Password)
		s, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.NoError(t, err)
		require.NotEmpty(t, s.DeviceToken)
		mustFail(t, f.Portal, "192.0.2.1", auth.PairFailures)
		requireLimited(t, f.Portal, "192.0.2.1", portaltest.Password)

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
