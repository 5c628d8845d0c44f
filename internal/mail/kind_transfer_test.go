package mail_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/mail"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// offer offers an app of the developer to another account.
func (w *world) offer(t *testing.T, app *db.App, to *db.Account) *db.AppTransfer {
	t.Helper()
	out, err := w.Portal.Apps.TransferApp(w.Developer, apps.TransferAppInput{AppID: app.GlobalID(), ToAccountID: to.GlobalID(), Reason: new("See https://evil.example")})
	require.NoError(t, err)
	return out.Transfer
}

// receiver makes an account and its owner.
func (w *world) receiver(t *testing.T) (*db.Account, context.Context) {
	t.Helper()
	to := w.MustAccount(t, w.Admin, "Globex")
	return to, w.MustDeveloper(t, w.Admin, to)
}

// Who answers is asked, and whoever did not act is told how the offer has ended: of the other
// side, the account's name, and nothing that somebody there wrote.
func TestAppTransferLetters(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		to, receiver := w.receiver(t)
		app := w.MustApp(t, w.Developer, "Weather map").App
		w.step()
		offered := w.offer(t, app, to)
		who, subject, text := w.one()
		require.Equal(t, w.email(viewer.Current(receiver)), who)
		require.Equal(t, "An app is offered to your account", subject)
		require.Contains(t, text, "The account “Acme” offers yours the app “Weather map”, with its keys and subscriptions. You can accept or decline until 8 March 2026")
		require.Contains(t, text, "rotate them afterwards")
		require.Contains(t, text, portalURL+"/transfers\n")
		require.NotContains(t, text, "evil.example")

		_, err := w.Portal.Apps.DeclineAppTransfer(receiver, offered.GlobalID(), new("No."))
		require.NoError(t, err)
		who, subject, text = w.one()
		require.Equal(t, w.email(w.developer()), who)
		require.Equal(t, "The offer of the app “Weather map” has ended", subject, "its own app")
		require.Contains(t, text, "The account “Globex” has declined the app “Weather map”. It stays yours.")

		offered = w.offer(t, app, to)
		w.step()
		_, err = w.Portal.Apps.CancelAppTransfer(w.Developer, offered.GlobalID(), nil)
		require.NoError(t, err)
		who, subject, text = w.one()
		require.Equal(t, w.email(viewer.Current(receiver)), who)
		require.Equal(t, "The offer of an app to your account has ended", subject)
		require.Contains(t, text, "The app “Weather map” is not offered to your account by “Acme” any more.")

		// Taken back before the letter's turn: there is nothing to answer any more.
		offered = w.offer(t, app, to)
		_, err = w.Portal.Apps.CancelAppTransfer(w.Developer, offered.GlobalID(), nil)
		require.NoError(t, err)
		require.NotContains(t, subjects(w.sent()), "An app is offered")

		offered = w.offer(t, app, to)
		w.step()
		_, err = w.Portal.Apps.AcceptAppTransfer(w.Admin, offered.GlobalID())
		require.NoError(t, err)
		before := len(w.server.Letters())
		w.step()
		texts, about := map[string]string{}, map[string]string{}
		for _, l := range w.server.Letters()[before:] {
			texts[l.To], _ = l.Parts(t)
			about[l.To] = l.Subject()
		}
		require.Equal(t, map[string]string{
			w.email(w.developer()): "The app “Weather map” has gone to another account", w.email(viewer.Current(receiver)): "The app that was offered to your account is yours",
		}, about)
		require.Len(t, texts, 2)
		require.Contains(t, texts[w.email(w.developer())], "The account “Globex” has accepted the app “Weather map”. It is gone from your account")
		mine := texts[w.email(viewer.Current(receiver))]
		require.Contains(t, mine, "The app “Weather map” came from the account “Acme” to yours")
		require.Contains(t, mine, "Rotate them: whoever had the app before still knows them.")
		require.Contains(t, mine, portalURL+"/apps/"+app.GlobalID())
	})
}

