package catalog_test

import (
	"reflect"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/planrevision"
	"portico/ent/schema"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// otherTerms is another value of each term of a plan.
func otherTerms() map[string]any {
	return map[string]any{
		"kind":       domain.PlanMetered,
		"rate_limit": &access.RateLimit{Limit: 7, Per: access.PerHour, Burst: 3},
		"quota":      &access.Quota{Limit: 11, Per: access.PerWeek},
		"quota_per":  access.QuotaPerAccount,
		"price":      &domain.Price{Amount: "3", Currency: "EUR", Unit: 5},

		"endpoint_limits":  []access.EndpointLimit{{EndpointID: uuid.New(), Quota: &access.Quota{Limit: 2, Per: access.PerDay}}},
		"overage":          access.OverageContinue,
		"spending_cap":     new("30.00"),
		"calls_within_cap": new(int64(50)),
	}
}

// Whatever schema.PlanTerms has is compared, and copied to a revision.
func TestTermsAreThoseOfTheSchema(t *testing.T) {
	for _, f := range (schema.PlanTerms{}).Fields() {
		name := f.Descriptor().Name
		value, ok := otherTerms()[name]
		require.True(t, ok, "%s: write another value of it", name)
		plan := &db.Plan{Kind: domain.PlanFree, QuotaPer: access.QuotaPerApp, Overage: access.OverageRefuse}
		before := catalog.TermsOf(plan)
		set := fieldOf(t, plan, name)
		set.Set(reflect.ValueOf(value))
		same, err := catalog.TermsOf(plan).Same(before)
		require.NoError(t, err)
		require.False(t, same, "%s: a change of it makes no revision", name)
		r := &db.PlanRevision{Kind: domain.PlanFree, QuotaPer: access.QuotaPerApp, Overage: access.OverageRefuse}
		fieldOf(t, r, name).Set(reflect.ValueOf(value))
		same, err = catalog.TermsOfRevision(r).Same(catalog.TermsOf(plan))
		require.NoError(t, err)
		require.True(t, same, "%s: a revision has it under another name", name)
	}
	require.Len(t, otherTerms(), reflect.TypeFor[catalog.Terms]().NumField())
}

// fieldOf returns the field of a row with the name of a column.
func fieldOf(t *testing.T, row any, column string) reflect.Value {
	t.Helper()
	v := reflect.ValueOf(row).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("json") == column+",omitempty" {
			return v.Field(i)
		}
	}
	t.Fatalf("there is no column %s", column)
	return reflect.Value{}
}

// Each change of a term makes the next revision, with all terms as they are; what is no term
// makes none, and neither does what changes nothing.
func TestUpdatePlan_Revisions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "weather")
		plan, err := f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: prod.GlobalID(), Name: "metered", Kind: new(domain.PlanMetered), Price: &domain.Price{Amount: "1", Unit: 10}})
		require.NoError(t, err)
		terms := otherTerms()
		for i, in := range []catalog.UpdatePlanInput{
			{},
			{RateLimit: input.SetTo(*terms["rate_limit"].(*access.RateLimit))},
			{RateLimit: input.SetTo(*terms["rate_limit"].(*access.RateLimit))},
			{Quota: input.SetTo(*terms["quota"].(*access.Quota)), QuotaPer: input.SetTo(access.QuotaPerAccount)},
			{Name: input.SetTo("renamed"), ExternalID: input.SetTo("x"), Approval: input.SetTo(domain.Auto)},
			{Price: input.SetTo(*terms["price"].(*domain.Price))},
			{Quota: input.Patch[access.Quota]{Set: true}},
		} {
			in.PlanID = plan.GlobalID()
			after, err := f.Portal.Catalog.UpdatePlan(x.Admin, in)
			require.NoError(t, err)
			require.Equal(t, []int{1, 2, 2, 3, 3, 4, 5}[i], after.Revision)
			all := f.Client.PlanRevision.Query().Where(planrevision.PlanID(plan.ID)).Order(planrevision.ByNumber()).AllX(portaltest.System(t))
			require.Len(t, all, after.Revision)
			for n, r := range all {
				require.Equal(t, n+1, r.Number)
			}
			same, err := catalog.TermsOfRevision(all[len(all)-1]).Same(catalog.TermsOf(after))
			require.NoError(t, err)
			require.True(t, same, "the newest revision has the terms of the plan")
		}
	})
}
