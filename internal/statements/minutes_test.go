package statements_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whoever goes over to a plan that costs nothing pays for the calls of the minute before.
func TestMinuteBeforeAFreePlan(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		free := s.free(t)
		sub := s.register(t, s.tiered)
		s.called(t, s.month, 2_000)
		s.at(s.month.Add(30 * time.Second))
		s.change(t, sub, free)
		s.at(s.month.Add(40 * time.Second))
		s.change(t, sub, s.tiered)
		s.at(s.month.Add(50 * time.Second))
		s.change(t, sub, free)
		s.at(s.month.Add(2 * time.Minute))
		got, err := s.Portal.Statements.Running(s.Developer, nil)
		require.NoError(t, err)
		require.Equal(t, "0.80", got[0].Amount)
		require.Equal(t, []int64{0, 2_000}, []int64{got[0].Lines[0].Calls, got[0].Lines[1].Calls})
		s.at(s.day(32))
		s.run(t)
		lines := s.lines(t)
		require.Equal(t, []int64{0, 2_000}, []int64{lines[0].Calls, lines[1].Calls})
		require.Equal(t, []string{"0.00", "0.80"}, []string{*lines[0].Amount, *lines[1].Amount})
	})
}

// A minute is counted once where one paid plan follows another.
func TestMinuteBetweenTwoPlans(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		sub := s.register(t, s.tiered)
		s.called(t, s.month, 2_000)
		s.at(s.month.Add(30 * time.Second))
		s.change(t, sub, s.metered)
		s.at(s.day(3))
		s.run(t)
		lines := s.lines(t)
		require.Equal(t, []int64{0, 2_000}, []int64{lines[0].Calls, lines[1].Calls})
	})
}

// A transaction that began earlier and comes later begins no line within the one before.
func TestLinesDoNotOverlap(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		sub := s.register(t, s.fee)
		s.at(s.day(2))
		s.change(t, sub, s.free(t))
		ended := *s.lines(t)[0].EndedAt
		_, err := s.Database.ExecContext(t.Context(), `UPDATE subscriptions SET plan_id = $1, plan_revision_id = NULL WHERE id = $2`, s.fee.ID, sub.ID)
		require.NoError(t, err)
		s.at(ended.Add(-time.Second))
		require.NoError(t, s.Portal.Statements.Reconcile(t.Context()))
		lines := s.lines(t)
		require.Len(t, lines, 2)
		require.True(t, lines[1].StartedAt.Equal(ended), lines[1])
	})
}
