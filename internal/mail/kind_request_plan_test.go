package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
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
		require.Equal(t, "Change of plan requested: weather from "+w.Account.Name, subject)
		require.Contains(t, text, "Dora Developer asks to change the plan of the product “weather” from “free” to “gold”.")
		require.Contains(t, text, portalURL+"/requests/"+s.GlobalID())
		_, err = w.Portal.Apps.RejectPlanChange(w.Admin, about)
		require.NoError(t, err)
		to, subject, text = w.one()
		require.Equal(t, w.email(viewer.Current(member)), to, "who asked, and not who registered")
		require.Equal(t, "Change of plan rejected: weather for Weather map", subject)
		require.Contains(t, text, "The app “Weather map” keeps the product “weather” and its plan “free”: the change to the plan “gold” was rejected")
		require.Contains(t, text, "> Not yet.")
		require.Contains(t, text, "Nothing changes for the app’s keys and calls.")

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
		require.Equal(t, "Change of plan approved: weather for Weather map", subject)
		require.Contains(t, text, "to the plan “gold” of the product “weather” was approved. The plan changes on 1 April 2026")
		w.Clock.Advance(w.Client.Subscription.GetX(portaltest.System(t), s.ID).PendingEffectiveAt.Sub(w.Clock.Now()))
		n, err := w.Portal.Maintenance.TakeDuePlans(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NotContains(t, subjects(w.sent()), "approved: ", "its time has come: they know")

		// Staff change it: nobody had asked.
		_, err = w.Portal.Apps.ChangePlan(w.Admin, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: free.GlobalID(), When: domain.PlanChangeNow})
		require.NoError(t, err)
		require.NotContains(t, subjects(w.sent()), "approved: ")
		ask(domain.PlanChangeNow)
		w.step()
		_, err = w.Portal.Apps.ApprovePlanChange(w.Admin, apps.DecidePlanChangeInput{SubscriptionID: s.GlobalID()})
		require.NoError(t, err)
		_, _, text = w.one()
		require.Contains(t, text, "The new plan’s limits apply from now on. The app’s keys stay the same.")
	})
}

// A change with a time that has to wait when the time comes is told those who decide as what
// it is: nobody has just asked for it. Letters about registrations keep their own subjects.
func TestPlanChangeLetters_Due(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		product, free := w.MustProduct(t, w.Admin, "weather")
		gold := w.MustPlan(t, w.Admin, product, "gold")
		var all []*db.Subscription
		for _, name := range []string{"Weather map", "Other"} {
			s := w.MustRegister(t, w.Developer, w.MustApp(t, w.Developer, name).App, product, free)
			_, err := w.Portal.Apps.Approve(w.Admin, s.GlobalID(), nil)
			require.NoError(t, err)
			all = append(all, s)
		}
		require.Contains(t, subjects(w.sent()), "Approved: weather for Weather map")
		_, err := w.Portal.Apps.ChangePlan(w.Developer, apps.ChangePlanInput{SubscriptionID: all[0].GlobalID(), PlanID: gold.GlobalID(), When: domain.PlanChangePeriodEnd})
		require.NoError(t, err)
		_, err = w.Portal.Apps.ApprovePlanChange(w.Admin, apps.DecidePlanChangeInput{SubscriptionID: all[0].GlobalID()})
		require.NoError(t, err)
		w.Clock.Advance(time.Minute)
		_, err = w.Portal.Apps.Suspend(w.Admin, all[1].GlobalID(), nil)
		require.NoError(t, err)
		w.step()
		w.Clock.Advance(w.Client.Subscription.GetX(portaltest.System(t), all[0].ID).PendingEffectiveAt.Sub(w.Clock.Now()))
		n, err := w.Portal.Maintenance.TakeDuePlans(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		for _, l := range w.sent() {
			if l.Subject() == "Change of plan requested: weather from "+w.Account.Name {
				text, _ := l.Parts(t)
				require.Contains(t, text, "was to change now from “free” to “gold”. Another subscription of the account has been suspended since")
				return
			}
		}
		require.Fail(t, "those who decide are not told")
	})
}

func subjects(all []mailtest.Letter) (out string) {
	for _, l := range all {
		out += l.Subject() + "\n"
	}
	return out
}
