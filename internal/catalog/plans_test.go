package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db/event"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// A plan counts its quota by app unless it says otherwise; each change of that is
// recorded, and the database accepts no other value.
func TestPlan_QuotaPer(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, plan := f.MustProduct(t, x.Admin, "weather")
		require.Equal(t, access.QuotaPerApp, plan.QuotaPer)
		created, err := f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: prod.GlobalID(), Name: "shared", QuotaPer: new(access.QuotaPerAccount)})
		require.NoError(t, err)
		require.Equal(t, access.QuotaPerAccount, created.QuotaPer)

		update := func(in catalog.UpdatePlanInput) error {
			in.PlanID = created.GlobalID()
			_, err := f.Portal.Catalog.UpdatePlan(x.Admin, in)
			return err
		}
		t.Run("OK", func(t *testing.T) {
			require.NoError(t, update(catalog.UpdatePlanInput{QuotaPer: input.SetTo(access.QuotaPerApp)}))
			require.NoError(t, update(catalog.UpdatePlanInput{QuotaPer: input.SetTo(access.QuotaPerApp)}), "it is so already")
			require.NoError(t, update(catalog.UpdatePlanInput{Name: input.SetTo("renamed")}))
		})
		t.Run("ErrQuotaPerRequired", func(t *testing.T) {
			portaltest.RequireProblems(t, update(catalog.UpdatePlanInput{QuotaPer: input.Patch[access.QuotaPer]{Set: true}}), "REQUIRED quotaPer")
		})
		t.Run("events", func(t *testing.T) {
			var changes [][2]string
			for _, one := range f.Client.Event.Query().Where(event.SubjectID(created.ID)).Order(event.ByPosition()).AllX(portaltest.System(t)) {
				for _, c := range one.Changes {
					if c.Field == "quotaPer" {
						changes = append(changes, [2]string{string(one.Type), *c.After})
					}
				}
			}
			require.Equal(t, [][2]string{{string(eventlog.PlanCreated), "ACCOUNT"}, {string(eventlog.PlanUpdated), "APP"}}, changes)
		})
		t.Run("database", func(t *testing.T) {
			_, err := f.Database.ExecContext(t.Context(), `UPDATE plans SET quota_per = 'account' WHERE id = $1`, created.ID)
			require.Error(t, err)
		})
	})
}

// A retired product gets no plan.
func TestCreatePlan_ErrProductIdWrongStatus(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "weather")
		_, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(), Status: input.SetTo(domain.Retired)})
		require.NoError(t, err)
		_, err = f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: prod.GlobalID(), Name: "late"})
		portaltest.RequireProblems(t, err, "WRONG_STATUS productId")
	})
}
