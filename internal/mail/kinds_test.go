package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/mail/mailtest"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

const day = 24 * time.Hour

// email returns the address of a viewer.
func (w *world) email(v viewer.Viewer) string {
	u, err := w.Client.User.Get(portaltest.System(w.t), v.UserID)
	require.NoError(w.t, err)
	return u.Email
}

func (w *world) admin() viewer.Viewer     { return viewer.Current(w.Admin) }
func (w *world) developer() viewer.Viewer { return viewer.Current(w.Developer) }

// key creates a key with a name that lives for a while.
func (w *world) key(app *db.App, name string, life time.Duration) *db.Credential {
	id, end := app.GlobalID(), w.Clock.Now().Add(life)
	return w.MustKey(w.t, w.Developer, apps.GenerateKeyInput{AppID: &id, Name: &name, ExpiresAt: &end}).Credential
}

func TestWelcome(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		u := w.MustUser(t, w.Admin, w.Account, domain.Member)
		to, subject, text := w.one()
		require.Equal(t, u.Email, to)
		require.Equal(t, "Your account at The one organization", subject)
		require.Contains(t, text, "Hello Dora Developer,")
		require.Contains(t, text, portalURL+"/sign-in\n")
		require.NotContains(t, text, portaltest.Password)
		require.Empty(t, w.sent(), "a letter is sent once")
	})
}

func TestRequestReceived(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		second := w.MustAdmin(t, w.Organization)
		app := w.MustApp(t, w.Developer, "Weather map").App
		product, plan := w.MustProduct(t, w.Admin, "weather")
		w.step()
		before := len(w.server.Letters())
		s := w.MustRegister(t, w.Developer, app, product, plan)
		w.step()
		all := w.server.Letters()[before:]
		require.Len(t, all, 2, "both administrators are told, the developer is not")
		require.ElementsMatch(t, []string{w.email(w.admin()), w.email(viewer.Current(second))}, []string{all[0].To, all[1].To})
		text, _ := all[0].Parts(t)
		require.Contains(t, text, "For the app “Weather map” of the account “Acme”, Dora Developer asks for the product")
		require.Contains(t, text, portalURL+"/requests/"+s.GlobalID())

		// One that was decided before its letter's turn has nothing to say.
		other := w.MustRegister(t, w.Developer, w.MustApp(t, w.Developer, "Trips").App, product, plan)
		_, err := w.Portal.Apps.Approve(w.Admin, other.GlobalID(), nil)
		require.NoError(t, err)
		to, subject, _ := w.one()
		require.Equal(t, w.email(w.developer()), to)
		require.Contains(t, subject, "Approved: ")
		require.Equal(t, 2, w.state("SKIPPED"))
	})
}

func TestRequestDecided(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		member := w.Enter(t, w.MustUser(t, w.Admin, w.Account, domain.Member))
		product, plan := w.MustProduct(t, w.Admin, "weather")
		mine := w.MustRegister(t, member, w.MustApp(t, member, "Mine").App, product, plan)
		theirs := w.MustRegister(t, w.Admin, w.MustApp(t, w.Developer, "Theirs").App, product, plan)
		w.step()
		_, err := w.Portal.Apps.Reject(w.Admin, mine.GlobalID(), "Too much.\nAsk again <b>later</b>.")
		require.NoError(t, err)
		all := w.sent()
		require.Len(t, all, 1)
		require.Equal(t, w.email(viewer.Current(member)), all[0].To, "who asked is told")
		text, html := all[0].Parts(t)
		require.Contains(t, text, "\n> Too much.\n> Ask again <b>later</b>.\n")
		require.Contains(t, html, "Too much.<br>Ask again &lt;b&gt;later&lt;/b&gt;.")
		require.NotContains(t, text+html, "Staff Member", "developers do not know staff by name")

		_, err = w.Portal.Apps.Approve(w.Admin, theirs.GlobalID(), nil)
		require.NoError(t, err)
		to, _, text := w.one()
		require.Equal(t, w.email(w.developer()), to, "an administrator asked: the owner is told")
		require.NotContains(t, text, "note")
	})
}

