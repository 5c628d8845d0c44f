package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Who asked is told that nobody decided in time, in the person's language, and names nobody
// who has decided.
func TestExpiredRequestLetters(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		_, err := w.Portal.Identity.UpdateOrganization(w.Admin, identity.UpdateOrganizationInput{RequestsExpireAfterDays: input.SetTo(2)})
		require.NoError(t, err)
		product, free := w.MustProduct(t, w.Admin, "weather")
		gold := w.MustPlan(t, w.Admin, product, "gold")
		s := w.MustRegister(t, w.Developer, w.MustApp(t, w.Developer, "Weather map").App, product, free)
		_, err = w.Portal.Apps.Approve(w.Admin, s.GlobalID(), nil)
		require.NoError(t, err)
		w.step()
		expire := func() (to, subject, text string) {
			t.Helper()
			w.step()
			w.Clock.Advance(48 * time.Hour)
			n, err := w.Portal.Maintenance.ExpireRequests(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n)
			for _, l := range w.sent() {
				if l.To == w.email(viewer.Current(w.Developer)) {
					require.Empty(t, subject, "one letter")
					to, subject = l.To, l.Subject()
					text, _ = l.Parts(t)
				}
			}
			return to, subject, strings.Join(strings.Fields(text), " ")
		}

		w.MustRegister(t, w.Developer, w.MustApp(t, w.Developer, "Late").App, product, free)
		to, subject, text := expire()
		require.Equal(t, w.email(viewer.Current(w.Developer)), to)
		require.Equal(t, "Expired: weather for Late", subject)
		require.Contains(t, text, "Nobody decided about the request of the app “Late” for the product “weather” with the plan “free” within 2 days, so it has expired.")
		require.Contains(t, text, "The app may register again.")
		require.NotContains(t, text, "for this reason")

		ask := func() {
			t.Helper()
			_, err := w.Portal.Apps.ChangePlan(w.Developer, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: gold.GlobalID(), When: domain.PlanChangeNow})
			require.NoError(t, err)
		}
		ask()
		_, subject, text = expire()
		require.Equal(t, "Change of plan expired: weather for Weather map", subject)
		require.Contains(t, text, "The app “Weather map” keeps the product “weather” and its plan “free”: nobody decided about the change to the plan “gold” within 2 days, so the request has expired.")
		require.Contains(t, text, "Nothing changes for the app’s keys and calls.")

		me := w.Client.User.GetX(portaltest.System(t), viewer.Current(w.Developer).UserID)
		_, err = w.Portal.Identity.UpdateUser(w.Developer, identity.UpdateUserInput{UserID: me.GlobalID(), Language: input.SetTo(domain.Turkish)})
		require.NoError(t, err)
		ask()
		_, subject, text = expire()
		require.Equal(t, "Plan değişikliği isteğinin süresi doldu: weather (Weather map)", subject)
		require.Contains(t, text, "2 gün içinde karar verilmediği için isteğin süresi doldu.")
	})
}
