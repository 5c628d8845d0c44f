package identity_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db/app"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

// An account is suspended by many requests while its developer creates apps: it
// happens once, and later requests of the developer are refused.
func TestRace_SuspendAccount(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		dora := h.MustUser(t, x.Admin, x.Account, domain.Owner)
		developer := h.Enter(t, dora)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			if n%2 == 0 {
				return p.Identity.SuspendAccount(x.Admin, x.Account.GlobalID(), nil)
			}
			return p.Apps.CreateApp(developer, apps.CreateAppInput{Name: "App"})
		})
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		require.Len(t, h.Events(t, x.Account.ID, eventlog.AccountSuspended), 1)
		_, err := h.Portal.Apps.CreateApp(h.Enter(t, dora), apps.CreateAppInput{Name: "Late"})
		require.Equal(t, "FORBIDDEN", racetest.Outcome(err))
		late, err := h.Client.App.Query().Where(app.Name("Late")).Exist(portaltest.System(t))
		require.NoError(t, err)
		require.False(t, late)
	})
}

// Contact addresses are single, plain e-mail addresses.
func TestContactAddresses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		wrong := []string{"help@one.example\r\n", "\u200bhelp@one.example", "help@one.example\nBcc: all@one.example", "Help <help@one.example>", "help"}
		t.Run("ErrSupportEmailInvalid", func(t *testing.T) {
			for _, bad := range wrong {
				_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{SupportEmail: input.SetTo(bad)})
				require.Equal(t, [][]string{{"supportEmail"}}, fields(err), "%+q", bad)
			}
		})
		t.Run("ErrProfileContactEmailInvalid", func(t *testing.T) {
			for _, bad := range wrong {
				profile := identity.CreateAccountInput{Name: "Account", Profile: &domain.Profile{ContactEmail: bad}}
				_, err := f.Portal.Identity.CreateAccount(x.Admin, profile)
				require.Equal(t, "profile.contactEmail", strings.Join(fields(err)[0], "."), "%+q", bad)
			}
		})
		t.Run("OK", func(t *testing.T) {
			_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{SupportEmail: input.SetTo("Help@one.example")})
			require.NoError(t, err)
		})
	})
}
