package portal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// No key goes around the organization's longest key life: not an app's first
// one, not that of an app that comes back.
func TestEveryKeyHasTheLongestLifeAllowed(t *testing.T) {
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

	made := f.MustApp(t, developer, "app")
	require.Equal(t, latest, *made.Credential.ExpiresAt)
	_, err = f.Portal.Apps.DeleteApp(developer, made.App.GlobalID(), nil)
	require.NoError(t, err)
	back, err := f.Portal.Apps.RestoreApp(admin, made.App.GlobalID())
	require.NoError(t, err)
	require.Equal(t, latest, *back.Credential.ExpiresAt)
	require.NotEqual(t, made.Credential.ID, back.Credential.ID)
}

// What an idempotency key made for one account is not another account's, and
// what is gone is not given again.
func TestAReplayGivesOnlyWhatIsThere(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	tenant := f.MustTenant(t, "replay")
	key := "once"
	in := apps.CreateAppInput{Name: "app", IdempotencyKey: &key}
	made, err := f.Portal.Apps.CreateApp(tenant.Developer, in)
	require.NoError(t, err)
	again, err := f.Portal.Apps.CreateApp(tenant.Developer, in)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Nil(t, again.Secret)

	other := viewer.Current(tenant.Developer)
	other.AccountID = f.MustAccount(t, tenant.Admin, "other").ID
	_, err = f.Portal.Apps.CreateApp(portaltest.As(t, other), in)
	require.ErrorContains(t, err, "CONFLICT")

	_, err = f.Portal.Apps.DeleteApp(tenant.Developer, made.App.GlobalID(), nil)
	require.NoError(t, err)
	_, err = f.Portal.Apps.CreateApp(tenant.Developer, in)
	require.ErrorContains(t, err, "NOT_FOUND")
}
