package apps_test

import (
	"fmt"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// The lists of an organization with many apps, the deleted ones too, read no more than
// they have to: by an index that begins with the organization, and without sorting.
func TestApps_UseIndexes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, plan := f.MustProduct(t, x.Admin, "weather")
		f.MustRegister(t, x.Developer, f.MustApp(t, x.Developer, "App").App, product, plan)
		manyApps(t, f, x.Account, 20_000)
		p, spy := f.Spied()
		of := func(filter apps.AppFilter, o listing.Order, cursor bool) string {
			return explain(t, spy, cursor, func(r listing.Request) (*paging.Page[*db.App], error) { return p.Apps.Apps(x.Admin, filter, o, r) })
		}
		requireOrder := func(plan, index string) {
			t.Helper()
			require.Contains(t, plan, index, plan)
			require.NotContains(t, plan, "Sort", plan)
			require.NotContains(t, plan, "TEMP B-TREE", plan)
			requireNoScan(t, plan)
		}
		for by, index := range map[string]string{
			"CREATED_AT": "app_organization_id_created_at_id", "NAME": "app_organization_id_name_folded_id",
			"LAST_USED_AT": "app_organization_id_last_used", "KEYS": "app_organization_id_key_count_id",
		} {
			for _, cursor := range []bool{false, true} {
				requireOrder(of(apps.AppFilter{}, listing.Order{By: by, Desc: true}, cursor), index)
			}
		}
		for name, filter := range map[string]apps.AppFilter{
			"the product": {ProductIDs: []string{product.GlobalID()}}, "the account": {AccountIDs: []string{x.Account.GlobalID()}},
			"the environment": {Environment: []access.Environment{access.Production}}, "the label": {Label: &apps.LabelFilter{Key: "team"}},
			"never used": {NeverUsed: new(true)}, "last use": {LastUsedBefore: new(f.Clock.Now())}, "keys": {KeysAtLeast: new(3)}, "a text": {Search: new("needle")},
			"a name": {NameContains: new("Needle")},
		} {
			t.Log(name)
			plan := of(filter, listing.Order{Desc: true}, false)
			requireNoScan(t, plan)
			requireLabels(t, f, plan, "apps_labels", filter.Label)
		}
		for _, cursor := range []bool{false, true} {
			requireOrder(explain(t, spy, cursor, func(r listing.Request) (*paging.Page[*db.App], error) {
				return p.Apps.DeletedApps(x.Admin, apps.DeletedAppFilter{}, r)
			}), "app_organization_id_deleted_at_id")
		}
	})
}

// requireLabels requires that what has a label is found by an index of labels, which only
// Postgres has.
func requireLabels(t *testing.T, f *portaltest.Fixture, plan, index string, l *apps.LabelFilter) {
	t.Helper()
	if l != nil && f.Database.Dialect() == dialect.Postgres {
		require.Contains(t, plan, index)
	}
}

// manyApps makes apps with a key each, a fifth of which are deleted, and some of another
// organization.
func manyApps(t *testing.T, f *portaltest.Fixture, a *db.Account, n int) {
	t.Helper()
	other := f.MustTenant(t, "two").Account
	for i := range n / 500 {
		of := a
		if i%4 == 3 {
			of = other
		}
		var all []*db.AppCreate
		var keys []*db.CredentialCreate
		for j := range 500 {
			name := fmt.Sprintf("number %d", i*500+j)
			id := uuid.New()
			c := f.Client.App.Create().SetID(id).SetOrganizationID(of.OrganizationID).SetAccountID(of.ID).SetName(name).SetNameFolded(name).
				SetCreatedAt(f.Clock.Now().Add(-time.Duration(j) * time.Second)).SetUpdatedAt(f.Clock.Now())
			k := f.Client.Credential.Create().SetOrganizationID(of.OrganizationID).SetAccountID(of.ID).SetAppID(id).SetUsername(uuid.New()).SetSecretHash([]byte("x")).
				SetCreatedAt(f.Clock.Now()).SetUpdatedAt(f.Clock.Now())
			if j%5 == 0 {
				c.SetDeletedAt(f.Clock.Now().Add(-time.Duration(j) * time.Second))
				k.SetDeletedAt(f.Clock.Now())
			}
			all, keys = append(all, c), append(keys, k)
		}
		require.NoError(t, f.Client.App.CreateBulk(all...).Exec(portaltest.System(t)))
		require.NoError(t, f.Client.Credential.CreateBulk(keys...).Exec(portaltest.System(t)))
	}
	analyze := "ANALYZE"
	if f.Database.Dialect() == dialect.Postgres {
		analyze = "VACUUM ANALYZE" // what was added to the index of trigrams waits for it
	}
	_, err := f.Database.ExecContext(t.Context(), analyze)
	require.NoError(t, err)
}
