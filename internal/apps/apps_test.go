package apps_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Under an idempotency key an app is created once. Another account cannot use the
// key, and an app that was deleted since is not returned.
func TestStory_CreateAppAgain(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	tenant := f.MustTenant(t, "replay")
	key := "once"
	in := apps.CreateAppInput{Name: "app", IdempotencyKey: &key}
	created, err := f.Portal.Apps.CreateApp(tenant.Developer, in)
	require.NoError(t, err)
	t.Run("OK", func(t *testing.T) {
		again, err := f.Portal.Apps.CreateApp(tenant.Developer, in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Nil(t, again.Secret)
	})
	t.Run("ErrConflict", func(t *testing.T) {
		other := viewer.Current(tenant.Developer)
		other.AccountID = f.MustAccount(t, tenant.Admin, "other").ID
		_, err := f.Portal.Apps.CreateApp(portaltest.As(t, other), in)
		require.ErrorContains(t, err, "CONFLICT")
	})
	t.Run("ErrNotFound", func(t *testing.T) {
		_, err := f.Portal.Apps.DeleteApp(tenant.Developer, created.App.GlobalID(), nil)
		require.NoError(t, err)
		_, err = f.Portal.Apps.CreateApp(tenant.Developer, in)
		require.ErrorContains(t, err, "NOT_FOUND")
	})
}
