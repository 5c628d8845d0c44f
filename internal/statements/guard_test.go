package statements_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/portal/portaltest"
	"portico/internal/statements"
	"portico/internal/testdb"
)

const never = "a closed statement is never changed"

// Nothing is put into a closed statement, and none is emptied, not even by hand.
func TestClosedIsNeverChanged_Lines(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.register(t, s.fee)
		s.at(s.day(31).Add(statements.Lag))
		require.Equal(t, 1, s.run(t).Closed)
		columns := `created_at, account_id, subscription_id, app_id, app_name, product_id, product_name, plan_id, plan_name, kind, price, currency, period_start, period_end, started_at, ended_at, calls, calls_before, counted_until, charge, amount, statement_id, organization_id`
		attempts := []string{
			fmt.Sprintf(`INSERT INTO statement_lines (id, %s) SELECT '%s', %s FROM statement_lines WHERE statement_id IS NOT NULL`, columns, uuid.New(), columns),
			`UPDATE statement_lines SET amount = '5.00', count_due_at = NULL, ended_at = started_at, statement_id = (SELECT id FROM statements) WHERE statement_id IS NULL`,
		}
		if s.Database.Dialect() == dialect.Postgres {
			attempts = append(attempts, `TRUNCATE statement_lines`, `TRUNCATE statements CASCADE`)
		}
		for _, text := range attempts {
			_, err := s.Database.ExecContext(t.Context(), text)
			require.ErrorContains(t, err, never, text)
		}
		require.Len(t, s.lines(t), 2)
	})
}

// heard are the statements of a database.
type heard struct {
	mu   sync.Mutex
	list []string
}

func (h *heard) note(_ context.Context, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, text)
}

// about returns those that were sent by f and contain all of some texts.
func (h *heard) about(f func(), texts ...string) []string {
	h.list = nil
	f()
	return slices.DeleteFunc(h.list, func(text string) bool {
		return slices.ContainsFunc(texts, func(part string) bool { return !strings.Contains(text, part) })
	})
}

// Who has nothing to close does not ask for the next number, for which the organization is
// locked.
func TestNothingToCloseLocksNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var h heard
		s := newScene(t, portaltest.NewWith(t, url, database.Options{OnStatement: h.note}), "one")
		sub := s.register(t, s.fee)
		s.at(s.day(10))
		_, err := s.Portal.Apps.Unregister(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		s.at(s.day(12))
		require.Equal(t, 1, s.run(t).Settled)
		s.register(t, s.metered)
		// The line that runs is not cut, and is in another currency than what is settled.
		for _, text := range []string{`UPDATE statement_lines SET currency = 'USD' WHERE ended_at IS NULL`, `UPDATE organizations SET time_zone = 'Nowhere/Land'`} {
			_, err = s.Database.ExecContext(t.Context(), text)
			require.NoError(t, err)
		}
		s.at(s.day(31).Add(statements.Lag))
		run := func() {
			_, err = s.Portal.Statements.Run(t.Context())
		}
		require.Empty(t, h.about(run, "statements", "number", "DESC"))
		require.Error(t, err)
		require.Empty(t, s.statements(t))
		_, err = s.Database.ExecContext(t.Context(), `UPDATE organizations SET time_zone = 'UTC'`)
		require.NoError(t, err)
		require.Len(t, h.about(run, "statements", "number", "DESC"), 2)
		require.NoError(t, err)
	})
}

// What is asked every minute, and by everybody, reads no lines of long ago.
func TestReadsByIndexes(t *testing.T) {
	var h heard
	s := newScene(t, portaltest.NewWith(t, testdb.SQLite(t), database.Options{OnStatement: h.note}), "one")
	s.register(t, s.fee)
	s.at(s.day(31))
	s.run(t)
	plans := func(f func(), texts ...string) string {
		var out []string
		for _, text := range h.about(f, texts...) {
			args := make([]any, strings.Count(text, "?"))
			for i := range args {
				args[i] = s.Account.ID
			}
			rows, err := s.Database.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
			require.NoError(t, err)
			defer rows.Close()
			for rows.Next() {
				var id, parent, unused int
				var detail string
				require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
				out = append(out, detail)
			}
			require.NoError(t, rows.Err())
		}
		return strings.Join(out, "\n")
	}
	waiting := plans(func() {
		n, oldest, err := s.Portal.Statements.Waiting(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.True(t, oldest.Equal(s.day(31)))
	}, "statement_lines")
	require.Equal(t, 2, strings.Count(waiting, "USING INDEX statement_line_due"), waiting)
	running := plans(func() {
		_, err := s.Portal.Statements.Running(s.Developer, nil)
		require.NoError(t, err)
	}, "statement_lines")
	require.Contains(t, running, "USING INDEX statement_line_of_account", running)
	require.NotContains(t, running, "TEMP B-TREE", running)
}

// More statements that run than are priced are refused.
func TestRunning_TooMany(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		line := s.app
		for i := range statements.MaxRunning + 1 {
			got, err := s.Portal.Statements.Running(s.Developer, nil)
			require.NoError(t, err)
			require.Len(t, got, i)
			currency := fmt.Sprintf("X%c%c", 'A'+i, 'A')
			s.Client.StatementLine.Create().SetOrganizationID(s.Organization.ID).SetAccountID(line.AccountID).SetSubscriptionID(uuid.New()).SetAppID(line.ID).SetAppName("App").
				SetProductID(s.product.ID).SetProductName("weather").SetPlanID(s.fee.ID).SetPlanName("fee").SetKind(domain.PlanSubscription).SetPrice(&domain.Price{Amount: "1.00", Currency: currency}).SetCurrency(currency).
				SetCreatedAt(s.month).SetStartedAt(s.month).SetPeriodStart(s.month).SetPeriodEnd(s.day(31)).SetCountedUntil(s.month).SetCountDueAt(s.day(2)).ExecX(portaltest.System(t))
		}
		_, err := s.Portal.Statements.Running(s.Developer, nil)
		require.ErrorContains(t, err, "more than 10 months and currencies")
	})
}

// The total of a statement is what is to be paid after its corrections.
func TestTotals(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.register(t, s.fee)
		s.at(s.day(31 + 28).Add(statements.Lag))
		s.run(t)
		all := s.statements(t)
		for _, amount := range []string{"-40.5", "1.25"} {
			_, err := s.Portal.Statements.Correct(s.Admin, statements.CorrectStatementInput{StatementID: all[0].GlobalID(), Amount: amount, Reason: "So."})
			require.NoError(t, err)
		}
		correction := s.statements(t)[2]
		ids := []uuid.UUID{all[0].ID, all[1].ID, correction.ID}
		want := map[uuid.UUID]string{all[0].ID: "-8.25", all[1].ID: "31.00"}
		for _, ctx := range []context.Context{s.Admin, s.Developer} {
			got, err := s.Portal.Statements.Totals(ctx, ids)
			require.NoError(t, err)
			require.Equal(t, want, got)
			got, err = s.Portal.Statements.Totals(ctx, ids[2:])
			require.NoError(t, err)
			require.Empty(t, got)
		}
		got, err := s.Portal.Statements.Totals(s.MustTenant(t, "two").Admin, ids)
		require.NoError(t, err)
		require.Empty(t, got)
	})
}