// No word of one account is in the subject of a letter to the other, in either language and
// whatever becomes of the offer.
func TestAppTransferSubjects(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		to, receiver := w.receiver(t)
		app := w.MustApp(t, w.Developer, "Urgent: call 555 0100").App
		subjectsTo := func(who context.Context) (out []string) {
			for _, l := range w.server.Letters() {
				if l.To == w.email(viewer.Current(who)) {
					out = append(out, l.Subject())
				}
			}
			return out
		}
		for _, language := range []domain.Language{domain.English, domain.Turkish} {
			_, err := w.service.UpdateSettings(w.Admin, mail.UpdateSettingsInput{Language: input.SetTo(language)})
			require.NoError(t, err)
			for _, end := range []func(id string) error{
				func(id string) error { return errOf(w.Portal.Apps.CancelAppTransfer(w.Developer, id, nil)) },
				func(id string) error { return errOf(w.Portal.Apps.DeclineAppTransfer(w.Admin, id, nil)) },
				func(string) error {
					w.Clock.Advance(apps.TransferLife)
					return errOf(w.Portal.Maintenance.ExpireTransfers(t.Context()))
				},
			} {
				offered := w.offer(t, app, to)
				w.step()
				require.NoError(t, end(offered.GlobalID()))
				w.step()
			}
		}
		offered := w.offer(t, app, to)
		w.step()
		_, err := w.Portal.Apps.AcceptAppTransfer(w.Admin, offered.GlobalID())
		require.NoError(t, err)
		w.step()
		all := subjectsTo(receiver)
		require.Len(t, all, 1+2*2*3+2, "the welcome and, of each offer, two")
		for _, subject := range all {
			require.NotRegexp(t, "555|Urgent|Acme", subject)
		}
		for _, subject := range subjectsTo(w.Developer) {
			require.NotContains(t, subject, "Globex")
		}
	})
}

// An account gets letters about the first offers of a day, whoever makes them and whatever
// becomes of them; the others stand in its list, and it is not told of their end either.
func TestAppTransferLettersOfADay(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		to, receiver := w.receiver(t)
		second := w.MustAccount(t, w.Admin, "Second")
		developers := []context.Context{w.Developer, w.MustDeveloper(t, w.Admin, second)}
		w.step()
		welcome := 1
		letters := func() (n int) {
			for _, l := range w.server.Letters() {
				if l.To == w.email(viewer.Current(receiver)) {
					n++
				}
			}
			return n - welcome
		}
		offer := func(n int) *db.AppTransfer {
			by := developers[n%2]
			app := w.MustApp(t, by, "App").App
			out, err := w.Portal.Apps.TransferApp(by, apps.TransferAppInput{AppID: app.GlobalID(), ToAccountID: to.GlobalID()})
			require.NoError(t, err)
			return out.Transfer
		}
		cancel := func(n int, x *db.AppTransfer) {
			_, err := w.Portal.Apps.CancelAppTransfer(developers[n%2], x.GlobalID(), nil)
			require.NoError(t, err)
		}
		// Each of the first is told and taken back: two letters.
		for n := range 9 {
			x := offer(n)
			w.step()
			cancel(n, x)
			w.step()
			require.Equal(t, 2*(n+1), letters())
			w.Clock.Advance(time.Minute)
		}
		// Read together, they are counted like one by one.
		last, further := offer(0), offer(1)
		w.step()
		require.Equal(t, 19, letters(), "the tenth, and not the eleventh")
		cancel(1, further)
		again := offer(1)
		w.step()
		require.Equal(t, 19, letters())
		open, err := w.Portal.Apps.AppTransfers(receiver, apps.AppTransferFilter{Status: []domain.AppTransferStatus{domain.TransferPending}}, listing.Order{}, listing.Request{})
		require.NoError(t, err)
		require.Len(t, open.Nodes, 2, "the list has it")
		cancel(0, last)
		w.step()
		require.Equal(t, 20, letters())
		_, err = w.Portal.Apps.AcceptAppTransfer(w.Admin, again.GlobalID())
		require.NoError(t, err)
		w.step()
		require.Equal(t, 21, letters(), "what belongs to it now is told in any case")

		w.Clock.Advance(24 * time.Hour)
		offer(0)
		w.step()
		require.Equal(t, 22, letters(), "another day")
	})
}

