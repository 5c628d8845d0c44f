package mail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db/event"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/mail"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// update changes the settings of the first organization.
func (w *world) update(in mail.UpdateSettingsInput) *mail.Settings {
	w.t.Helper()
	s, err := w.service.UpdateSettings(w.Admin, in)
	require.NoError(w.t, err)
	return s
}

func kinds(all ...mail.UpdateKindInput) input.Patch[[]mail.UpdateKindInput] { return input.SetTo(all) }

func TestTheOrganizationsOwnLetters(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		other := w.MustTenant(t, "two")
		w.step()
		before := len(w.server.Letters())
		s := w.update(mail.UpdateSettingsInput{
			SenderName: input.SetTo("The API team, İzmir"), ReplyTo: input.SetTo("help@one.example"), SignOff: input.SetTo("Yours\nThe <API> team"),
			Language: input.SetTo(domain.Turkish), Kinds: kinds(mail.UpdateKindInput{Kind: domain.MailWelcome, Subject: input.SetTo("Our own <subject>")}),
		})
		require.Equal(t, 2, s.Version)
		w.MustUser(t, w.Admin, w.Account, domain.Member)
		w.MustUser(t, other.Admin, other.Account, domain.Member)
		w.step()
		all := w.server.Letters()[before:]
		require.Len(t, all, 2)
		own, others := all[0], all[1]
		if strings.Contains(own.Header.Get("From"), "two") {
			own, others = others, own
		}
		from, err := own.Header.AddressList("From")
		require.NoError(t, err)
		require.Equal(t, "The API team, İzmir", from[0].Name)
		require.Equal(t, "no-reply@portal.example.com", from[0].Address)
		require.Equal(t, "<help@one.example>", own.Header.Get("Reply-To"))
		require.Equal(t, "Our own <subject>", own.Subject())
		require.Equal(t, "tr", own.Header.Get("Content-Language"))
		text, html := own.Parts(t)
		require.Contains(t, text, "Merhaba Dora Developer,")
		require.Contains(t, text, "\nYours\nThe <API> team\n")
		require.Contains(t, html, "Yours<br>The &lt;API&gt; team")
		require.Contains(t, html, `<html lang="tr">`)
		require.Equal(t, "Your account at The two organization", others.Subject(), "another organization has its own")

		// What is switched off is not sent, also if it waits already.
		w.MustUser(t, w.Admin, w.Account, domain.Member)
		w.update(mail.UpdateSettingsInput{Kinds: kinds(mail.UpdateKindInput{Kind: domain.MailWelcome, Enabled: input.SetTo(false)})})
		require.Empty(t, w.sent())
		require.Equal(t, 1, w.state("SKIPPED"))

		events, err := w.Client.Event.Query().Where(event.Type("MAIL_SETTINGS_UPDATED")).All(portaltest.System(t))
		require.NoError(t, err)
		require.Len(t, events, 2)
	})
}

