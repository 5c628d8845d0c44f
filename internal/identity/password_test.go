package identity_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/fault"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// hookedPasswords calls a func before it hashes a new password.
type hookedPasswords struct {
	*auth.Passwords
	meanwhile func()
}

func (m hookedPasswords) Hash(ctx context.Context, password string) (string, error) {
	m.meanwhile()
	return m.Passwords.Hash(ctx, password)
}

// Of two changes of a password at once the later one fails.
func TestChangePassword_ErrConcurrentChange(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		developer := f.MustTenant(t, "one").Developer
		change := func(p *portal.Portal, to string) error {
			_, err := p.Identity.ChangePassword(developer, portaltest.Password, to)
			return err
		}
		p := f.With(func(o *portal.Options) {
			o.Passwords = hookedPasswords{f.Passwords, func() {
				require.NoError(t, change(f.Portal, "the first of two batteries"))
			}}
		})
		err := change(p, "the second of two batteries")
		require.True(t, fault.Is(err, fault.CodeConflict), "%v", err)
		require.Equal(t, fault.ReasonConcurrentChange, fault.From(err).Reason)
	})
}

// A reset ends the user's sessions and forgives the failures.
func TestResetPassword(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		u := mustStaff(t, f, "one", portaltest.Password)
		email := address.ParseEmail(" " + orhan)
		mustFail(t, f.Portal, "192.0.2.1", auth.PairFailures)
		f.Clock.Advance(time.Second)
		t.Run("ErrPasswordWeakPassword", func(t *testing.T) {
			_, err := f.Portal.Identity.ResetPassword(t.Context(), "one", email, "short")
			require.Equal(t, fault.WeakPassword, fault.Problems(err)[0].Code)
		})
		t.Run("ErrOrganizationUnknownReference", func(t *testing.T) {
			_, err := f.Portal.Identity.ResetPassword(t.Context(), "nowhere", email, "another password")
			require.Equal(t, [][]string{{"organization"}}, fields(err))
		})
		t.Run("ErrEmailUnknownReference", func(t *testing.T) {
			_, err := f.Portal.Identity.ResetPassword(t.Context(), "one", address.ParseEmail("other@both.example"), "another password")
			require.Equal(t, [][]string{{"email"}}, fields(err))
		})
		requireLimited(t, f.Portal, "192.0.2.1", portaltest.Password)

		session := f.MustSession(t, u).ID
		_, err := f.Portal.Identity.ResetPassword(t.Context(), "one", email, "another password")
		require.NoError(t, err)
		require.False(t, isAccepted(t, f, u, session), "sessions have ended")
		mustFail(t, f.Portal, "192.0.2.1", 1)
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.True(t, fault.Is(err, fault.CodeUnauthenticated))
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, "another password")
		require.NoError(t, err)
	})
}
