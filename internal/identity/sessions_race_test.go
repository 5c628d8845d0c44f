package identity_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db/session"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// Of many requests with one token at the same moment each gets a token, and the session
// goes on; a sign-out in between leaves none of them valid.
func TestRace_RefreshSession(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		u := h.MustUser(t, x.Admin, x.Account, domain.Member)
		in := func() identity.SignedIn {
			s, err := h.Portal.Identity.SignIn(from(t, "192.0.2.1"), identity.SignInInput{Email: u.EmailFolded, Password: portaltest.Password})
			require.NoError(t, err)
			return s
		}
		s := in()
		got, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (identity.SignedIn, error) {
			return p.Identity.RefreshSession(t.Context(), s.RefreshToken)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK)
		seen := map[string]bool{}
		for _, one := range got {
			seen[one.RefreshToken] = true
		}
		require.Len(t, seen, racetest.Requests)

		s = in()
		got, outcomes = racetest.Run(h, func(n int, p *portal.Portal) (identity.SignedIn, error) {
			if n == racetest.Requests/2 {
				_, err := p.Identity.SignOut(from(t, "192.0.2.1"), identity.SignOutInput{RefreshToken: &s.RefreshToken})
				return identity.SignedIn{}, err
			}
			return p.Identity.RefreshSession(t.Context(), s.RefreshToken)
		})
		require.Subset(t, []string{racetest.OK, "UNAUTHENTICATED"}, outcomes)
		for _, one := range got {
			if one.AccessToken == "" {
				continue
			}
			claims, err := h.Tokens.Verify(one.AccessToken)
			require.NoError(t, err)
			require.False(t, isAccepted(t, h.Fixture, u, claims.Session))
			_, err = h.Portal.Identity.RefreshSession(t.Context(), one.RefreshToken)
			requireEnded(t, err)
		}
	})
}

// A sign-in whose password was changed while it was verified begins no session.
func TestSignIn_PasswordChangedMeanwhile(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		slow := p.With(func(o *portal.Options) {
			o.Passwords = changing{o.Passwords, func() error {
				_, err := p.Portal.Identity.ResetPassword(t.Context(), "one", p.user.EmailFolded, "another battery, and a staple")
				return err
			}}
		})
		_, err := slow.Identity.SignIn(p.from("192.0.2.1"), identity.SignInInput{Email: p.user.EmailFolded, Password: portaltest.Password, Organization: new("one")})
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), fmt.Sprint(err))
		require.Equal(t, 0, p.Client.Session.Query().Where(session.UserID(p.user.ID)).CountX(portaltest.System(t)))
	})
}

// changing does something after a password was verified.
type changing struct {
	identity.Passwords
	then func() error
}

func (c changing) Verify(ctx context.Context, password, hash string) (bool, error) {
	ok, err := c.Passwords.Verify(ctx, password, hash)
	return ok, errors.Join(err, c.then())
}
