package apps_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// No credential outlives the organization's longest key life: neither an app's first
// one nor that of a restored app.
func TestCredential_LongestKeyLife(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	tenant := f.MustTenant(t, "life")
	_, err := f.Portal.Identity.UpdateOrganization(tenant.Admin, identity.UpdateOrganizationInput{
		LongestKeyLife: input.Patch[domain.KeyLife]{Set: true, Value: &domain.KeyLife{Development: new(30)}},
	})
	require.NoError(t, err)
	v := viewer.Current(tenant.Developer)
	v.Policy.LongestKeyLife.Development = new(30)
	developer := portaltest.As(t, v)
	v = viewer.Current(tenant.Admin)
	v.Policy.LongestKeyLife.Development = new(30)
	admin := portaltest.As(t, v)
	latest := f.Clock.Now().Add(30 * 24 * time.Hour)

	created := f.MustApp(t, developer, "app")
	require.Equal(t, latest, *created.Credential.ExpiresAt)
	_, err = f.Portal.Apps.DeleteApp(developer, created.App.GlobalID(), nil)
	require.NoError(t, err)
	back, err := f.Portal.Apps.RestoreApp(admin, created.App.GlobalID(), nil)
	require.NoError(t, err)
	require.Equal(t, latest, *back.Credential.ExpiresAt)
	require.NotEqual(t, created.Credential.ID, back.Credential.ID)
}
