package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// Of many who use a link at the same moment one sets the password.
func TestRace_ResetPassword(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		u := h.MustUser(t, x.Admin, x.Account, domain.Member)
		token := mustLink(t, h.Fixture, u)
		_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (struct{}, error) {
			return struct{}{}, p.Identity.ResetByLink(t.Context(), token, newPassword)
		})
		racetest.RequireOne(t, outcomes, "INVALID_LINK")
	})
}

// A link and a change of the password at the same moment: one of both, and no link is
// left. A sign-in in between leaves no session either.
func TestRace_ResetPasswordAndChange(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		u := h.MustUser(t, x.Admin, x.Account, domain.Member)
		token, own := mustLink(t, h.Fixture, u), h.Enter(t, u)
		got, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (identity.SignedIn, error) {
			switch n % 3 {
			case 0:
				return identity.SignedIn{}, p.Identity.ResetByLink(t.Context(), token, newPassword)
			case 1:
				_, err := p.Identity.ChangePassword(own, portaltest.Password, "yet another battery")
				return identity.SignedIn{}, err
			}
			return p.Identity.SignIn(from(t, "192.0.2.1"), identity.SignInInput{Email: u.EmailFolded, Password: portaltest.Password})
		})
		require.Contains(t, outcomes, racetest.OK)
		require.Zero(t, h.Rows(t, "password_resets"))
		for _, one := range got {
			if one.AccessToken == "" {
				continue
			}
			claims, err := h.Tokens.Verify(one.AccessToken)
			require.NoError(t, err)
			require.False(t, isAccepted(t, h.Fixture, u, claims.Session))
		}
	})
}

// However many servers look for the users, each gets one link by each request.
func TestRace_AnswerResetRequests(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		u := h.MustUser(t, x.Admin, x.Account, domain.Member)
		for range 3 {
			require.NoError(t, h.Portal.Identity.RequestPasswordReset(from(t, "192.0.2.1"), identity.RequestPasswordResetInput{Email: u.EmailFolded}))
		}
		_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (struct{}, error) {
			return struct{}{}, p.Identity.AnswerResetRequests(t.Context())
		})
		racetest.RequireOnly(t, outcomes, racetest.OK)
		const asked = "USER_PASSWORD_RESET_REQUESTED"
		require.Equal(t, []string{"USER_CREATED", asked, asked, asked}, h.EventTypes(t, u.ID))
		require.Equal(t, 1, h.Rows(t, "password_resets"))
	})
}
