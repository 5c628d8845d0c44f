package statements_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/statement"
	"portico/ent/db/statementline"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/statements"
	"portico/internal/testdb"
	"portico/internal/usage"
)

// scene is a tenant with a product of three plans, all of which approve at once.
type scene struct {
	*portaltest.Fixture
	portaltest.Tenant
	product              *db.Product
	fee, metered, tiered *db.Plan
	app                  *db.App
	// month is the beginning of the month in which it begins.
	month time.Time
}

func newScene(t *testing.T, f *portaltest.Fixture, slug string) *scene {
	s := &scene{Fixture: f, Tenant: f.MustTenant(t, slug)}
	s.product, _ = f.MustAutomaticProduct(t, s.Admin, "weather")
	s.fee = s.plan(t, "fee", domain.PlanSubscription, domain.Price{Amount: "31.00"})
	s.metered = s.plan(t, "metered", domain.PlanMetered, domain.Price{Amount: "0.50", Unit: 1000, IncludedCalls: 10_000})
	s.tiered = s.plan(t, "tiered", domain.PlanTiered, domain.Price{Amount: "0.40", Unit: 1000, Tiers: []domain.PriceTier{{UpTo: new(100_000), Amount: "0.40"}, {Amount: "0.20"}}})
	s.app = f.MustApp(t, s.Developer, "App").App
	s.month = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) // of 31 days
	s.at(s.month)
	return s
}

func each(t *testing.T, run func(t *testing.T, s *scene)) {
	testdb.Each(t, func(t *testing.T, url string) { run(t, newScene(t, portaltest.New(t, url), "one")) })
}

func (s *scene) plan(t *testing.T, name string, kind domain.PlanKind, price domain.Price) *db.Plan {
	t.Helper()
	price.Currency = "EUR"
	p, err := s.Portal.Catalog.CreatePlan(s.Admin, catalog.CreatePlanInput{ProductID: s.product.GlobalID(), Name: name, Kind: &kind, Price: &price, Approval: new(domain.Auto)})
	require.NoError(t, err)
	return p
}

// at sets the clock.
func (s *scene) at(moment time.Time) { s.Clock.Advance(moment.Sub(s.Clock.Now())) }

func (s *scene) day(n int) time.Time { return s.month.AddDate(0, 0, n) }

func (s *scene) register(t *testing.T, by *db.Plan) *db.Subscription {
	t.Helper()
	return s.MustRegister(t, s.Developer, s.app, s.product, by)
}

func (s *scene) change(t *testing.T, sub *db.Subscription, to *db.Plan) {
	t.Helper()
	_, err := s.Portal.Apps.ChangePlan(s.Admin, apps.ChangePlanInput{SubscriptionID: sub.GlobalID(), PlanID: to.GlobalID(), When: domain.PlanChangeNow})
	require.NoError(t, err)
}

// called counts calls of the app in a minute.
func (s *scene) called(t *testing.T, at time.Time, calls int, codes ...string) {
	t.Helper()
	for _, code := range append(codes, usage.CodePassed)[:1] {
		c := usage.Call{Organization: s.Organization.ID, Account: s.app.AccountID, App: s.app.ID, Product: s.product.ID, Code: code}
		minute := at.Truncate(time.Minute)
		_, err := s.Database.ExecContext(t.Context(), `INSERT INTO usage_minutes (id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls, rolled, due)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9, 0, true)`, c.ID(minute), c.Organization, minute, c.Account, c.App, c.Credential, c.Product, c.Code, calls)
		require.NoError(t, err)
	}
}

func (s *scene) run(t *testing.T) statements.Done {
	t.Helper()
	done, err := s.Portal.Statements.Run(t.Context())
	require.NoError(t, err)
	return done
}

func (s *scene) lines(t *testing.T) []*db.StatementLine {
	t.Helper()
	return s.Client.StatementLine.Query().Order(statementline.ByStartedAt(), statementline.ByID()).AllX(portaltest.System(t))
}

func (s *scene) statements(t *testing.T) []*db.Statement {
	t.Helper()
	return s.Client.Statement.Query().Order(statement.ByNumber()).AllX(portaltest.System(t))
}

