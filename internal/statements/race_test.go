package statements_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/portal"
	"portico/internal/portal/racetest"
	"portico/internal/statements"
)

// Many servers that close at once make each statement once, without a gap in the numbers,
// while corrections are made.
func TestRace_Close(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newScene(t, h.Fixture, "one")
		s.register(t, s.fee)
		s.at(s.day(31).Add(statements.Lag))
		_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (statements.Done, error) { return p.Statements.Run(t.Context()) })
		racetest.RequireOnly(t, outcomes, racetest.OK)
		all := s.statements(t)
		require.Len(t, all, 1)
		require.Len(t, h.Events(t, all[0].ID, eventlog.StatementClosed), 1)
		require.Len(t, s.lines(t), 2)

		s.at(s.day(31 + 28).Add(statements.Lag))
		_, outcomes = racetest.Run(h, func(n int, p *portal.Portal) (bool, error) {
			if n%2 == 0 {
				_, err := p.Statements.Run(t.Context())
				return true, err
			}
			_, err := p.Statements.Correct(s.Admin, statements.CorrectStatementInput{StatementID: all[0].GlobalID(), Amount: "1.00", Reason: "So."})
			return true, err
		})
		racetest.RequireOnly(t, outcomes, racetest.OK)
		all = s.statements(t)
		require.Len(t, all, 2+racetest.Requests/2)
		for i, x := range all {
			require.Equal(t, i+1, x.Number)
		}
	})
}

// What changes while months are cut and closed has one line at any time: lines of a
// subscription neither overlap nor leave a gap while it runs.
func TestRace_Follow(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newScene(t, h.Fixture, "one")
		sub := s.register(t, s.fee)
		s.at(s.day(31))
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (bool, error) {
			var err error
			switch n % 4 {
			case 0:
				_, err = p.Statements.Run(t.Context())
			case 1:
				err = p.Statements.Reconcile(t.Context())
			case 2:
				_, err = p.Apps.ChangePlan(s.Admin, apps.ChangePlanInput{SubscriptionID: sub.GlobalID(), PlanID: s.metered.GlobalID(), When: domain.PlanChangeNow})
			case 3:
				_, err = p.Apps.DeleteApp(s.Developer, s.app.GlobalID(), nil)
			}
			return true, err
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "ALREADY_REGISTERED", "WRONG_STATUS", "NOT_FOUND")
		all := s.lines(t)
		for i, l := range all {
			require.NotNil(t, l.EndedAt, "the app was deleted")
			if i > 0 {
				require.True(t, all[i-1].EndedAt.Equal(l.StartedAt), "%v and %v", all[i-1], l)
			}
		}
		require.True(t, all[0].EndedAt.Equal(s.day(31)), "the month ends, whatever is changed first")
	})
}
