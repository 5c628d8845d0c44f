package gateway_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/identity"
	"portico/internal/testdb"
)

// readFeed returns what the feed answers.
func (w *world) readFeed(t testing.TB, g *gateway.Verifier, c *gateway.Caller, after int64, wait time.Duration) (lines []keycache.Change, err error) {
	t.Helper()
	err = g.Feed(t.Context(), c, after, wait, func(line *keycache.Change) error { lines = append(lines, *line); return nil })
	return lines, err
}

// The log is read after each call of the feed: neither Silence nor Grace adds to
// the gateway's own.
func TestTheFeedReadsTheLogAfterEachCall(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		d := w.secondDB(t)
		g := w.verifier(t, func(o *gateway.Options) { o.DB, o.Grace = d, gateway.MaxGrace })
		c := w.caller(t, g)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		here := g.Copy(w.Organization.ID).Position()
		for range 3 {
			w.mono.Add(1)
			lines, err := w.readFeed(t, g, c, here, 0)
			if err != nil || len(lines) != 1 || lines[0].Position != here || lines[0].Catalogue != nil {
				t.Fatalf("a sign of life: %+v %v", lines, err)
			}
		}
		ok(t, 0, d.Close())
		w.mono.Add(1)
		requireVerdict(t, g, c, w.request(), verdict.Valid) // the node's own silence is not over
		for name, after := range map[string]int64{"a sign of life": here, "changes": here - 1, "a snapshot": -1, "of another time": here + 1} {
			if lines, err := w.readFeed(t, g, c, after, time.Millisecond); !fault.Is(err, fault.CodeUnavailable) || len(lines) != 0 {
				t.Errorf("%s without a database: %+v %v", name, lines, err)
			}
		}
	})
}

// A node that has not read new events yet does not answer that nothing is new.
func TestTheFeedIncludesUnreadEvents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		here := g.Copy(w.Organization.ID).Position()
		ok(t, 0, errorOf(w.Portal.Apps.RevokeKey(w.Developer, w.made.Credential.GlobalID(), nil, nil)))
		w.mono.Add(1)
		lines, err := w.readFeed(t, g, c, here, 0)
		if err != nil || len(lines) != 1 || lines[0].Position <= here || len(lines[0].Credentials) != 1 || lines[0].Credentials[0].Status != access.CredentialRevoked {
			t.Errorf("told %+v %v", lines, err)
		}
	})
}

// A waiting gateway receives a change at once, and nothing after its token is
// revoked.
func TestTheFeedWaits(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		run(t, g)
		c, err := g.Caller(t.Context(), w.token(t, identity.NewGateway{Name: "edge-1"}))
		ok(t, c, err)
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		here := g.Copy(w.Organization.ID).Position()
		reported := make(chan error, 1)
		for step, do := range []func() error{
			func() error { return errorOf(w.Portal.Apps.DisableKey(w.Admin, w.made.Credential.GlobalID(), nil)) },
			func() error {
				return errorOf(w.Portal.Identity.RevokeGateway(t.Context(), w.Organization.Slug, "edge-1"))
			},
		} {
			go func() {
				reported <- g.Feed(t.Context(), c, here, time.Hour, func(line *keycache.Change) error { here = line.Position; return nil })
			}()
			ok(t, 0, do())
			if err := <-reported; step == 0 && err != nil || step == 1 && !isUnauthenticated(err) {
				t.Errorf("step %d: %v", step, err)
			}
		}
	})
}

// Concurrent calls of the feed share one read of the log.
func TestGatewaysShareTheReadsOfTheLog(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		const gateways = 50
		w := newWorld(t, url)
		var reads, asked atomic.Int64
		everybody := make(chan struct{})
		d := testdb.OpenWith(t, url, database.Options{OnStatement: func(_ context.Context, query string) {
			if strings.Contains(query, "FROM events") && asked.Load() > 0 {
				reads.Add(1)
				<-everybody
			}
		}})
		g := w.verifier(t, func(o *gateway.Options) { o.DB = d })
		c := w.caller(t, g)
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		here := g.Copy(w.Organization.ID).Position()
		w.mono.Add(1)
		var asking sync.WaitGroup
		for range gateways {
			asking.Go(func() {
				if asked.Add(1) == gateways {
					close(everybody)
				}
				if err := g.Feed(t.Context(), c, here, 0, func(*keycache.Change) error { return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		asking.Wait()
		if n := reads.Load(); n != 1 {
			t.Errorf("the log was read %d times", n)
		}
		_, err := w.readFeed(t, g, c, here, 0)
		if ok(t, 0, err); reads.Load() != 1 {
			t.Error("it was read again though it had been since the question")
		}
	})
}