func TestKeyRevoked(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		app := w.MustApp(t, w.Developer, "Weather map").App
		one, two := w.key(app, "Server in İzmir", day*90), w.key(app, "Laptop", day*90)
		why := "It leaked."
		_, err := w.Portal.Apps.RevokeKey(w.Admin, one.GlobalID(), nil, &why)
		require.NoError(t, err)
		to, subject, text := w.one()
		require.Equal(t, w.email(w.developer()), to)
		require.Equal(t, "An API key of Weather map was revoked", subject)
		require.Contains(t, text, "The API key “Server in İzmir” of the app “Weather map” was revoked on 1 March 2026, 09:00 (UTC) by an administrator.")
		require.Contains(t, text, "> It leaked.")

		_, err = w.Portal.Apps.RevokeKey(w.Developer, two.GlobalID(), nil, nil)
		require.NoError(t, err)
		require.Empty(t, w.sent(), "nobody is told of what they did themselves")

		// One that has leaked says so.
		third, leaked := w.key(app, "Server", day*90), domain.KeyCompromise
		_, err = w.Portal.Apps.RevokeKey(w.Admin, third.GlobalID(), &leaked, &why)
		require.NoError(t, err)
		to, subject, text = w.one()
		require.Equal(t, w.email(w.developer()), to)
		require.Equal(t, "An API key of Weather map may be known to others", subject)
		require.Contains(t, text, "because somebody else may know its secret")
		require.Contains(t, text, "> It leaked.")

		// So does one that was revoked by whoever held it, who is nobody that is known.
		held := w.MustKey(t, w.Developer, apps.GenerateKeyInput{AppID: new(app.GlobalID()), Name: new("Held")})
		require.NoError(t, w.Portal.Apps.RevokeHeldKey(t.Context(), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *held.Secret}, Note: &why}))
		to, subject, text = w.one()
		require.Equal(t, w.email(w.developer()), to)
		require.Equal(t, "An API key of Weather map may be known to others", subject)
		require.Contains(t, text, "by somebody who held the key, because")
		require.Contains(t, text, "> It leaked.")
		held = w.MustKey(t, w.Developer, apps.GenerateKeyInput{AppID: new(app.GlobalID()), Name: new("Held")})
		require.NoError(t, w.Portal.Apps.RevokeHeldKey(t.Context(), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *held.Secret}, Reason: new(domain.Superseded)}))
		_, subject, text = w.one()
		require.Equal(t, "An API key of Weather map was revoked", subject)
		require.Contains(t, text, "by somebody who held the key.")

		// The keys of an app are one letter.
		w.key(app, "Third", day*90)
		_, err = w.Portal.Apps.DeleteApp(w.Admin, app.GlobalID(), nil)
		require.NoError(t, err)
		_, subject, text = w.one()
		require.Equal(t, "The app Weather map was deleted", subject)
		require.Contains(t, text, "Its API keys were revoked")
	})
}

func TestKeyExpires(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		app := w.MustApp(t, w.Developer, "Weather map").App
		key := w.key(app, "Laptop", 40*day)
		w.key(app, "Short", 20*day) // its first notice is that of 14 days
		var subjects []string
		for range 45 {
			w.Clock.Advance(day)
			_, err := w.Portal.Maintenance.RecordNotices(t.Context())
			require.NoError(t, err)
			_, err = w.Portal.Maintenance.RecordExpiries(t.Context())
			require.NoError(t, err)
			for _, l := range w.sent() {
				text, _ := l.Parts(t)
				name := "Laptop"
				if strings.Contains(text, "“Short”") {
					name = "Short"
				}
				subjects = append(subjects, name+": "+strings.TrimPrefix(l.Subject(), "An API key of Weather map "))
			}
			if w.Clock.Now().Equal(portaltest.Start().Add(20 * day)) { // a longer life begins its notices anew
				_, err := w.Portal.Apps.UpdateKey(w.Developer, apps.UpdateKeyInput{CredentialID: key.GlobalID(), ExpiresAt: input.SetTo(w.Clock.Now().Add(8 * day))})
				require.NoError(t, err)
			}
		}
		require.Equal(t, []string{
			"Short: expires in 14 days", "Laptop: expires in 30 days", "Short: expires in 7 days", "Short: expires in 1 day",
			"Short: has expired", "Laptop: expires in 7 days", "Laptop: expires in 1 day", "Laptop: has expired",
		}, subjects)
	})
}