func TestUpdateSettings(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		for _, c := range []struct {
			in   mail.UpdateSettingsInput
			want string
		}{
			{mail.UpdateSettingsInput{SenderName: input.SetTo("a\nBcc: x@y.example")}, "INVALID_CHARACTERS senderName"},
			{mail.UpdateSettingsInput{SenderName: input.SetTo(strings.Repeat("ş", 101))}, "TOO_LONG senderName"},
			{mail.UpdateSettingsInput{ReplyTo: input.SetTo("Name <a@b.example>")}, "INVALID replyTo"},
			{mail.UpdateSettingsInput{SignOff: input.SetTo(strings.Repeat("x", 501))}, "TOO_LONG signOff"},
			{mail.UpdateSettingsInput{Language: input.Patch[domain.Language]{Set: true}}, "REQUIRED language"},
			{mail.UpdateSettingsInput{Kinds: kinds(mail.UpdateKindInput{Kind: domain.MailWelcome, Subject: input.SetTo("a\r\nb")})}, "INVALID_CHARACTERS kinds.0.subject"},
			{mail.UpdateSettingsInput{Kinds: kinds(mail.UpdateKindInput{Kind: domain.MailWelcome, Subject: input.SetTo(strings.Repeat("x", 151))})}, "TOO_LONG kinds.0.subject"},
			{mail.UpdateSettingsInput{Kinds: kinds(mail.UpdateKindInput{Kind: domain.MailWelcome, Enabled: input.Patch[bool]{Set: true}})}, "REQUIRED kinds.0.enabled"},
			{mail.UpdateSettingsInput{Kinds: kinds(mail.UpdateKindInput{Kind: domain.MailWelcome}, mail.UpdateKindInput{Kind: domain.MailWelcome})}, "TAKEN kinds.1.kind"},
		} {
			_, err := w.service.UpdateSettings(w.Admin, c.in)
			portaltest.RequireProblems(t, err, c.want)
		}
		longest := mail.UpdateSettingsInput{
			SenderName: input.SetTo(strings.Repeat("ş", 100)), SignOff: input.SetTo(strings.Repeat("ş", 500)),
			Kinds: kinds(mail.UpdateKindInput{Kind: domain.MailKeyExpired, Subject: input.SetTo(strings.Repeat("ş", 150))}),
		}
		require.Equal(t, 2, w.update(longest).Version, "the tables take the longest texts")
		require.Equal(t, 2, w.update(longest).Version, "nothing changed")
		_, err := w.service.UpdateSettings(w.Admin, mail.UpdateSettingsInput{Version: new(1), SenderName: input.SetTo("x")})
		portaltest.RequireCode(t, err, fault.CodeConflict)
		w.update(mail.UpdateSettingsInput{SenderName: input.Patch[string]{Set: true}, SignOff: input.Patch[string]{Set: true}})
		got, err := w.service.Settings(w.Admin)
		require.NoError(t, err)
		require.Empty(t, got.SenderName+got.SignOff)
		require.True(t, got.Available)
		for _, who := range []func() error{
			func() error { _, err := w.service.Settings(w.Developer); return err },
			func() error { _, err := w.service.UpdateSettings(w.Developer, longest); return err },
			func() error { _, err := w.service.Preview(w.Developer, domain.MailWelcome, nil); return err },
		} {
			portaltest.RequireCode(t, who(), fault.CodeForbidden)
		}
	})
}

// Every kind can be previewed in every language, and says in each what there is to say.
func TestPreview(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	seen := map[string]bool{}
	for _, k := range domain.MailKinds() {
		for _, l := range []domain.Language{domain.English, domain.Turkish} {
			p, err := w.service.Preview(w.Admin, k, &l)
			require.NoError(t, err, k)
			require.Equal(t, "The one organization <no-reply@portal.example.com>", p.From)
			require.False(t, seen[p.Subject], "two letters have the subject %q", p.Subject)
			seen[p.Subject] = true
			for _, part := range []string{p.Subject, p.Text, p.HTML} {
				require.NotContains(t, part, "<no value>")
				require.NotContains(t, part, "{{")
				require.NotContains(t, part, "%!")
			}
			require.Contains(t, p.Text, "Staff Member")
			require.Contains(t, p.Text, portalURL+"/")
			require.Contains(t, p.HTML, `<a href="`+portalURL+"/")
			require.NotRegexp(t, `\n\n\n`, p.Text)
			if k == domain.MailRequestRejected || k == domain.MailKeyRevoked {
				require.Contains(t, p.HTML, "<blockquote")
			}
			require.Equal(t, l == domain.Turkish, strings.Contains(p.Text, "Merhaba "), k)
		}
	}
	require.Len(t, seen, 2*len(domain.MailKinds()))
}

// Letters are in the language and the time zone that a person has chosen, else in the
// organization's.
func TestLettersInThePersonsLanguage(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		u := w.MustUser(t, w.Admin, w.Account, domain.Owner)
		w.step()
		reset := func() (subject, text string) {
			t.Helper()
			require.NoError(t, errOf(w.Portal.Identity.SendPasswordReset(w.Admin, u.GlobalID(), nil)))
			_, subject, text = w.one()
			return subject, text
		}
		subject, text := reset()
		require.Contains(t, subject, "Set a new password")
		require.Contains(t, text, "(UTC)")
		_, err := w.Portal.Identity.UpdateUser(w.Admin, identity.UpdateUserInput{UserID: u.GlobalID(), Language: input.SetTo(domain.Turkish), TimeZone: input.SetTo("Asia/Tokyo")})
		require.NoError(t, err)
		subject, text = reset()
		require.Contains(t, subject, "yeni parola belirleyin")
		require.Contains(t, text, "(Asia/Tokyo)")
	})
}
