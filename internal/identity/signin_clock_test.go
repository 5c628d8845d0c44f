package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/clock"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// failAhead makes sign-ins fail on a node whose clock is ahead.
func failAhead(t *testing.T, f *portaltest.Fixture, ahead time.Duration) {
	t.Helper()
	f.Clock.Advance(ahead)
	mustFail(t, f.Portal, "192.0.2.1", auth.PairFailures)
	f.Clock.Advance(-ahead)
}

// Unlocking a user and resetting a password forgive failures that a node recorded
// whose clock is a little ahead, and failures after that count again.
func TestStory_ForgiveFailuresOfAFastClock(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one := f.MustTenant(t, "one")
		f.MustOrganization(t, "two")
		u := mustStaff(t, f, "one", portaltest.Password)
		f.Clock.Advance(time.Second)
		mustStaff(t, f, "two", "the password of two")
		for name, forgive := range map[string]func() error{
			"unlockUser": func() error { _, err := f.Portal.Identity.UnlockUser(one.Admin, u.GlobalID(), nil); return err },
			"the command user unlock": func() error {
				_, err := f.Portal.Identity.UnlockByAddress(t.Context(), "one", address.ParseEmail(orhan))
				return err
			},
			"reset-password": func() error {
				_, err := f.Portal.Identity.ResetPassword(t.Context(), "one", address.ParseEmail(orhan), portaltest.Password)
				return err
			},
		} {
			failAhead(t, f, clock.MaxSkew-time.Second)
			requireLimited(t, f.Portal, "192.0.2.1", portaltest.Password, "one")
			require.NoError(t, forgive(), name)
			_, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password, "one")
			require.NoError(t, err, name)
			requireLimited(t, f.Portal, "192.0.2.1", "the password of two", "two")
			f.Clock.Advance(time.Second)
			mustFail(t, f.Portal, "192.0.2.1", auth.PairFailures, "one")
			requireLimited(t, f.Portal, "192.0.2.1", portaltest.Password, "one")
			f.Clock.Advance(2 * auth.AddressWindow)
		}
	})
}

// Failures recorded with a time far in the future lock nobody out, neither now nor
// when that time comes.
func TestSignIn_FailuresFarInTheFutureDoNotCount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		f.MustOrganization(t, "two")
		u := mustStaff(t, f, "one", portaltest.Password)
		f.Clock.Advance(time.Second)
		mustStaff(t, f, "two", "the password of two")
		const ahead = 10 * 24 * time.Hour
		failAhead(t, f, ahead)
		_, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password, "one")
		require.NoError(t, err)
		_, err = f.Portal.Identity.UnlockByAddress(t.Context(), "one", address.ParseEmail(orhan))
		require.NoError(t, err)
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, "the password of two", "two")
		require.NoError(t, err, "unlocking one user makes nothing count for another")
		out, err := auth.NewLimiter(f.Database, f.Ring, f.Clock).Lockout(t.Context(), u.EmailFolded, u.ID, time.Time{}, time.Time{})
		require.NoError(t, err)
		require.Zero(t, out, "nor does a list say so")

		gone, err := f.Portal.Maintenance.Purge(t.Context())
		require.NoError(t, err)
		require.NotZero(t, gone.SignInAttempts)
		f.Clock.Advance(ahead)
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password, "one")
		require.NoError(t, err)
	})
}
