package statements_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/statements"
)

// free makes a plan that costs nothing.
func (s *scene) free(t *testing.T) *db.Plan {
	t.Helper()
	p, err := s.Portal.Catalog.CreatePlan(s.Admin, catalog.CreatePlanInput{ProductID: s.product.GlobalID(), Name: "nothing", Approval: new(domain.Auto)})
	require.NoError(t, err)
	return p
}

// changeLater lets a subscription go over to a plan at the end of the month.
func (s *scene) changeLater(t *testing.T, sub *db.Subscription, to *db.Plan) {
	t.Helper()
	_, err := s.Portal.Apps.ChangePlan(s.Developer, apps.ChangePlanInput{SubscriptionID: sub.GlobalID(), PlanID: to.GlobalID(), When: domain.PlanChangePeriodEnd})
	require.NoError(t, err)
}

func (s *scene) takeDuePlans(t *testing.T) {
	t.Helper()
	n, err := s.Portal.Maintenance.TakeDuePlans(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// What takes effect at the end of the month is charged since then, however late the job is
// that makes it, and whichever job is the first. Nothing stays of the time in between.
func TestChangeAtTheEndOfTheMonth(t *testing.T) {
	for name, late := range map[string]time.Duration{"soon": 40 * time.Second, "late": 5 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, s *scene) {
				sub := s.register(t, s.metered)
				s.changeLater(t, sub, s.tiered)
				s.called(t, s.day(31).Add(time.Second), 20_000)
				for at := s.day(31); at.Before(s.day(31).Add(late)); at = at.Add(12 * time.Hour) {
					s.at(at)
					s.run(t) // it cuts the line, and counts the calls for the plan that runs
				}
				s.at(s.day(31).Add(late))
				s.takeDuePlans(t)
				lines := s.lines(t)
				require.Len(t, lines, 2)
				require.True(t, lines[0].EndedAt.Equal(s.day(31)), lines[0])
				require.Equal(t, []any{"tiered", true}, []any{lines[1].PlanName, lines[1].StartedAt.Equal(s.day(31))})
				s.at(s.day(31 + 28).Add(statements.Lag))
				s.run(t)
				all := s.statements(t)
				require.Len(t, all, 2)
				require.Equal(t, []string{"0.00", "8.00"}, []string{all[0].Amount, all[1].Amount})
			})
		})
	}
}

// Who goes over to a plan that costs nothing has no statement of a month without a line.
func TestChangeAtTheEndOfTheMonth_ToAFreePlan(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.changeLater(t, s.register(t, s.fee), s.free(t))
		s.at(s.day(31).Add(40 * time.Second))
		s.run(t)
		s.takeDuePlans(t)
		require.Len(t, s.lines(t), 1)
		s.at(s.day(31 + 28).Add(statements.Lag))
		require.Equal(t, 1, s.run(t).Closed)
		require.Equal(t, "31.00", s.statements(t)[0].Amount)
	})
}

// A job that stood still for months charges nothing for those that may be closed.
func TestChangeAtTheEndOfTheMonth_MonthsLater(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.changeLater(t, s.register(t, s.free(t)), s.fee)
		s.at(s.day(31 + 28 + 10))
		s.takeDuePlans(t)
		lines := s.lines(t)
		require.Len(t, lines, 1)
		require.True(t, lines[0].StartedAt.Equal(s.day(31+28)), lines[0])
	})
}

// Of a line that has ended before it was known, what was counted since is taken off.
func TestCountedTooFar(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.register(t, s.metered)
		s.called(t, s.day(2), 12_000)
		s.called(t, s.day(5), 1_000) // the minute of the end is the line's
		s.called(t, s.day(7), 5_000)
		s.at(s.day(10))
		s.run(t)
		require.EqualValues(t, 18_000, s.lines(t)[0].Calls)
		_, err := s.Database.ExecContext(t.Context(), `UPDATE subscriptions SET status = 'UNSUBSCRIBED', decided_at = $1`, s.day(5).Add(30*time.Second)) // by another release
		require.NoError(t, err)
		require.NoError(t, s.Portal.Statements.Reconcile(t.Context()))
		got, err := s.Portal.Statements.Running(s.Developer, nil)
		require.NoError(t, err)
		require.Equal(t, []any{"1.50", int64(13_000)}, []any{got[0].Amount, got[0].Lines[0].Calls})
		s.run(t)
		require.Equal(t, []any{"1.50", int64(13_000)}, []any{*s.lines(t)[0].Amount, s.lines(t)[0].Calls})
	})
}

// A line has the names of its beginning, and those of the line before for what is gone.
func TestNames(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.register(t, s.fee)
		s.at(s.day(5))
		_, err := s.Portal.Apps.UpdateApp(s.Developer, apps.UpdateAppInput{AppID: s.app.GlobalID(), Name: input.SetTo("Other")})
		require.NoError(t, err)
		_, err = s.Portal.Catalog.UpdatePlan(s.Admin, catalog.UpdatePlanInput{PlanID: s.fee.GlobalID(), Name: input.SetTo("dues")})
		require.NoError(t, err)
		s.at(s.day(31))
		s.run(t)
		lines := s.lines(t)
		require.Equal(t, []string{"App", "fee", "Other", "dues"}, []string{lines[0].AppName, lines[0].PlanName, lines[1].AppName, lines[1].PlanName})
		_, err = s.Database.ExecContext(t.Context(), `UPDATE statement_lines SET plan_id = $1, plan_name = 'gone' WHERE ended_at IS NULL`, uuid.New())
		require.NoError(t, err)
		s.at(s.day(31 + 28).Add(time.Hour))
		s.run(t)
		lines = s.lines(t)
		require.Len(t, lines, 4)
		require.Equal(t, []string{"gone", "Other", "dues"}, []string{lines[2].PlanName, lines[2].AppName, lines[3].PlanName})
	})
}
