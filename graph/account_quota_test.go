package graph_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// takes uses n of a plan's quota of 1000 a month, counted by the account of the
// subscription's app.
func (s *server) takes(t testing.TB, sub *db.Subscription, n int64) {
	t.Helper()
	quota := limits.Quota{Limit: 1000, Per: access.PerMonth}
	ask := &limits.Ask{
		Organization: sub.OrganizationID, AppCounter: limits.ByApp(sub.AppID, sub.ProductID), Quota: quota, Cost: n,
		AccountCounter: limits.ByAccount(sub.AccountID, sub.ProductID, quota.Per), PerAccount: true,
	}
	start, _ := quota.Period(s.Clock.Now(), nil)
	var out limits.Answer
	s.calls.limits.Peek(t.Context(), ask, &out) // loads only this counter
	s.calls.limits.Load(ask.AccountCounter, start, 0)
	s.calls.limits.Take(t.Context(), ask, &out)
	require.Equal(t, limits.Passed, out.Outcome)
}

// With a plan that counts by account, each app shows what all of them used, read
// for a whole page at once; with one that counts by app, each shows its own.
func TestQuotaCountedByAccount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant := s.MustTenant(t, "shared")
		admin, developer := s.token(t, tenant.Admin), s.token(t, tenant.Developer)
		p, _ := s.MustProduct(t, tenant.Admin, "orders")
		per := func(mutation, input, per string, id string) string {
			a := s.ask(t, admin, fmt.Sprintf(`mutation($id: ID!) { %s(input: {%s: $id, %s}) { plan { id quotaPer } userErrors { code field } } }`, mutation, input, per), map[string]any{"id": id})
			require.Empty(t, a.Errors, a.raw)
			plan := a.Data[mutation].(map[string]any)["plan"].(map[string]any)
			require.Contains(t, a.raw, `"userErrors":[]`)
			return plan["id"].(string)
		}
		id := per("createPlan", "productId", `name: "shared", quota: {limit: 1000, per: MONTH}, quotaPer: ACCOUNT`, p.GlobalID())
		plan := s.Client.Plan.GetX(portaltest.System(t), idOf(id))
		other := s.MustDeveloper(t, tenant.Admin, s.MustAccount(t, tenant.Admin, "Other"))
		for i := range 6 {
			as := tenant.Developer
			if i == 5 {
				as = other
			}
			sub := s.MustRegister(t, as, s.MustApp(t, as, fmt.Sprint("app", i)).App, p, plan)
			s.takes(t, sub, int64(i+1))
		}
		s.calls.flush(t)
		used := func(token string) (all []float64) {
			a := s.ask(t, token, `{ apps(first: 20, orderBy: {field: NAME, direction: ASC}) { nodes { productSubscriptions { nodes { plan { quotaPer } quota { used remaining } } } } } }`, nil)
			require.Empty(t, a.Errors, a.raw)
			for _, app := range a.Data["apps"].(map[string]any)["nodes"].([]any) {
				for _, sub := range app.(map[string]any)["productSubscriptions"].(map[string]any)["nodes"].([]any) {
					quota := sub.(map[string]any)["quota"].(map[string]any)
					require.Equal(t, 1000.0, quota["used"].(float64)+quota["remaining"].(float64))
					all = append(all, quota["used"].(float64))
				}
			}
			return all
		}
		require.Equal(t, []float64{15, 15, 15, 15, 15}, used(developer))
		require.Equal(t, []float64{15, 15, 15, 15, 15, 6}, used(admin))
		for _, ctx := range []context.Context{tenant.Developer, tenant.Admin} {
			// viewer, apps, subscriptions, plans, counts
			s.wantStatements(t, &c, s.token(t, ctx), "shared quotas", `query($n: Int) { apps(first: $n, orderBy: {field: NAME, direction: ASC}) { nodes { productSubscriptions { nodes { quota { used } } } } } }`, 5, `{"quota":{"used":15}}`)
		}
		per("updatePlan", "planId", "quotaPer: APP", id)
		require.Equal(t, []float64{15, 15, 15, 15, 15}, used(developer), "as was agreed to")
		_, err := s.Portal.Apps.MovePlanSubscriptions(tenant.Admin, apps.MovePlanSubscriptionsInput{PlanID: id})
		require.NoError(t, err)
		require.Equal(t, []float64{1, 2, 3, 4, 5}, used(developer))
	})
}
