package identity_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
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

// Usage is kept as long as the organization sets it, daily counts at least as long
// as hourly ones and those as minutes.
func TestUpdateOrganization_UsageRetention(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		keep := func(r domain.UsageRetention) (*db.Organization, error) {
			return f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{UsageRetention: input.SetTo(r)})
		}
		for r, problems := range map[domain.UsageRetention][]string{
			{Minutes: 0, Hours: 0, Days: 0}:        {"INVALID usageRetention.minutes", "INVALID usageRetention.hours", "INVALID usageRetention.days"},
			{Minutes: 91, Hours: 1001, Days: 3661}: {"INVALID usageRetention.minutes", "INVALID usageRetention.hours", "INVALID usageRetention.days"},
			{Minutes: 1, Hours: 2, Days: 2}:        {"INVALID usageRetention.minutes", "INVALID usageRetention.hours", "INVALID usageRetention.days"},
			{Minutes: 8, Hours: 7, Days: 90}:       {"INVALID usageRetention.hours"},
			{Minutes: 7, Hours: 90, Days: 89}:      {"INVALID usageRetention.days"},
		} {
			t.Run(portaltest.Subtest(problems...), func(t *testing.T) {
				_, err := keep(r)
				portaltest.RequireProblems(t, err, problems...)
			})
		}
		t.Run("OK", func(t *testing.T) {
			for _, r := range []domain.UsageRetention{{Minutes: 2, Hours: 3, Days: 3}, {Minutes: 90, Hours: 1000, Days: 3660}} {
				o, err := keep(r)
				require.NoError(t, err)
				require.Equal(t, &r, o.UsageRetention)
			}
		})
		t.Run("OK, cleared", func(t *testing.T) {
			o, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{UsageRetention: input.Patch[domain.UsageRetention]{Set: true}})
			require.NoError(t, err)
			require.Nil(t, o.UsageRetention, "the retention of all organizations")
			require.Equal(t, 4, o.Version)
		})
		t.Run("ErrForbidden", func(t *testing.T) {
			_, err := f.Portal.Identity.UpdateOrganization(x.Developer, identity.UpdateOrganizationInput{UsageRetention: input.SetTo(domain.DefaultUsageRetention())})
			portaltest.RequireCode(t, err, "FORBIDDEN")
		})
	})
}

// API keys never begin like Portico's own tokens.
func TestUpdateOrganization_KeyPrefix(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	for _, prefix := range []string{"pgw", "pst", "prt"} {
		t.Run("ErrKeyPrefixInvalid/"+prefix, func(t *testing.T) {
			_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{KeyPrefix: input.SetTo(prefix)})
			portaltest.RequireProblems(t, err, "INVALID keyPrefix")
		})
	}
}

// An organization is updated while its developers create apps. All succeed: a lock
// on the organization's row does not block the events of others.
func TestRace_UpdateOrganization(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			if n%2 == 0 {
				return p.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{Name: input.SetTo(uuid.NewString())})
			}
			return p.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App"})
		})
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		require.Len(t, h.Events(t, x.Organization.ID, eventlog.OrganizationUpdated), racetest.Requests/2)
	})
}