// An offer that nobody has answered is told to both sides.
func TestAppTransferExpires(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		to, _ := w.receiver(t)
		w.offer(t, w.MustApp(t, w.Developer, "Weather map").App, to)
		w.step()
		w.Clock.Advance(apps.TransferLife)
		before := len(w.server.Letters())
		n, err := w.Portal.Maintenance.ExpireTransfers(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		w.step()
		require.Len(t, w.server.Letters()[before:], 2)
	})
}

// The account's owners are told of another plan that nobody there has asked for, and of one
// whose time has come.
func TestPlanChangedLetters(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		product, free := w.MustProduct(t, w.Admin, "weather")
		gold := w.MustPlan(t, w.Admin, product, "gold")
		s := w.MustRegister(t, w.Developer, w.MustApp(t, w.Developer, "Weather map").App, product, free)
		_, err := w.Portal.Apps.Approve(w.Admin, s.GlobalID(), nil)
		require.NoError(t, err)
		w.step()
		change := func(to *db.Plan, when domain.PlanChangeTime) {
			_, err := w.Portal.Apps.ChangePlan(w.Admin, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: to.GlobalID(), When: when, Reason: new("The plan ends.")})
			require.NoError(t, err)
		}
		change(gold, domain.PlanChangeNow)
		who, subject, text := w.one()
		require.Equal(t, w.email(w.developer()), who)
		require.Equal(t, "Another plan: weather for Weather map", subject)
		require.Contains(t, text, "An administrator has changed the plan of the app “Weather map” for the product “weather” from “free” to “gold”. The new plan’s limits apply from now on.")
		require.Contains(t, text, "> The plan ends.")

		change(free, domain.PlanChangePeriodEnd)
		_, _, text = w.one()
		require.Contains(t, text, "An administrator changes the plan of the app “Weather map” for the product “weather” from “gold” to “free” on 1 April 2026")
		w.Clock.Advance(w.Client.Subscription.GetX(portaltest.System(t), s.ID).PendingEffectiveAt.Sub(w.Clock.Now()))
		n, err := w.Portal.Maintenance.TakeDuePlans(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, _, text = w.one()
		require.Contains(t, text, "As was set for this time, the app “Weather map” has the plan “free” of the product “weather” instead of “gold”.")

		// The newest terms of the same plan are told with what they cost.
		_, err = w.Portal.Catalog.UpdatePlan(w.Admin, catalog.UpdatePlanInput{PlanID: free.GlobalID(), RateLimit: input.SetTo(access.RateLimit{Limit: 3, Per: access.PerSecond})})
		require.NoError(t, err)
		_, err = w.Portal.Apps.MovePlanSubscriptions(w.Admin, apps.MovePlanSubscriptionsInput{PlanID: free.GlobalID(), Reason: new("From January.")})
		require.NoError(t, err)
		_, subject, text = w.one()
		require.Equal(t, "New terms: weather for Weather map", subject)
		require.Contains(t, text, "An administrator has given the app “Weather map” the newest terms of its plan “free” for the product “weather”. It costs what it did: nothing. Its limits are the new ones.")
		require.Contains(t, text, "> From January.")

		// What a developer changes needs no letter.
		auto, err := w.Portal.Catalog.UpdatePlan(w.Admin, catalog.UpdatePlanInput{PlanID: gold.GlobalID(), Approval: input.SetTo(domain.Auto)})
		require.NoError(t, err)
		_, err = w.Portal.Apps.ChangePlan(w.Developer, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: auto.GlobalID(), When: domain.PlanChangeNow})
		require.NoError(t, err)
		require.Empty(t, w.sent())
	})
}
