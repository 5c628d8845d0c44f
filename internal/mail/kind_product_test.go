package mail_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// All members of the accounts with a subscription are told when a product is retired: at once,
// at each notice, and that it is called off; nobody of a time that was moved away.
func TestProductEnding(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		member := w.Enter(t, w.MustUser(t, w.Admin, w.Account, domain.Member))
		stranger := w.MustAccount(t, w.Admin, "Strangers")
		w.MustDeveloper(t, w.Admin, stranger)
		product, plan := w.MustAutomaticProduct(t, w.Admin, "weather")
		for i := range 12 {
			w.MustRegister(t, w.Developer, w.MustApp(t, w.Developer, "App "+strconv.Itoa(i)).App, product, plan)
		}
		w.step()
		retire := func(in time.Duration) {
			t.Helper()
			_, err := w.Portal.Catalog.RetireProduct(w.Admin, catalog.RetireProductInput{ProductID: product.GlobalID(), At: new(w.Clock.Now().Add(in))})
			require.NoError(t, err)
		}
		both := func() (subject, text string) {
			t.Helper()
			require.NoError(t, w.Portal.Maintenance.EndProducts(t.Context(), func(catalog.EndingStep) {}))
			all := w.sent()
			require.Len(t, all, 2)
			require.ElementsMatch(t, []string{w.email(w.developer()), w.email(viewer.Current(member))}, []string{all[0].To, all[1].To})
			text, html := all[0].Parts(t)
			require.NotEmpty(t, html)
			return all[0].Subject(), text
		}
		retire(100 * day)
		retire(40 * day) // before anybody was told of the former time
		subject, text := both()
		require.Equal(t, "weather will be retired in 40 days", subject)
		require.Contains(t, text, "will be retired on 10 April 2026, 09:00 (UTC)")
		require.Contains(t, text, "“App 0”, “App 1”")
		require.Contains(t, text, "“App 9” and 2 more.")
		require.Contains(t, text, portalURL+"/products/"+product.GlobalID())
		require.Equal(t, 2, w.state("SKIPPED"))
		for _, left := range []int{30, 7, 1} {
			w.Clock.Advance(portaltest.Start().Add(time.Duration(40-left) * day).Sub(w.Clock.Now()))
			subject, _ = both()
			require.Contains(t, subject, "retired in "+strconv.Itoa(left)+" day")
			require.NoError(t, w.Portal.Maintenance.EndProducts(t.Context(), func(catalog.EndingStep) {}))
			require.Empty(t, w.sent(), "each notice comes once")
		}
		_, err := w.Portal.Catalog.CancelProductEnding(w.Admin, catalog.CancelProductEndingInput{ProductID: product.GlobalID()})
		require.NoError(t, err)
		subject, text = both()
		require.Equal(t, "weather will not be retired", subject)
		require.Contains(t, text, "was called off")

		retire(day)
		both()
		w.Clock.Advance(day)
		require.NoError(t, w.Portal.Maintenance.EndProducts(t.Context(), func(catalog.EndingStep) {}))
		require.Empty(t, w.sent())
	})
}
