package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/mail"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// token creates a service token with a scope that lives for a while; portal:read acts
// for the account.
func (w *world) token(name string, scope domain.ServiceTokenScope, life time.Duration) (id string) {
	w.t.Helper()
	in := identity.CreateServiceTokenInput{Name: name, Scopes: []domain.ServiceTokenScope{scope}, ExpiresAt: new(w.Clock.Now().Add(life))}
	if scope == domain.PortalRead {
		in.AccountID = new(w.Account.GlobalID())
	}
	out, err := w.Portal.Identity.CreateServiceToken(w.Admin, in)
	require.NoError(w.t, err)
	return out.ServiceToken.GlobalID()
}

func (w *world) notices() {
	w.t.Helper()
	_, err := w.Portal.Maintenance.RecordNotices(w.t.Context())
	require.NoError(w.t, err)
}

// Administrators get a letter at each stage, of gateways' tokens too.
func TestTokenExpires(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.MustUser(t, w.Admin, w.Account, domain.Owner)
		w.step()
		w.token("reports", domain.AdminRead, 40*day)
		w.token("edge-1", domain.GatewayScope, 20*day)
		w.token("quick", domain.AdminRead, day)
		var subjects []string
		for range 45 {
			w.Clock.Advance(day)
			w.notices()
			for _, l := range w.sent() {
				require.Equal(t, w.email(w.admin()), l.To)
				subjects = append(subjects, l.Subject())
			}
		}
		require.Equal(t, []string{
			"The service token “edge-1” expires in 14 days", "The service token “reports” expires in 30 days",
			"The service token “edge-1” expires in 7 days", "The service token “edge-1” expires in 1 day",
			"The service token “reports” expires in 14 days", "The service token “reports” expires in 7 days",
			"The service token “reports” expires in 1 day",
		}, subjects)
	})
}

// The owners of the account that a token acts for are told, too, and its members not.
func TestTokenExpires_OfAnAccount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		second := w.MustUser(t, w.Admin, w.Account, domain.Owner)
		w.MustUser(t, w.Admin, w.Account, domain.Member)
		disabled := w.MustUser(t, w.Admin, w.Account, domain.Owner)
		w.MustUser(t, w.Admin, w.MustAccount(t, w.Admin, "Globex"), domain.Owner)
		require.NoError(t, errOf(w.Portal.Identity.DisableUser(w.Admin, disabled.GlobalID(), nil)))
		w.step()
		w.token("shop", domain.PortalRead, 8*day)
		w.Clock.Advance(day)
		w.notices()
		all := w.sent()
		var to []string
		for _, l := range all {
			to = append(to, l.To)
			require.Equal(t, "The service token “shop” of the account “Acme” expires in 7 days", l.Subject())
			text, _ := l.Parts(t)
			require.Contains(t, text, "expires on 9 March 2026, 09:00 (UTC). From then on, the program that uses it is refused.")
			require.Contains(t, text, "An administrator creates another one")
			require.Contains(t, text, portalURL+"/accounts/"+w.Account.GlobalID()+"\n")
			require.NotContains(t, text, "pst_")
		}
		require.ElementsMatch(t, []string{w.email(w.developer()), second.Email, w.email(w.admin())}, to)

		// In Turkish, and without the name for those who want none.
		require.NoError(t, errOf(w.service.UpdateSettings(w.Admin, mail.UpdateSettingsInput{Language: input.SetTo(domain.Turkish)})))
		require.NoError(t, errOf(w.Portal.Identity.UpdateMailPreferences(w.Developer, input.SetTo(false))))
		w.Clock.Advance(6 * day)
		w.notices()
		for _, l := range w.sent() {
			text, html := l.Parts(t)
			want := "“Acme” hesabına ait “shop” adlı servis anahtarının süresi 1 gün içinde doluyor"
			if l.To == w.email(w.developer()) {
				want = "“Acme” hesabına ait bir servis anahtarının süresi 1 gün içinde doluyor"
				require.NotContains(t, text+html, "shop")
			}
			require.Equal(t, want, l.Subject())
			require.Contains(t, text, "Bitiş tarihi değiştirilemez.")
		}
	})
}

// A letter whose token was revoked or has expired when its turn comes is not sent.
func TestTokenExpires_Pointless(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		second := w.MustAdmin(t, w.Organization)
		w.step()
		id := w.token("revoked", domain.AdminRead, 8*day)
		w.Clock.Advance(day)
		w.notices()
		require.NoError(t, errOf(w.Portal.Identity.RevokeServiceToken(w.Admin, id, nil)))
		require.Empty(t, w.sent())

		w.token("late", domain.AdminRead, 8*day)
		w.Clock.Advance(day)
		w.notices()
		w.Clock.Advance(7 * day)
		require.Empty(t, w.sent())

		w.token("known", domain.AdminRead, 8*day)
		w.Clock.Advance(day)
		w.notices()
		all := w.sent()
		require.Len(t, all, 2, "every administrator is told")
		require.ElementsMatch(t, []string{w.email(w.admin()), w.email(viewer.Current(second))}, []string{all[0].To, all[1].To})
		require.True(t, strings.HasSuffix(all[0].Subject(), "expires in 7 days"))
	})
}
