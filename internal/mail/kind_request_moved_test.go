package mail_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// What was decided while an app was one account's is not told to the people of the account
// that has it when the letter is written, nor is a request told in the name of one who asked
// for another account.
func TestLettersAboutRequestsDoNotFollowATransfer(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		to, _ := w.receiver(t)
		product, free := w.MustProduct(t, w.Admin, "weather")
		gold := w.MustPlan(t, w.Admin, product, "gold")
		secret := new("Your contract 42 has ended.")
		for name, decide := range map[string]func(id string) error{
			"asked": func(string) error { return nil },
			"rejected": func(id string) error {
				_, err := w.Portal.Apps.Reject(w.Admin, id, *secret)
				return err
			},
			"approved": func(id string) error {
				_, err := w.Portal.Apps.Approve(w.Admin, id, secret)
				return err
			},
			"plan rejected": func(id string) error {
				if _, err := w.Portal.Apps.Approve(w.Admin, id, nil); err != nil {
					return err
				}
				w.step()
				if _, err := w.Portal.Apps.ChangePlan(w.Developer, apps.ChangePlanInput{SubscriptionID: id, PlanID: gold.GlobalID(), When: domain.PlanChangeNow}); err != nil {
					return err
				}
				_, err := w.Portal.Apps.RejectPlanChange(w.Admin, apps.DecidePlanChangeInput{SubscriptionID: id, Reason: secret})
				return err
			},
			"plan changed": func(id string) error {
				if _, err := w.Portal.Apps.Approve(w.Admin, id, nil); err != nil {
					return err
				}
				w.step()
				_, err := w.Portal.Apps.ChangePlan(w.Admin, apps.ChangePlanInput{SubscriptionID: id, PlanID: gold.GlobalID(), When: domain.PlanChangeNow, Reason: secret})
				return err
			},
		} {
			app := w.MustApp(t, w.Developer, name).App
			s := w.MustRegister(t, w.Developer, app, product, free)
			if name != "asked" {
				w.step()
			}
			offered := w.offer(t, app, to)
			require.NoError(t, decide(s.GlobalID()), name)
			_, err := w.Portal.Apps.AcceptAppTransfer(w.Admin, offered.GlobalID())
			require.NoError(t, err, name)
			require.Equal(t, to.ID, w.Client.Subscription.GetX(portaltest.System(t), s.ID).AccountID)
			for _, l := range w.sent() {
				text, html := l.Parts(t)
				require.NotContains(t, text+html, *secret, name)
				require.NotContains(t, text, "asks", name)
				require.NotContains(t, l.Subject(), "weather", name)
			}
		}
	})
}
