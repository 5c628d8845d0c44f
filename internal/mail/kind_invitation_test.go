package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/mail"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

func (w *world) invite(email string) string {
	w.t.Helper()
	i, err := w.Portal.Identity.InviteMember(w.Admin, identity.InviteMemberInput{AccountID: w.Account.GlobalID(), Email: address.ParseEmail(email), Role: new(domain.Owner)})
	require.NoError(w.t, err)
	return w.Portal.Identity.InvitationToken(i.ID)
}

func TestInvitation(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		token := w.invite("stranger@elsewhere.example")
		to, subject, text := w.one()
		require.Equal(t, "stranger@elsewhere.example", to)
		require.Equal(t, "Invitation to “Acme” at The one organization", subject)
		require.Contains(t, text, "Hello,\n")
		require.Contains(t, text, "An administrator invites you, stranger@elsewhere.example, to join the account “Acme” at The one organization as an owner.")
		require.Contains(t, text, portalURL+"/accept-invitation#token="+token+"\n")
		require.NotContains(t, text, "you have an account")
		require.Empty(t, w.sent(), "a letter is sent once")

		// To a user in the user's name; the joined person gets no welcome with it.
		u := w.MustUser(t, w.Admin, w.MustAccount(t, w.Admin, "Globex"), domain.Owner)
		w.step()
		w.invite(u.Email)
		to, _, text = w.one()
		require.Equal(t, u.Email, to)
		require.Contains(t, text, "Hello "+u.Name+",\n")
		_, err := w.Portal.Identity.AcceptInvitation(t.Context(), identity.AcceptInvitationInput{Token: token, Name: new("Nora"), Password: new(portaltest.Password)})
		require.NoError(t, err)
		require.Empty(t, w.sent())

		// In Turkish, and brief: names are shown to strangers.
		require.NoError(t, errOf(w.service.UpdateSettings(w.Admin, mail.UpdateSettingsInput{Language: input.SetTo(domain.Turkish)})))
		require.NoError(t, errOf(w.Portal.Identity.UpdateAccount(w.Admin, identity.UpdateAccountInput{AccountID: w.Account.GlobalID(), Name: input.SetTo(strings.Repeat("Acme ", 40))})))
		w.invite("yabanci@elsewhere.example")
		_, subject, text = w.one()
		require.Equal(t, "“"+strings.TrimSpace(strings.Repeat("Acme ", 12))+" …” hesabına davet (The one organization)", subject)
		require.Contains(t, text, "davet ediyor")
	})
}

// Whoever invites chooses the own name, and strangers read it: it becomes no link.
func TestInvitation_NamesAreNoLinks(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		self := viewer.Current(w.Developer)
		in := identity.UpdateUserInput{UserID: nodeid.Encode(nodeid.User, self.UserID), Name: input.SetTo("Locked: https://phish.example/a or www.phish.example, Inc.")}
		require.NoError(t, errOf(w.Portal.Identity.UpdateUser(w.Developer, in)))
		self.Name = *in.Name.Value // as the next request knows it
		_, err := w.Portal.Identity.InviteMember(portaltest.As(t, self), identity.InviteMemberInput{AccountID: w.Account.GlobalID(), Email: address.ParseEmail("stranger@elsewhere.example")})
		require.NoError(t, err)
		_, _, text := w.one()
		require.Contains(t, text, "“Locked: https phish example a or www phish example, Inc.” invites you")
	})
}

// What has ended before its letter was written is not sent.
func TestInvitation_Pointless(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.invite("often@elsewhere.example")
		newest := w.invite("often@elsewhere.example")
		_, _, text := w.one()
		require.Contains(t, text, newest)

		u := w.MustUser(t, w.Admin, w.MustAccount(t, w.Admin, "Globex"), domain.Owner)
		require.NoError(t, errOf(w.Portal.Identity.DisableUser(w.Admin, u.GlobalID(), nil)))
		w.invite(u.Email)
		require.Empty(t, w.sent(), "nobody who is disabled gets letters")

		w.invite("late@elsewhere.example")
		require.NoError(t, errOf(w.Portal.Identity.SuspendAccount(w.Admin, w.Account.GlobalID(), nil)))
		require.Empty(t, w.sent())
		require.NoError(t, errOf(w.Portal.Identity.ResumeAccount(w.Admin, w.Account.GlobalID(), nil)))
		w.Clock.Advance(time.Hour)
		require.NoError(t, errOf(w.Portal.Identity.DeleteAccount(w.Admin, w.Account.GlobalID(), nil)))
		require.Empty(t, w.sent())
	})
}

func errOf[T any](_ T, err error) error { return err }
