package apps_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Apps are found by what they subscribe to, by their keys and by the use of these; the
// last use of each is that of the key that was used last, a revoked one too.
func TestApps_ByKeysAndSubscriptions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, plan := f.MustProduct(t, x.Admin, "weather")
		other, _ := f.MustProduct(t, x.Admin, "maps")
		used, fresh := f.MustApp(t, x.Developer, "Used"), f.MustApp(t, x.Developer, "Fresh")
		later := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: new(used.App.GlobalID()), Environment: new(access.Staging)}).Credential
		for id, at := range map[uuid.UUID]time.Time{used.Credential.ID: f.Clock.Now().Add(-time.Hour), later.ID: f.Clock.Now()} {
			require.NoError(t, f.Client.Credential.UpdateOneID(id).SetLastUsedAt(at).Exec(portaltest.System(t)))
		}
		sub := f.MustRegister(t, x.Developer, used.App, product, plan)
		find := func(filter apps.AppFilter) (names []string) {
			t.Helper()
			page, err := f.Portal.Apps.Apps(x.Developer, filter, listing.Order{By: "NAME"}, listing.Request{Args: paging.Args{First: new(10)}, Wanted: paging.Wanted{Total: true}})
			require.NoError(t, err)
			require.Equal(t, len(page.Nodes), page.TotalCount)
			for _, a := range page.Nodes {
				names = append(names, a.Name)
			}
			return names
		}
		products := apps.AppFilter{ProductIDs: []string{product.GlobalID(), other.GlobalID()}}
		require.Equal(t, []string{"Used"}, find(products))
		require.Empty(t, find(apps.AppFilter{ProductIDs: []string{other.GlobalID(), "nonsense"}}))
		require.Empty(t, find(apps.AppFilter{ProductIDs: []string{}}))
		require.Equal(t, []string{"Fresh", "Used"}, find(apps.AppFilter{Environment: []access.Environment{access.Development}}))
		require.Equal(t, []string{"Used"}, find(apps.AppFilter{Environment: []access.Environment{access.Staging, access.Production}}))
		require.Empty(t, find(apps.AppFilter{Environment: []access.Environment{}}))
		require.Equal(t, []string{"Fresh"}, find(apps.AppFilter{NeverUsed: new(true)}))
		require.Equal(t, []string{"Used"}, find(apps.AppFilter{NeverUsed: new(false)}))

		_, err := f.Portal.Apps.RevokeKey(x.Developer, later.GlobalID(), nil, nil)
		require.NoError(t, err)
		_, err = f.Portal.Apps.Withdraw(x.Developer, sub.GlobalID(), nil)
		require.NoError(t, err)
		require.Empty(t, find(products), "what has ended does not count")
		require.Empty(t, find(apps.AppFilter{Environment: []access.Environment{access.Staging}}))
		last, err := f.Portal.Apps.LastUsesOfApps(x.Developer, []uuid.UUID{used.App.ID, fresh.App.ID})
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]*time.Time{used.App.ID: new(f.Clock.Now())}, last)
		stranger := f.MustDeveloper(t, x.Admin, f.MustAccount(t, x.Admin, "Other"))
		last, err = f.Portal.Apps.LastUsesOfApps(stranger, []uuid.UUID{used.App.ID})
		require.NoError(t, err)
		require.Empty(t, last)
	})
}
