package gateway_test

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/rawkey"
	"portico/clients/go/gate/verdict"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/gateway"
	"portico/internal/testdb"
)

// What one client, and one token, may have read in vain at once.
const clientRoom, tokenRoom = 200, 2_000

// unknownKey returns a well-formed unknown API key, in one piece or as a pair.
func unknownKey(n int) *gateway.Request {
	username, password := uuid.New(), uuid.New()
	if n%2 == 0 {
		return &gateway.Request{RawKey: rawkey.Join("ptk", username, password), Presented: access.APIKey, Product: "weather"}
	}
	return &gateway.Request{Username: username.String(), Password: password.String(), Presented: access.Basic, Product: "weather"}
}

func from(r *gateway.Request, client string) *gateway.Request {
	r.Address = netip.MustParseAddr(client)
	return r
}

// verifierWithMetrics returns a verifier whose metrics the test reads.
func (w *world) verifierWithMetrics(t testing.TB, change ...func(*gateway.Options)) (*gateway.Verifier, *prometheus.Registry) {
	t.Helper()
	metrics := prometheus.NewRegistry()
	return w.verifier(t, append(change, func(o *gateway.Options) { o.Metrics = gateway.NewMetrics(metrics) })...), metrics
}

// flood presents unknown keys and returns how many were read from the database;
// the others must be refused as RATE_LIMITED.
func flood(t *testing.T, g *gateway.Verifier, c *gateway.Caller, n int, client func(i int) string) (looked int) {
	t.Helper()
	for i := range n {
		r := unknownKey(i)
		if client != nil {
			from(r, client(i))
		}
		var v verdict.Verdict
		g.Verify(t.Context(), c, r, &v)
		switch {
		case v.Code == verdict.NotFound && v.Limits.Rate.Limit == 0:
			looked++
		case v.Code == verdict.RateLimited && v.Credential == nil && v.Limits.RetryAfter > 0 && v.Limits.Rate.Limit > 0 && v.Limits.Rate.Remaining == 0:
		default:
			t.Fatalf("answered %s with %+v", v.Code, v.Limits)
		}
	}
	return looked
}

func always(client string) func(int) string { return func(int) string { return client } }

// Reads of one client's unknown keys are limited, however they are presented;
// other clients and known keys are not affected.
func TestUnknownKeysAreLimitedByClient(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g, metrics := w.verifierWithMetrics(t)
		c := w.caller(t, g)
		requireVerdict(t, g, c, from(w.request(), "192.0.2.1"), verdict.Valid)
		e, err := g.Explain(t.Context(), c, w.made.Credential.ID, unknownKey(0), w.Clock.Now())
		ok(t, e, err)
		before := lookups(t, metrics, "miss")
		if n := flood(t, g, c, 3*clientRoom, always("192.0.2.1")); n != clientRoom {
			t.Errorf("%d were looked for", n)
		}
		if n := lookups(t, metrics, "miss") - before; n != clientRoom {
			t.Errorf("%v were read", n)
		}
		requireVerdict(t, g, c, from(w.request(), "192.0.2.1"), verdict.Valid)
		for name, client := range map[string]string{"another client": "192.0.2.2", "an IPv6 network": "2001:db8::1"} {
			if n := flood(t, g, c, 20, always(client)); n != 20 {
				t.Errorf("%s: %d of 20 were looked for", name, n)
			}
		}
		if n := flood(t, g, c, 2*clientRoom, func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) }); n != clientRoom-20 {
			t.Errorf("all of a network: %d were looked for", n)
		}
		w.mono.Add(int64(time.Second))
		if n := flood(t, g, c, clientRoom, always("192.0.2.1")); n != 20 {
			t.Errorf("%d were looked for a second later", n)
		}
	})
}

// A token's reads are limited over all its clients; other tokens, of the same
// organization too, have limits of their own.
func TestUnknownKeysAreLimitedByToken(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		other := w.MustTenant(t, "other")
		g := w.verifier(t)
		c := w.caller(t, g)
		many := func(i int) string { return fmt.Sprintf("10.0.%d.%d", i/200%200, i%200) }
		if n := flood(t, g, c, tokenRoom+500, many); n != tokenRoom {
			t.Errorf("%d were looked for", n)
		}
		if n := flood(t, g, c, 500, nil); n != 0 {
			t.Errorf("without an address %d were looked for", n)
		}
		requireVerdict(t, g, w.caller(t, g), w.request(), verdict.Valid)
		if n := flood(t, g, w.caller(t, g), 300, nil); n != 300 {
			t.Errorf("at another token %d were looked for", n)
		}
		if n := flood(t, g, w.callerOf(t, g, other.Organization.Slug), 300, nil); n != 300 {
			t.Errorf("in another organization %d were looked for", n)
		}
	})
}

