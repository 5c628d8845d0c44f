package apps_test

import (
	"context"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db/statementline"
)

// checkLines requires a line that runs, for the account and by the plan, of each subscription
// that runs by a plan with a price, of which each product has one, and of no other.
func (w *life) checkLines(ctx context.Context) {
	lines, err := w.Client.StatementLine.Query().Where(statementline.EndedAtIsNil(), statementline.AccountIDIn(w.accounts[0].ID, w.accounts[1].ID)).All(ctx)
	require.NoError(w.t, err)
	runs := map[uuid.UUID][2]uuid.UUID{}
	for _, l := range lines {
		runs[l.SubscriptionID] = [2]uuid.UUID{l.AccountID, l.PlanID}
	}
	want := map[uuid.UUID][2]uuid.UUID{}
	for _, s := range w.all {
		if s.status == access.SubscriptionApproved && s.plan == 1 && !s.app.deleted {
			want[s.id] = [2]uuid.UUID{w.accounts[s.app.account].ID, w.plans[s.product][1].ID}
		}
	}
	require.Equal(w.t, want, runs)
}