// Who wants no names of keys in letters gets none.
func TestKeyNamesAreHidden(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	app := w.MustApp(t, w.Developer, "Weather map").App
	key := w.key(app, "Laptop", day)
	_, err := w.Portal.Identity.UpdateMailPreferences(w.Developer, input.SetTo(false))
	require.NoError(t, err)
	_, err = w.Portal.Apps.RevokeKey(w.Admin, key.GlobalID(), nil, nil)
	require.NoError(t, err)
	_, _, text := w.one()
	require.Contains(t, text, "An API key of the app “Weather map” was revoked")
	require.NotContains(t, text, "Laptop")
}

func TestRequestsWaiting(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		product, plan := w.MustProduct(t, w.Admin, "weather")
		w.Clock.Advance(day) // the first day mail only begins
		require.Empty(t, w.sent(), "nothing waits")
		for range 22 {
			w.MustRegister(t, w.Developer, w.MustApp(t, w.Developer, "App").App, product, plan)
		}
		require.Len(t, w.sent(), 22)
		w.Clock.Advance(22*time.Hour + 59*time.Minute) // 7:59
		require.Empty(t, w.sent())
		w.Clock.Advance(time.Minute)
		to, subject, text := w.one()
		require.Equal(t, w.email(w.admin()), to)
		require.Equal(t, "Requests that wait for a decision: 22", subject)
		require.Equal(t, 20, strings.Count(text, "\n- “weather”"))
		require.Contains(t, text, "\n- and 2 more\n")
		w.Clock.Advance(23 * time.Hour)
		require.Empty(t, w.sent(), "one a day")
		w.Clock.Advance(time.Hour)
		require.Len(t, w.sent(), 1)
	})
}

// Approvers are told of the requests for their products, and of no others; whoever is no
// longer named when the letter's turn comes is not.
func TestLettersToApprovers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		mine, plan := w.MustProduct(t, w.Admin, "mine")
		theirs, another := w.MustProduct(t, w.Admin, "theirs")
		ada, bob := w.MustApprover(t, w.Admin, mine), w.MustApprover(t, w.Admin, mine)
		app := w.MustApp(t, w.Developer, "App").App
		w.step()
		w.MustRegister(t, w.Developer, app, mine, plan)
		w.MustRegister(t, w.Developer, app, theirs, another)
		_, err := w.Portal.Identity.RemoveApprover(w.Admin, identity.RemoveApproverInput{ProductID: mine.GlobalID(), UserID: bob.GlobalID()})
		require.NoError(t, err)
		var all []string
		for _, l := range w.sent() {
			all = append(all, l.To)
			text, _ := l.Parts(t)
			require.False(t, l.To == ada.Email && strings.Contains(text, "theirs"))
		}
		require.ElementsMatch(t, []string{w.email(w.admin()), w.email(w.admin()), ada.Email}, all)

		// One who is disabled or removed between the event and its letter gets none.
		late := w.MustApp(t, w.Developer, "Late").App
		w.server.Stop()
		w.MustRegister(t, w.Developer, late, mine, plan)
		w.step()
		require.Equal(t, 2, w.state("PENDING"), "for the administrator, and the approver")
		w.server = mailtest.Start(t, mailtest.Options{Address: w.server.Address})
		w.Clock.Advance(time.Hour)
		_, err = w.Portal.Identity.RemoveApprover(w.Admin, identity.RemoveApproverInput{ProductID: mine.GlobalID(), UserID: ada.GlobalID()})
		require.NoError(t, err)
		to, _, text := w.one()
		require.Equal(t, w.email(w.admin()), to)
		require.Contains(t, text, "Late")
		_, err = w.Portal.Identity.AddApprover(w.Admin, identity.AddApproverInput{ProductID: mine.GlobalID(), UserID: ada.GlobalID()})
		require.NoError(t, err)

		// The daily letter lists what waits for who gets it.
		w.Clock.Advance(day)
		found := false
		for _, l := range w.sent() {
			if text, _ := l.Parts(t); l.To == ada.Email {
				found = true
				require.Contains(t, text, "mine")
				require.NotContains(t, text, "theirs")
			}
		}
		require.True(t, found)
	})
}
