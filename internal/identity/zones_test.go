package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db/organization"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Time zones that earlier versions accepted are replaced once by their right names,
// with an event; unknown ones become UTC, and are reported.
func TestRepairTimeZones(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		want := map[string]string{"europe/berlin": "Europe/Berlin", "right/Europe/Istanbul": "Europe/Istanbul",
			"./Asia/Tokyo": "Asia/Tokyo", "posix/UTC": "UTC", "localtime": "UTC", "America/New_York": "America/New_York"}
		slugs := map[string]string{}
		for i, stored := range []string{"europe/berlin", "right/Europe/Istanbul", "./Asia/Tokyo", "posix/UTC", "localtime", "America/New_York"} {
			slug := "org-" + string(rune('a'+i))
			o := f.MustOrganization(t, slug)
			require.NoError(t, f.Client.Organization.UpdateOne(o).SetTimeZone(stored).Exec(portaltest.System(t)))
			slugs[slug] = stored
		}
		repaired, err := f.Portal.Identity.RepairTimeZones(t.Context())
		require.NoError(t, err)
		require.Len(t, repaired, 5, "a good one is left alone")
		require.Contains(t, repaired, identity.RepairedZone{Organization: "org-a", Before: "europe/berlin", After: "Europe/Berlin"})
		for slug, stored := range slugs {
			o, err := f.Client.Organization.Query().Where(organization.Slug(slug)).Only(portaltest.System(t))
			require.NoError(t, err)
			require.Equal(t, want[stored], o.TimeZone, stored)
		}
		var events int
		row := f.Database.QueryRowContext(t.Context(), `SELECT count(*) FROM events WHERE type = 'ORGANIZATION_UPDATED'`)
		require.NoError(t, row.Scan(&events))
		require.Equal(t, 5, events)
		again, err := f.Portal.Identity.RepairTimeZones(t.Context())
		require.NoError(t, err)
		require.Empty(t, again)
	})
}
