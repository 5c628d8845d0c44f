package statements_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/statements"
)

// Who registers again gets nothing anew: what the month includes is used up.
func TestRegisteringAgain(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		sub := s.register(t, s.metered)
		s.called(t, s.day(1), 10_000)
		s.at(s.day(2))
		_, err := s.Portal.Apps.Unregister(s.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		s.at(s.day(3))
		s.called(t, s.day(2).Add(time.Hour), 500) // nothing ran then
		s.register(t, s.metered)
		s.called(t, s.day(4), 2_000)
		s.at(s.day(31).Add(statements.Lag))
		s.run(t)
		require.Equal(t, "1.00", s.statements(t)[0].Amount)
		lines := s.lines(t)
		require.Equal(t, []int64{10_000, 0, 2_000, 10_000}, []int64{lines[0].Calls, lines[0].CallsBefore, lines[1].Calls, lines[1].CallsBefore})
	})
}

// What ran before an app's transfer stays with the former account, and both get a statement.
func TestTransfer(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.register(t, s.fee)
		to := s.MustAccount(t, s.Admin, "Globex")
		s.at(s.day(10))
		offer, err := s.Portal.Apps.TransferApp(s.Admin, apps.TransferAppInput{AppID: s.app.GlobalID(), ToAccountID: to.GlobalID()})
		require.NoError(t, err)
		_, err = s.Portal.Apps.AcceptAppTransfer(s.Admin, offer.Transfer.GlobalID())
		require.NoError(t, err)
		s.at(s.day(31).Add(statements.Lag))
		require.Equal(t, 2, s.run(t).Closed)
		amounts := map[string]string{}
		for _, x := range s.statements(t) {
			amounts[x.AccountName] = x.Amount
		}
		require.Equal(t, map[string]string{"Acme": "10.00", "Globex": "21.00"}, amounts)
		owner := s.MustDeveloper(t, s.Admin, to)
		n, err := s.Client.Statement.Query().Count(owner)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		n, err = s.Client.StatementLine.Query().Count(s.Developer)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

// Statements outlive their account, and what it used until its end is closed.
func TestDeletedAccount(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.register(t, s.fee)
		s.at(s.day(31).Add(statements.Lag))
		s.run(t)
		s.at(s.day(31 + 14))
		_, err := s.Portal.Identity.DeleteAccount(s.Admin, s.Account.GlobalID(), nil)
		require.NoError(t, err)
		s.at(s.day(31 + 28).Add(statements.Lag))
		require.Equal(t, 1, s.run(t).Closed)
		all := s.statements(t)
		require.Equal(t, []string{"31.00", "15.50"}, []string{all[0].Amount, all[1].Amount})
		s.at(s.day(365))
		_, err = s.Portal.Maintenance.Purge(t.Context())
		require.NoError(t, err)
		require.Len(t, s.statements(t), 2)
		require.Len(t, s.lines(t), 2)
	})
}

// Months are those of the organization's time zone, of their own length where the clock
// changes; one that it leaves in the middle of a month keeps that line's end.
func TestTimeZone(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		zone := func(name string) {
			_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{TimeZone: input.SetTo(name)})
			require.NoError(t, err)
		}
		berlin, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		zone("Europe/Berlin")
		month := time.Date(2027, 3, 1, 0, 0, 0, 0, berlin) // of 743 hours
		s.at(month.Add(time.Hour))
		s.register(t, s.fee)
		line := s.lines(t)[0]
		require.True(t, line.PeriodStart.Equal(month) && line.PeriodEnd.Equal(month.AddDate(0, 1, 0)), line)
		require.Equal(t, 743*time.Hour, line.PeriodEnd.Sub(line.PeriodStart))
		zone("America/New_York")
		s.at(line.PeriodEnd.Add(statements.Lag + 6*time.Hour))
		s.run(t)
		s.run(t)
		all := s.statements(t)
		require.Equal(t, "30.96", all[0].Amount, "742 of 743 hours")
		next := s.lines(t)[1]
		require.True(t, next.StartedAt.Equal(line.PeriodEnd), "no time is lost, and none charged twice")
	})
}

// What fails in one organization keeps no other waiting.
func TestOneOrganizationDoesNotHoldUpAnother(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		other := newScene(t, s.Fixture, "two")
		s.register(t, s.fee)
		other.register(t, other.fee)
		_, err := s.Database.ExecContext(t.Context(), `UPDATE organizations SET time_zone = 'Nowhere/Land' WHERE slug = 'one'`)
		require.NoError(t, err)
		s.at(s.day(31).Add(statements.Lag))
		done, err := s.Portal.Statements.Run(t.Context())
		require.Error(t, err)
		require.Equal(t, 1, done.Closed)
		got := s.Client.Statement.Query().OnlyX(portaltest.System(t))
		require.Equal(t, other.Organization.ID, got.OrganizationID)
	})
}

// A developer who goes over to a plan that costs nothing is charged until then, also where
// the plan changes by itself at the end of the month.
func TestChangeToAFreePlan(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		free, err := s.Portal.Catalog.CreatePlan(s.Admin, catalog.CreatePlanInput{ProductID: s.product.GlobalID(), Name: "nothing", Approval: new(domain.Auto)})
		require.NoError(t, err)
		sub := s.register(t, s.metered)
		s.called(t, s.day(2), 20_000)
		s.at(s.day(10))
		_, err = s.Portal.Apps.ChangePlan(s.Developer, apps.ChangePlanInput{SubscriptionID: sub.GlobalID(), PlanID: free.GlobalID(), When: domain.PlanChangeNow})
		require.NoError(t, err)
		l := s.lines(t)
		require.Len(t, l, 1)
		require.True(t, l[0].EndedAt.Equal(s.day(10)), "it ended at %s", l[0].EndedAt)
		s.change(t, sub, s.fee)
		_, err = s.Portal.Apps.ChangePlan(s.Developer, apps.ChangePlanInput{SubscriptionID: sub.GlobalID(), PlanID: free.GlobalID(), When: domain.PlanChangePeriodEnd})
		require.NoError(t, err)
		s.at(s.day(31).Add(time.Minute))
		_, err = s.Portal.Maintenance.TakeDuePlans(t.Context())
		require.NoError(t, err)
		s.at(s.day(33))
		s.run(t)
		all := s.statements(t)
		require.Len(t, all, 1)
		require.Equal(t, "26.00", all[0].Amount, "10,000 calls for 5.00, and 21 of 31 days of 31.00")
	})
}
