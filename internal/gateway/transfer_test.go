package gateway_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/internal/apps"
	"portico/internal/gateway"
	"portico/internal/testdb"
)

// The keys of an app that goes to another account pass without a break, on every server,
// and follow the state of that account from then on, and no more that of the former one.
func TestKeysOfATransferredApp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		to := w.MustAccount(t, w.Admin, "To")
		whole := w.MustKey(t, w.Admin, apps.GenerateKeyInput{AccountID: ptr(w.Account.GlobalID())})
		theirs := w.MustKey(t, w.Admin, apps.GenerateKeyInput{AccountID: ptr(to.GlobalID())})
		servers := []*gateway.Verifier{w.verifier(t), w.verifier(t, func(o *gateway.Options) { o.Preload = true }), w.verifier(t, func(o *gateway.Options) { o.MaxKeys = 2 })}
		asking, stop := context.WithCancel(t.Context())
		var askers sync.WaitGroup
		for _, g := range servers {
			run(t, g)
			c := w.caller(t, g)
			requireSoon(t, "the keys", func() bool { return verify(t, g, c, w.request()) == verdict.Valid })
			askers.Go(func() {
				for asking.Err() == nil {
					var v verdict.Verdict
					if g.Verify(asking, c, w.request(), &v); v.Code != verdict.Valid && asking.Err() == nil {
						t.Errorf("refused on the way: %s", v.Code)
						return
					}
				}
			})
		}
		require.True(t, w.transfer(t, w.made.App, to))
		// What happens to the former account from now on is nothing to them.
		ok(t, 0, errorOf(w.Portal.Identity.SuspendAccount(w.Admin, w.Account.GlobalID(), nil)))
		for _, g := range servers {
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		}
		stop()
		askers.Wait()
		require.True(t, w.transferredTo(t, servers, verdict.Valid))
		ok(t, 0, errorOf(w.Portal.Identity.ResumeAccount(w.Admin, w.Account.GlobalID(), nil)))
		for _, g := range servers {
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
			c := w.caller(t, g)
			requireVerdict(t, g, c, requestWith(whole.Secret), verdict.NotSubscribed)
			requireVerdict(t, g, c, requestWith(theirs.Secret), verdict.Valid)
		}
		ok(t, 0, errorOf(w.Portal.Identity.SuspendAccount(w.Admin, to.GlobalID(), nil)))
		for _, g := range servers {
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		}
		require.True(t, w.transferredTo(t, servers, verdict.AccountSuspended))
	})
}

// transferredTo reports whether every server gives this verdict about the app's key.
func (w *world) transferredTo(t *testing.T, servers []*gateway.Verifier, want verdict.Code) bool {
	t.Helper()
	for _, g := range servers {
		if got := verify(t, g, w.caller(t, g), w.request()); got != want {
			t.Logf("answered %s, want %s", got, want)
			return false
		}
	}
	return true
}

// A gateway that decides on its own learns by the feed what it needs: the app, its keys and
// the account that has them, also where its token is bound to a product.
func TestTheFeedOfATransferredApp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		to := w.MustAccount(t, w.Admin, "To")
		for name, c := range map[string]*gateway.Caller{"every product": w.caller(t, g), "one product": w.boundTo(t, g, "weather")} {
			own := keycache.New(0)
			w.mono.Add(1)
			lines, err := w.readFeed(t, g, c, -1, 0)
			for i := range ok(t, lines, err) {
				own.Apply(&lines[i])
			}
			here := lines[len(lines)-1].Position
			present := w.Client.App.GetX(w.Admin, w.made.App.ID)
			next := to
			if present.AccountID == to.ID {
				next = w.Account
			}
			require.True(t, w.transfer(t, present, next))
			w.mono.Add(1)
			lines, err = w.readFeed(t, g, c, here, 0)
			for i := range ok(t, lines, err) {
				own.Apply(&lines[i])
			}
			var f verdict.Facts
			require.True(t, own.Facts(w.made.Credential.Username, &f), name)
			require.NotNil(t, f.Account, name)
			require.Equal(t, next.ID, f.Account.ID, name)
			require.Equal(t, next.ID, f.Credential.AccountID, name)
			require.Equal(t, next.ID, f.Apps[0].AccountID, name)
			require.Len(t, f.Apps[0].Subscriptions, 1, name)
		}
	})
}