// Concurrent calls have no more read than sequential ones.
func TestConcurrentUnknownKeysAreLimited(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g, metrics := w.verifierWithMetrics(t)
		c := w.caller(t, g)
		var all sync.WaitGroup
		for i := range 4 * clientRoom {
			all.Go(func() { verify(t, g, c, from(unknownKey(i), "192.0.2.1")) })
		}
		all.Wait()
		if n := lookups(t, metrics, "miss"); n != clientRoom {
			t.Errorf("%v were read", n)
		}
	})
}

// Concurrent calls with the same unknown key share one read, and are counted once.
func TestConcurrentReadsOfOneUnknownKeyAreShared(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	g, metrics := w.verifierWithMetrics(t)
	c := w.caller(t, g)
	const crowd = 100
	release := g.BlockReads(w.Organization.ID)
	key := unknownKey(0)
	var all sync.WaitGroup
	for range crowd {
		r := *key
		all.Go(func() { requireVerdict(t, g, c, from(&r, "192.0.2.1"), verdict.NotFound) })
	}
	requireSoon(t, "the crowd", func() bool { return lookups(t, metrics, "miss") == crowd })
	release()
	all.Wait()
	if n := flood(t, g, c, clientRoom, always("192.0.2.1")); n < clientRoom-crowd/2 { // one may come just after the read
		t.Errorf("%d were looked for afterwards", n)
	}
}

// Existing keys do not count against the limit, however often they are read; wrong
// secrets do.
func TestKnownKeysAreNotLimited(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g, metrics := w.verifierWithMetrics(t, func(o *gateway.Options) { o.MaxKeys = 1 })
		c := w.caller(t, g)
		keys := []apps.CreatedCredential{w.key(t), w.key(t), w.key(t)}
		for i := range clientRoom + 100 {
			requireVerdict(t, g, c, from(requestWith(keys[i%3].Secret), "192.0.2.1"), verdict.Valid)
		}
		if n := lookups(t, metrics, "miss"); n <= clientRoom {
			t.Fatalf("%v were read: that proves nothing", n)
		}
		for i := range clientRoom / 2 {
			r := from(unknownKey(1), "192.0.2.1")
			r.Username = keys[i%3].Secret.Username.String()
			requireVerdict(t, g, c, r, verdict.NotFound)
		}
		if n := flood(t, g, c, clientRoom, always("192.0.2.1")); n >= clientRoom {
			t.Error("wrong secrets counted for nothing")
		}
	})
}

// While a client's and its token's reads are used up, existing keys are still
// found, including those created meanwhile.
func TestRealKeysAreFoundDuringAFlood(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		g.SetPage(2)
		c := w.caller(t, g)
		for range 5 {
			w.key(t)
		}
		old := w.key(t)
		shown := func(s *apikey.Secret) *gateway.Request { return from(requestWith(s), "192.0.2.1") }
		if n := flood(t, g, c, tokenRoom+100, nil); n != tokenRoom {
			t.Fatalf("%d were looked for", n)
		}
		requireSoon(t, "the names of the keys", func() bool { return verify(t, g, c, shown(old.Secret)) == verdict.Valid })
		wrong := shown(old.Secret)
		wrong.RawKey = rawkey.Join("ptk", old.Secret.Username, uuid.New())
		requireVerdict(t, g, c, wrong, verdict.NotFound)

		created := w.MustApp(t, w.Developer, "Made meanwhile")
		w.approved(t, created.App, w.product, w.plan)
		ok(t, "", errorOf(w.Portal.Apps.DeleteApp(w.Developer, created.App.GlobalID(), nil)))
		restored, err := w.Portal.Apps.RestoreApp(w.Admin, created.App.GlobalID(), nil)
		ok(t, restored, err)
		w.approved(t, restored.App, w.product, w.plan)
		late := w.key(t)
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		requireVerdict(t, g, c, shown(created.Secret), verdict.Revoked)
		requireVerdict(t, g, c, shown(restored.Secret), verdict.Valid)
		requireVerdict(t, g, c, shown(late.Secret), verdict.Valid)
		if n := flood(t, g, c, 500, nil); n > 5 {
			t.Errorf("%d invented keys were taken for real ones", n)
		}
	})
}

// Neither a refusal nor a known key allocates.
func TestAFloodAllocatesNothing(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	g := w.verifier(t)
	c := w.caller(t, g)
	known, unknown := from(w.request(), "192.0.2.1"), from(unknownKey(0), "192.0.2.1")
	requireVerdict(t, g, c, known, verdict.Valid)
	flood(t, g, c, clientRoom+1, always("192.0.2.1"))
	for what, r := range map[string]*gateway.Request{"a known key": known, "a refused one": unknown} {
		var v verdict.Verdict
		least := 1e9
		for range 100 { // what is kept for the next call may be lost on the way, under the race detector above all
			least = min(least, testing.AllocsPerRun(1, func() { g.Verify(t.Context(), c, r, &v) }))
		}
		if least != 0 {
			t.Errorf("%s: %v allocations for %s", what, least, v.Code)
		}
	}
}
