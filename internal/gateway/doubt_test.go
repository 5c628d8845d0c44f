package gateway_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portico/clients/go/gate/verdict"
	"portico/internal/database"
	"portico/internal/gateway"
	"portico/internal/testdb"
)

// A read of the log that began before a Sync failed does not make the copy fresh
// again; one that begins afterwards does.
func TestAReadBegunBeforeAFailedSyncDoesNotConfirm(t *testing.T) {
	for name, read := range map[string]struct {
		statement string
		do        func(t *testing.T, w *world, g *gateway.Verifier)
	}{
		"a poll without news": {"FROM event_positions", func(t *testing.T, _ *world, g *gateway.Verifier) {
			ok(t, 0, g.PollOnce(t.Context()))
		}},
		"a poll with news": {"FROM events", func(t *testing.T, w *world, g *gateway.Verifier) {
			w.key(t)
			ok(t, 0, g.PollOnce(t.Context()))
		}},
		"another Sync": {"FROM events", func(t *testing.T, w *world, g *gateway.Verifier) {
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, url string) {
				w := newWorld(t, url)
				var g *gateway.Verifier
				var armed atomic.Bool
				fails := func(_ context.Context, query string) {
					if !strings.Contains(query, read.statement) || !armed.CompareAndSwap(true, false) {
						return
					}
					ended, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
					defer cancel()
					ok(t, 0, g.Sync(ended, w.Organization.ID))
				}
				d := testdb.OpenWith(t, url, database.Options{OnStatement: fails})
				g = w.verifier(t, func(o *gateway.Options) { o.DB = d })
				c := w.caller(t, g)
				requireVerdict(t, g, c, w.request(), verdict.Valid)
				w.mono.Add(1) // a read that begins now is a later one
				armed.Store(true)
				read.do(t, w, g)
				if armed.Load() {
					t.Fatal("no Sync failed in between")
				}
				requireVerdict(t, g, c, w.request(), verdict.Unavailable)
				ok(t, 0, g.PollOnce(t.Context()))
				requireVerdict(t, g, c, w.request(), verdict.Valid)
			})
		})
	}
}
