package mail_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/mail/mailtest"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Those who decide are told that a change of plan waits, and who asked is told of the
// decision; nobody is told of what nobody decided.
func TestPlanChangeLetters(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		member := w.Enter(t, w.MustUser(t, w.Admin, w.Account, domain.Member))
		product, free := w.MustProduct(t, w.Admin, "weather")
		gold := w.MustPlan(t, w.Admin, product, "gold")
		s := w.MustRegister(t, w.Developer, w.MustApp(t, w.Developer, "Weather map").App, product, free)
		_, err := w.Portal.Apps.Approve(w.Admin, s.GlobalID(), nil)
		require.NoError(t, err)
		w.step()
		ask := func(when domain.PlanChangeTime) {
			_, err := w.Portal.Apps.ChangePlan(member, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: gold.GlobalID(), When: when})
			require.NoError(t, err)
		}
		about := apps.DecidePlanChangeInput{SubscriptionID: s.GlobalID(), Reason: new("Not yet.")}

		ask(domain.PlanChangeNow)
		to, subject, text := w.one()
		require.Equal(t, w.email(w.admin()), to)
		require.Contains(t, subject, "Request for ")
		require.Contains(t, text, "Dora Developer asks to change the plan of the product “weather” from “free” to “gold”.")
		require.Contains(t, text, portalURL+"/requests/"+s.GlobalID())
		_, err = w.Portal.Apps.RejectPlanChange(w.Admin, about)
		require.NoError(t, err)
		to, subject, text = w.one()
		require.Equal(t, w.email(viewer.Current(member)), to, "who asked, and not who registered")
		require.Contains(t, subject, "Rejected: ")
		require.Contains(t, text, "The change of the app “Weather map” to the plan “gold” of the product “weather” was rejected")
		require.Contains(t, text, "> Not yet.")
		require.Contains(t, text, "The app keeps the plan “free”.")

		// Cancelled before its letter's turn: there is nothing to say.
		ask(domain.PlanChangeNow)
		_, err = w.Portal.Apps.CancelPlanChange(member, about)
		require.NoError(t, err)
		require.Empty(t, w.sent())

		ask(domain.PlanChangePeriodEnd)
		w.step()
		_, err = w.Portal.Apps.ApprovePlanChange(w.Admin, apps.DecidePlanChangeInput{SubscriptionID: s.GlobalID()})
		require.NoError(t, err)
		to, subject, text = w.one()
		require.Equal(t, w.email(viewer.Current(member)), to)
		require.Contains(t, subject, "Approved: ")
		require.Contains(t, text, "to the plan “gold” of the product “weather” was approved. The plan changes on 1 April 2026")
		w.Clock.Advance(w.Client.Subscription.GetX(portaltest.System(t), s.ID).PendingEffectiveAt.Sub(w.Clock.Now()))
		n, err := w.Portal.Maintenance.TakeDuePlans(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NotContains(t, subjects(w.sent()), "Approved: ", "its time has come: they know")

		// Staff change it: nobody had asked.
		_, err = w.Portal.Apps.ChangePlan(w.Admin, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: free.GlobalID(), When: domain.PlanChangeNow})
		require.NoError(t, err)
		require.NotContains(t, subjects(w.sent()), "Approved: ")
		ask(domain.PlanChangeNow)
		w.step()
		_, err = w.Portal.Apps.ApprovePlanChange(w.Admin, apps.DecidePlanChangeInput{SubscriptionID: s.GlobalID()})
		require.NoError(t, err)
		_, _, text = w.one()
		require.Contains(t, text, "The new plan’s limits apply from now on. The app’s keys stay the same.")
	})
}

func subjects(all []mailtest.Letter) (out string) {
	for _, l := range all {
		out += l.Subject() + "\n"
	}
	return out
}
