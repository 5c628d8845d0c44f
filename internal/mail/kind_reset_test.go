package mail_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/mail"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// ask asks for a new password of a user, and makes the link.
func (w *world) ask(u *db.User) {
	w.t.Helper()
	require.NoError(w.t, w.Portal.Identity.RequestPasswordReset(w.t.Context(), identity.RequestPasswordResetInput{Email: u.EmailFolded}))
	require.NoError(w.t, w.Portal.Identity.AnswerResetRequests(w.t.Context()))
}

// tokenIn returns the token in the link of a letter.
func tokenIn(t *testing.T, text string) string {
	t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(portalURL) + `/reset-password#token=(\w+)\n`).FindStringSubmatch(text)
	require.Len(t, found, 2, text)
	return found[1]
}

func TestPasswordReset(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		u := w.MustUser(t, w.Admin, w.Account, domain.Member)
		w.step()
		w.ask(u)
		to, subject, text := w.one()
		require.Equal(t, u.Email, to)
		require.Equal(t, "Set a new password at The one organization", subject)
		require.Contains(t, text, "Hello Dora Developer,\n\nA new password was asked for, for "+u.Email+".")
		require.Contains(t, text, "until 1 March 2026, 09:30 (UTC).")
		require.NoError(t, w.Portal.Identity.ResetByLink(t.Context(), tokenIn(t, text), "another battery, and a staple"))
		_, subject, _ = w.one()
		require.Contains(t, subject, "Your password was replaced")

		w.Clock.Advance(time.Minute)
		_, err := w.Portal.Identity.SendPasswordReset(w.Admin, u.GlobalID(), nil)
		require.NoError(t, err)
		_, _, text = w.one()
		require.Contains(t, text, "An administrator sends you this link")
		require.NotContains(t, text, "Staff Member")
	})
}

// A letter whose link is not valid any more when its turn comes is not sent.
func TestPasswordReset_Pointless(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		u := w.MustUser(t, w.Admin, w.Account, domain.Member)
		w.step()
		for name, spoil := range map[string]func(){
			"superseded": func() { w.Clock.Advance(time.Second); w.ask(u); require.Len(t, w.sent(), 1, "the newer one is") },
			"printed": func() {
				w.Clock.Advance(time.Second)
				_, err := w.Portal.Identity.PrintPasswordReset(t.Context(), "one", u.EmailFolded)
				require.NoError(t, err)
			},
			"expired": func() { w.Clock.Advance(30 * time.Minute) },
			"changed": func() {
				_, err := w.Portal.Identity.ResetPassword(t.Context(), "one", u.EmailFolded, portaltest.Password)
				require.NoError(t, err)
			},
			"switched off": func() {
				_, err := w.service.UpdateSettings(w.Admin, mail.UpdateSettingsInput{Kinds: kinds(mail.UpdateKindInput{Kind: domain.MailPasswordReset, Enabled: input.SetTo(false)})})
				require.NoError(t, err)
			},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := w.service.UpdateSettings(w.Admin, mail.UpdateSettingsInput{Kinds: kinds(mail.UpdateKindInput{Kind: domain.MailPasswordReset, Enabled: input.SetTo(true)})})
				require.NoError(t, err)
				before := w.state("SKIPPED")
				w.ask(u)
				spoil()
				w.step()
				require.Equal(t, before+1, w.state("SKIPPED"))
				w.Clock.Advance(time.Hour)
			})
		}
	})
}