// A month with changes of plan is closed once it is over and counted, with a line for each
// plan, and the next one goes on by the last.
func TestMonth(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		sub := s.register(t, s.metered)
		s.called(t, s.day(2), 9_000)
		s.called(t, s.day(3), 5, "RATE_LIMITED")
		s.at(s.day(10).Add(90 * time.Second))
		s.called(t, s.day(10), 2_000)                   // the minute before the change
		s.called(t, s.day(10).Add(time.Minute), 98_000) // that of the change is the new line's
		s.change(t, sub, s.tiered)
		s.at(s.day(20))
		s.change(t, sub, s.fee)
		s.at(s.day(30).Add(12 * time.Hour))
		_, err := s.Portal.Apps.Suspend(s.Admin, sub.GlobalID(), new("Unpaid."))
		require.NoError(t, err)
		_, err = s.Portal.Apps.Resume(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		s.at(s.day(31).Add(statements.Lag - time.Second))
		require.Equal(t, 0, s.run(t).Closed, "a gateway may still report calls")
		require.Empty(t, s.statements(t))
		s.at(s.day(31).Add(statements.Lag))
		require.Equal(t, statements.Done{Settled: 1, Closed: 1}, s.run(t))
		require.Equal(t, statements.Done{}, s.run(t))

		all := s.statements(t)
		require.Len(t, all, 1)
		got := all[0]
		require.Equal(t, []any{1, s.Account.ID, s.Account.Name, "EUR", 4}, []any{got.Number, got.AccountID, got.AccountName, got.Currency, got.LineCount})
		require.True(t, got.PeriodStart.Equal(s.month) && got.PeriodEnd.Equal(s.day(31)))
		lines := s.lines(t)
		require.Len(t, lines, 5)
		type line struct {
			plan          string
			calls, before int64
			amount        string
		}
		var have []line
		for _, l := range lines[:4] {
			require.Equal(t, got.ID, *l.StatementID)
			have = append(have, line{l.PlanName, l.Calls, l.CallsBefore, *l.Amount})
		}
		require.Equal(t, []line{
			{"metered", 11_000, 0, "0.50"},
			// 89,000 calls are left of the first tier.
			{"tiered", 98_000, 11_000, "37.40"},
			{"fee", 0, 109_000, "10.50"},
			{"fee", 0, 109_000, "0.50"},
		}, have)
		require.Equal(t, "48.90", got.Amount)
		next := lines[4]
		require.Nil(t, next.EndedAt)
		require.True(t, next.StartedAt.Equal(s.day(31)) && next.PeriodStart.Equal(s.day(31)))
		require.Contains(t, s.EventTypes(t, got.ID), "STATEMENT_CLOSED")
	})
}

// What is closed is never changed, not even by hand.
func TestClosedIsNeverChanged(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.register(t, s.fee)
		s.at(s.day(31).Add(statements.Lag))
		require.Equal(t, 1, s.run(t).Closed)
		for _, text := range []string{
			`UPDATE statements SET amount = '0.00'`, `DELETE FROM statements`,
			`UPDATE statement_lines SET amount = '0.00' WHERE statement_id IS NOT NULL`, `DELETE FROM statement_lines WHERE statement_id IS NOT NULL`,
		} {
			_, err := s.Database.ExecContext(t.Context(), text)
			require.Error(t, err, text)
		}
		require.Equal(t, "31.00", s.statements(t)[0].Amount)
		// Nor by what becomes of what it names.
		_, err := s.Portal.Apps.DeleteApp(s.Developer, s.app.GlobalID(), nil)
		require.NoError(t, err)
		_, err = s.Portal.Catalog.UpdatePlan(s.Admin, catalog.UpdatePlanInput{PlanID: s.fee.GlobalID(), Name: input.SetTo("other"), Price: input.SetTo(domain.Price{Amount: "99.00", Currency: "EUR"})})
		require.NoError(t, err)
		l := s.lines(t)
		require.Equal(t, []string{"App", "fee", "31.00"}, []string{l[0].AppName, l[0].PlanName, l[0].Price.Amount})
		require.NotNil(t, l[1].EndedAt, "the line ends with the app")
	})
}

