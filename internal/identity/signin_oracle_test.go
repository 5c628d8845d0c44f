package identity_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// An attacker who controls a namesake can set its password to each guess and sign
// in. After ten guesses he no longer learns whether the other users of the address
// have that password, and the victim can still sign in.
func TestStory_NamesakeIsNoOracle(t *testing.T) {
	const secret, attacker, victim = "the password of one", "192.0.2.1", "192.0.2.7"
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		for _, slug := range []string{"one", "two"} {
			f.MustOrganization(t, slug)
			mustStaff(t, f, slug, secret)
			f.Clock.Advance(time.Second)
		}
		guess := func(password string) (identity.SignedIn, error) {
			t.Helper()
			_, err := f.Portal.Identity.ResetPassword(t.Context(), "two", address.ParseEmail(orhan), password)
			require.NoError(t, err)
			return signIn(from(t, attacker), f.Portal, password)
		}
		_, err := guess(secret)
		require.Equal(t, [][]string{{"organization"}}, fields(err), "it is known to both: %v", err)
		own, err := signIn(from(t, victim), f.Portal, secret, "one")
		require.NoError(t, err)
		for i := range auth.PairFailures {
			s, err := guess(fmt.Sprintf("guess number %d", i))
			require.NoError(t, err)
			require.Equal(t, "two", s.Organization.Slug)
		}
		for range auth.PairFailures {
			s, err := guess(secret)
			require.NoError(t, err, "that it is the victim's too is not told any more")
			require.Equal(t, "two", s.Organization.Slug)
		}

		_, err = guess("another password")
		require.NoError(t, err)
		for range 2 * auth.PairFailures {
			_, err = f.Portal.Identity.SignIn(from(t, attacker), identity.SignInInput{Email: address.ParseEmail(orhan), Password: secret, DeviceToken: &own.DeviceToken})
			require.NoError(t, err, "the victim's device, there too")
			_, err = signIn(from(t, victim), f.Portal, secret)
			require.NoError(t, err)
			_, err = signIn(from(t, attacker), f.Portal, secret, "one")
			require.NoError(t, err)
		}
		mustFail(t, f.Portal, attacker, auth.PairFailures, "one")
		requireLimited(t, f.Portal, attacker, secret, "one")
		f.Clock.Advance(auth.AttemptWindow)
		_, err = guess(secret)
		require.Equal(t, [][]string{{"organization"}}, fields(err), "%v", err)
	})
}

// A sign-in that is cut off before its end counts as a failure of the namesakes
// before it, as a finished one does.
func TestSignIn_UnfinishedCountsAsFailure(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		hangUp := func() {}
		f := portaltest.NewWith(t, url, database.Options{OnStatement: func(_ context.Context, query string) {
			if strings.Contains(query, "INSERT INTO events ") {
				hangUp()
			}
		}})
		for _, slug := range []string{"one", "two"} {
			f.MustOrganization(t, slug)
			mustStaff(t, f, slug, "the password of "+slug)
			f.Clock.Advance(time.Second)
		}
		for range auth.PairFailures {
			ctx, cancel := context.WithCancel(from(t, "192.0.2.1"))
			hangUp = cancel
			_, err := signIn(ctx, f.Portal, "the password of two")
			require.Error(t, err)
			require.False(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
		}
		hangUp = func() {}
		_, err := signIn(from(t, "192.0.2.1"), f.Portal, "the password of one")
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "it is not tried: %v", err)
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, "the password of two")
		require.NoError(t, err)
	})
}
