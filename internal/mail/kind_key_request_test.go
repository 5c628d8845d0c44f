package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/requests"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// A request for a key has one letter for all that it asks for: to who decides about all of
// it, and to who asked.
func TestKeyRequestLetters(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		weather, forecast := w.MustProduct(t, w.Admin, "weather")
		maps, tiles := w.MustProduct(t, w.Admin, "maps")
		both, one := w.MustApprover(t, w.Admin, weather, maps), w.MustApprover(t, w.Admin, weather)
		ask := func(app string) *db.KeyRequest {
			t.Helper()
			got, err := w.Portal.Requests.RequestKey(w.Developer, requests.RequestKeyInput{AppID: w.MustApp(t, w.Developer, app).App.GlobalID(), Plans: []requests.Plan{
				{ProductID: weather.GlobalID(), PlanID: new(forecast.GlobalID())}, {ProductID: maps.GlobalID(), PlanID: new(tiles.GlobalID())},
			}})
			require.NoError(t, err)
			return got.Request
		}
		// letters returns the subject and the text of each letter by who got it; nobody gets two.
		letters := func() map[string]string {
			t.Helper()
			out := map[string]string{}
			for _, l := range w.sent() {
				require.Empty(t, out[l.To], l.To)
				text, _ := l.Parts(t)
				out[l.To] = l.Subject() + "\n" + strings.Join(strings.Fields(text), " ")
			}
			return out
		}
		me, admin := w.email(viewer.Current(w.Developer)), w.email(viewer.Current(w.Admin))
		w.step()

		k := ask("Shop")
		got := letters()
		require.Len(t, got, 2, got)
		for _, to := range []string{admin, both.Email} {
			require.Contains(t, got[to], "Request for a key from Acme: maps, weather\n")
			require.Contains(t, got[to], "asks for a key, and for subscriptions: maps, weather. The request waits for a decision, as a whole.")
			require.Contains(t, got[to], portalURL+"/key-requests/"+k.GlobalID())
		}
		require.Empty(t, got[one.Email])

		_, err := w.Portal.Requests.Approve(w.Admin, requests.DecideInput{KeyRequestID: k.GlobalID(), Reason: new("Welcome.")})
		require.NoError(t, err)
		got = letters()
		require.Len(t, got, 1, got)
		require.Contains(t, got[me], "Approved: collect the key of Shop\n")
		require.Contains(t, got[me], "The secret is shown once. A note came with the decision: > Welcome.")
		w.Clock.Advance(7 * 24 * time.Hour)
		_, err = w.Portal.Maintenance.ExpireUncollected(t.Context())
		require.NoError(t, err)
		got = letters()
		require.Contains(t, got[me], "Not collected: the key of Shop\n")
		require.Contains(t, got[me], "Nobody collected the key in time. The key can be asked for again. The app’s subscriptions stay.")

		me2 := w.Client.User.GetX(portaltest.System(t), viewer.Current(w.Developer).UserID)
		w.Developer = w.Enter(t, me2)
		w.Admin = w.Enter(t, w.Client.User.GetX(portaltest.System(t), viewer.Current(w.Admin).UserID))
		k = ask("Second")
		letters()
		_, err = w.Portal.Requests.Reject(w.Admin, requests.DecideInput{KeyRequestID: k.GlobalID(), Reason: new("Not yet.")})
		require.NoError(t, err)
		got = letters()
		require.Len(t, got, 1, got)
		require.Contains(t, got[me], "Rejected: the request of Second for a key\n")
		require.Contains(t, got[me], "The reason: > Not yet. The app may ask again.")

		_, err = w.Portal.Identity.UpdateOrganization(w.Admin, identity.UpdateOrganizationInput{RequestsExpireAfterDays: input.SetTo(2)})
		require.NoError(t, err)
		_, err = w.Portal.Identity.UpdateUser(w.Developer, identity.UpdateUserInput{UserID: me2.GlobalID(), Language: input.SetTo(domain.Turkish)})
		require.NoError(t, err)
		ask("Third")
		letters()
		w.Clock.Advance(48 * time.Hour)
		_, err = w.Portal.Maintenance.ExpireRequests(t.Context())
		require.NoError(t, err)
		require.Contains(t, letters()[me], "Anahtar isteğinin süresi doldu: Third\n")
	})
}