func TestCorrect(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.register(t, s.fee)
		s.at(s.day(31).Add(statements.Lag))
		s.run(t)
		first := s.statements(t)[0]
		in := statements.CorrectStatementInput{StatementID: first.GlobalID(), Amount: "-1.5", Reason: "An outage.", IdempotencyKey: new("k")}
		correct := func(ctx context.Context, change func(*statements.CorrectStatementInput)) error {
			x := in
			x.IdempotencyKey = nil
			change(&x)
			_, err := s.Portal.Statements.Correct(ctx, x)
			return err
		}
		for _, c := range []struct {
			amount, reason string
			want           []string
		}{
			{"", "x", []string{"INVALID amount"}}, {"1.505", "x", []string{"INVALID amount"}}, {"0", "x", []string{"INVALID amount"}}, {"-0.00", "x", []string{"INVALID amount"}},
			{"--1", "x", []string{"INVALID amount"}}, {"1e3", "x", []string{"INVALID amount"}}, {"1234567890123", "x", []string{"INVALID amount"}},
			{"x", " ", []string{"INVALID amount", "REQUIRED reason"}},
		} {
			portaltest.RequireProblems(t, correct(s.Admin, func(x *statements.CorrectStatementInput) { x.Amount, x.Reason = c.amount, c.reason }), c.want...)
		}
		require.Error(t, correct(s.Developer, func(*statements.CorrectStatementInput) {}))
		require.Error(t, correct(s.Admin, func(x *statements.CorrectStatementInput) { x.StatementID = s.app.GlobalID() }))
		other := s.MustTenant(t, "two")
		require.Error(t, correct(other.Admin, func(*statements.CorrectStatementInput) {}))
		require.Len(t, s.statements(t), 1)

		made, err := s.Portal.Statements.Correct(s.Admin, in)
		require.NoError(t, err)
		require.Equal(t, []any{2, "-1.50", "An outage.", first.ID, 0}, []any{made.Statement.Number, made.Statement.Amount, made.Statement.Reason, *made.Statement.CorrectsID, made.Statement.LineCount})
		again, err := s.Portal.Statements.Correct(s.Admin, in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, made.Statement.ID, again.Statement.ID)
		require.NoError(t, correct(s.Admin, func(x *statements.CorrectStatementInput) { x.StatementID = made.Statement.GlobalID() }))
		all := s.statements(t)
		require.Len(t, all, 3)
		require.Equal(t, first.ID, *all[2].CorrectsID, "a correction of a correction corrects the first")
		require.Equal(t, first.Amount, all[0].Amount)
		require.Equal(t, []string{"STATEMENT_CLOSED", "STATEMENT_CORRECTED", "STATEMENT_CORRECTED"}, s.EventTypes(t, first.ID))
	})
}

// The statement of a month that runs is what it would be now.
func TestRunning(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		sub := s.register(t, s.metered)
		s.called(t, s.day(1), 12_000)
		s.at(s.day(2))
		s.change(t, sub, s.tiered)
		s.called(t, s.day(3).Add(30*time.Minute), 1_000)
		s.at(s.day(5).Add(time.Hour + 30*time.Minute))
		for range 2 {
			got, err := s.Portal.Statements.Running(s.Developer, nil)
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.Equal(t, []any{"1.40", 2, "EUR", s.Clock.Now()}, []any{got[0].Amount, got[0].LineCount, got[0].Currency, got[0].AsOf})
			require.Equal(t, []any{int64(1_000), int64(12_000), "0.40"}, []any{got[0].Lines[1].Calls, got[0].Lines[1].CallsBefore, *got[0].Lines[1].Amount})
			s.run(t) // what is counted meanwhile makes no difference
		}
		_, err := s.Portal.Statements.Running(s.Admin, nil)
		require.Error(t, err)
		_, err = s.Portal.Statements.Running(s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Stranger")), new(s.Account.GlobalID()))
		require.Error(t, err)
		got, err := s.Portal.Statements.Running(s.Admin, new(s.Account.GlobalID()))
		require.NoError(t, err)
		require.Len(t, got, 1)
	})
}

// Subscriptions that nothing is known of get their lines from now on, and those whose plan
// has another price a new one.
func TestReconcile(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.register(t, s.fee)
		_, err := s.Database.ExecContext(t.Context(), `DELETE FROM statement_lines`)
		require.NoError(t, err)
		s.at(s.day(3))
		require.NoError(t, s.Portal.Statements.Reconcile(t.Context()))
		require.NoError(t, s.Portal.Statements.Reconcile(t.Context()))
		l := s.lines(t)
		require.Len(t, l, 1)
		require.True(t, l[0].StartedAt.Equal(s.day(3)))
		_, err = s.Portal.Catalog.UpdatePlan(s.Admin, catalog.UpdatePlanInput{PlanID: s.fee.GlobalID(), Price: input.SetTo(domain.Price{Amount: "62.00", Currency: "EUR"})})
		require.NoError(t, err)
		s.at(s.day(4))
		require.NoError(t, s.Portal.Statements.Reconcile(t.Context()))
		require.Len(t, s.lines(t), 1, "who runs keeps the price that was agreed to")
		_, err = s.Portal.Apps.MovePlanSubscriptions(s.Admin, apps.MovePlanSubscriptionsInput{PlanID: s.fee.GlobalID()})
		require.NoError(t, err)
		require.NoError(t, s.Portal.Statements.Reconcile(t.Context()))
		l = s.lines(t)
		require.Len(t, l, 2)
		require.True(t, l[0].EndedAt.Equal(s.day(4)))
		require.Equal(t, "62.00", l[1].Price.Amount)
		_, err = s.Database.ExecContext(t.Context(), `UPDATE subscriptions SET status = 'UNSUBSCRIBED', decided_at = $1`, s.day(5)) // by another release
		require.NoError(t, err)
		s.at(s.day(40))
		require.NoError(t, s.Portal.Statements.Reconcile(t.Context()))
		l = s.lines(t)
		require.Len(t, l, 2)
		require.True(t, l[1].EndedAt.Equal(s.day(5)), "it ended then, and nothing is charged since")
	})
}
