package gateway_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/keycache"
	"portico/internal/apps"
	"portico/internal/gateway"
	"portico/internal/identity"
	"portico/internal/testdb"
)

// deletedIDs returns the accounts, apps and keys that some lines say are gone.
func deletedIDs(lines []keycache.Change) (out []uuid.UUID) {
	for _, l := range lines {
		out = slices.Concat(out, l.GoneAccounts, l.GoneApps, l.GoneCredentials)
	}
	return out
}

// boundTo returns a caller whose token is for products.
func (w *world) boundTo(t *testing.T, g *gateway.Verifier, products ...string) *gateway.Caller {
	c, err := g.Caller(t.Context(), w.token(t, identity.NewGateway{Products: products}))
	return ok(t, c, err)
}

// A token that is bound to a product receives the deletions of related accounts
// and apps, and of no others.
func TestTheFeedOfABoundTokenReportsDeletions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.boundTo(t, g, "weather")
		otherAccount, customer := w.MustAccount(t, w.Admin, "Stranger"), w.MustAccount(t, w.Admin, "Customer")
		theirs, app := w.MustAppOf(t, w.Admin, otherAccount, "Elsewhere"), w.MustAppOf(t, w.Admin, customer, "Weather")
		w.MustRegister(t, w.Admin, app.App, w.product, w.plan)
		deleted := w.MustAppOf(t, w.Admin, otherAccount, "Second")
		lines, err := w.readFeed(t, g, c, -1, 0)
		here := ok(t, lines, err)[0].Position

		ok(t, 0, errorOf(w.Portal.Apps.DeleteApp(w.Admin, deleted.App.GlobalID(), nil)))
		ok(t, 0, errorOf(w.Portal.Apps.DeleteApp(w.Admin, w.made.App.GlobalID(), nil)))
		ok(t, 0, errorOf(w.Portal.Identity.DeleteAccount(w.Admin, otherAccount.GlobalID(), nil)))
		ok(t, 0, errorOf(w.Portal.Identity.DeleteAccount(w.Admin, customer.GlobalID(), nil)))
		w.mono.Add(1)
		lines, err = w.readFeed(t, g, c, here, 0)
		reported := deletedIDs(ok(t, lines, err))
		for _, id := range []uuid.UUID{w.made.App.ID, app.App.ID, customer.ID} {
			require.Contains(t, reported, id)
		}
		for _, id := range []uuid.UUID{otherAccount.ID, theirs.App.ID, deleted.App.ID} {
			require.NotContains(t, reported, id)
			require.NotContains(t, mentionedIDs(lines), id)
		}
	})
}

// A gateway that comes back after a purge drops the keys of what was purged.
func TestTheFeedOfABoundTokenAfterAPurge(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.boundTo(t, g, "weather")
		lines, err := w.readFeed(t, g, c, -1, 0)
		here := ok(t, lines, err)[0].Position
		ok(t, 0, errorOf(w.Portal.Apps.DeleteApp(w.Admin, w.made.App.GlobalID(), nil)))
		w.Clock.Advance(31 * 24 * time.Hour)
		purged, err := w.Portal.Maintenance.Purge(t.Context())
		require.Equal(t, 1, ok(t, purged, err).Apps)
		w.mono.Add(1)
		lines, err = w.readFeed(t, g, c, here, 0)
		reported := deletedIDs(ok(t, lines, err))
		require.Contains(t, reported, w.made.Credential.ID)
	})
}

// What changes twice is sent once in a line.
func TestTheFeedOfABoundTokenRepeatsNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.boundTo(t, g, "weather")
		lines, err := w.readFeed(t, g, c, -1, 0)
		here := ok(t, lines, err)[0].Position
		account := w.Account.GlobalID()
		whole := w.MustKey(t, w.Developer, apps.GenerateKeyInput{AccountID: &account}).Credential
		ok(t, 0, errorOf(w.Portal.Apps.DisableKey(w.Admin, w.made.Credential.GlobalID(), nil)))
		ok(t, 0, errorOf(w.Portal.Identity.SuspendAccount(w.Admin, account, nil)))
		ok(t, 0, errorOf(w.Portal.Identity.ResumeAccount(w.Admin, account, nil)))
		ok(t, 0, errorOf(w.Portal.Apps.Suspend(w.Admin, w.sub.GlobalID(), nil)))
		w.mono.Add(1)
		lines, err = w.readFeed(t, g, c, here, 0)
		require.Len(t, ok(t, lines, err), 1)
		reported := mentionedIDs(lines)
		for _, id := range []uuid.UUID{w.Account.ID, w.made.App.ID, w.made.Credential.ID, whole.ID, w.sub.ID} {
			require.Contains(t, reported, id)
		}
		slices.SortFunc(reported, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		require.Equal(t, slices.Compact(slices.Clone(reported)), reported)
	})
}
