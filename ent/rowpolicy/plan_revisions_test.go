package rowpolicy_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db/planrevision"
	"portico/ent/db/subscription"
	"portico/internal/domain"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Of a plan that they see, developers see the newest revision, and older ones only if a
// subscription of their account refers to them.
func TestOlderRevisionsAreSeenByThoseWhoAgreedToThem(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		system, own, other := viewer.AsSystem(t.Context(), uuid.Nil), w.owners["own"], w.owners["other"]
		offered := w.owners["offered"]
		newest := offered.rows["plan_revisions"]
		old := make([]uuid.UUID, 4)
		for i := range old {
			old[i] = uuid.New()
			require.NoError(t, w.client.PlanRevision.Create().SetID(old[i]).SetOrganizationID(offered.organization).SetProductID(offered.rows["products"]).
				SetPlanID(offered.rows["plans"]).SetNumber(i+1).SetKind(domain.PlanFree).Exec(system))
		}
		seen := func(who string) (out []uuid.UUID) {
			t.Helper()
			out, err := w.client.PlanRevision.Query().Where(planrevision.PlanID(offered.rows["plans"])).IDs(w.as(t.Context(), who))
			require.NoError(t, err)
			return out
		}
		require.ElementsMatch(t, []uuid.UUID{newest}, seen("developer"))
		for account, revisions := range map[uuid.UUID][2]uuid.UUID{own.account: {old[0], old[1]}, other.account: {old[2], old[3]}} {
			require.NoError(t, w.client.Subscription.Update().Where(subscription.AccountID(account)).
				SetPlanRevisionID(revisions[0]).SetPendingPlanRevisionID(revisions[1]).Exec(system))
		}
		require.ElementsMatch(t, []uuid.UUID{newest, old[0], old[1]}, seen("developer"))
		require.ElementsMatch(t, append(old, newest), seen("admin"))
		_, err := w.client.PlanRevision.Update().SetQuotaPer(access.QuotaPerAccount).Save(w.as(t.Context(), "portico"))
		require.ErrorContains(t, err, "append-only")
	})
}
