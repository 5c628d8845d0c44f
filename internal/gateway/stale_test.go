package gateway_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/testdb"
	"portico/internal/testdb/network"
)

// Without the database, known keys are accepted for Silence (plus Grace) and no
// longer, and unknown ones not at all.
func TestADatabaseThatIsGone(t *testing.T) {
	for name, grace := range map[string]time.Duration{"without grace": 0, "with grace": 7 * time.Second} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, url string) {
				w := newWorld(t, url)
				d := w.secondDB(t)
				g := w.verifier(t, func(o *gateway.Options) { o.DB, o.Grace = d, grace })
				c := w.caller(t, g)
				requireVerdict(t, g, c, w.request(), verdict.Valid)
				other := w.MustKey(t, w.Developer, apps.GenerateKeyInput{AppID: ptr(w.made.App.GlobalID())})
				ok(t, 0, d.Close())
				if g.PollOnce(t.Context()) == nil {
					t.Fatal("a closed database was polled")
				}
				w.mono.Add(int64(gateway.Silence + grace))
				requireVerdict(t, g, c, w.request(), verdict.Valid)
				requireVerdict(t, g, c, requestWith(other.Secret), verdict.Unavailable)
				w.mono.Add(1)
				requireVerdict(t, g, c, w.request(), verdict.Unavailable)
				if _, err := g.Caller(t.Context(), unknownToken(w)); !fault.Is(err, fault.CodeUnavailable) {
					t.Errorf("a token that cannot be looked up gave %v", err)
				}
				if err := g.Feed(t.Context(), c, 0, 0, func(*keycache.Change) error { return nil }); err == nil {
					t.Error("the feed gave a sign of life")
				}
			})
		})
	}
}

// A poll makes a copy fresh again, and a clock that is set back changes nothing.
func TestTimeJumps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		w.mono.Add(int64(gateway.Silence) + 1)
		requireVerdict(t, g, c, w.request(), verdict.Unavailable)
		ok(t, 0, g.PollOnce(t.Context()))
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		w.Clock.Advance(-48 * time.Hour)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		ok(t, 0, errorOf(w.Portal.Apps.RevokeKey(w.Developer, w.made.Credential.GlobalID(), nil, nil)))
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		requireVerdict(t, g, c, w.request(), verdict.Revoked)
	})
}

// A node that was suspended until all it had not read was purged does not take the
// empty log for one without news.
func TestALogThatWasPurged(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		var at int64
		take := func(change *keycache.Change) error { at = change.Position; return nil }
		ok(t, 0, g.Feed(t.Context(), c, -1, 0, take))
		_, err := w.Database.ExecContext(t.Context(), `UPDATE event_positions SET last = last + 10 WHERE id = $1`, w.Organization.ID)
		ok(t, 0, err)
		w.mono.Add(int64(gateway.Silence) + 1)
		ok(t, 0, g.PollOnce(t.Context()))
		if g.Follows(w.Organization.ID) {
			t.Error("a copy is used that nobody can bring up to the log")
		}
		requireVerdict(t, g, c, w.request(), verdict.Valid) // by a new one
		if err := g.Feed(t.Context(), c, at, 0, take); !errors.Is(err, gateway.ErrTooOld) {
			t.Errorf("the feed gave %v", err)
		}
	})
}

// After an older state of the database is restored, what the copy has beyond it
// did not happen.
func TestALogThatIsShorterThanTheCopy(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		requireVerdict(t, g, w.caller(t, g), w.request(), verdict.Valid)
		_, err := w.Database.ExecContext(t.Context(), `UPDATE event_positions SET last = last - 1 WHERE id = $1`, w.Organization.ID)
		ok(t, 0, err)
		ok(t, 0, g.PollOnce(t.Context()))
		if g.Follows(w.Organization.ID) {
			t.Error("a copy is used that is ahead of the log")
		}
	})
}

// A Sync that cannot read the log in time makes the organization refused at once,
// until the next successful poll.
func TestASyncThatCannotRead(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		ended, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
		defer cancel()
		ok(t, 0, g.Sync(ended, w.Organization.ID))
		requireVerdict(t, g, c, w.request(), verdict.Unavailable)
		ok(t, 0, g.PollOnce(t.Context()))
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		left, leave := context.WithCancel(t.Context())
		leave() // a caller who leaves does no harm
		ok(t, 0, g.Sync(left, w.Organization.ID))
		requireVerdict(t, g, c, w.request(), verdict.Valid)
	})
}

// Under load, no verdict that begins after Sync returns reflects an earlier state:
// not from the copy, nor from a read under way.
func TestSyncUnderLoad(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t, func(o *gateway.Options) { o.MaxKeys = 1 }) // keys push each other out: fills all the time
		run(t, g)
		c := w.caller(t, g)
		for range 12 {
			two := []apps.CreatedCredential{w.key(t), w.key(t)}
			load, stop := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for load.Err() == nil {
						var v verdict.Verdict
						g.Verify(load, c, requestWith(two[i%2].Secret), &v)
					}
				})
			}
			requireSoon(t, "acceptance", func() bool { return verify(t, g, c, requestWith(two[0].Secret)) == verdict.Valid })
			ok(t, 0, errorOf(w.Portal.Apps.RevokeKey(w.Developer, two[0].Credential.GlobalID(), nil, nil)))
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
			for range 20 {
				if verify(t, g, c, requestWith(two[0].Secret)) == verdict.Valid {
					t.Error("a revoked key was accepted")
				}
			}
			stop()
			all.Wait()
		}
	})
}

func (w *world) key(t testing.TB) apps.CreatedCredential {
	t.Helper()
	return w.MustKey(t, w.Developer, apps.GenerateKeyInput{AppID: ptr(w.made.App.GlobalID())})
}

// A notification makes another node catch up at once; without the listening
// connection its poll does, and after reconnecting notifications do again.
func TestNotifications(t *testing.T) {
	url, has := testdb.Postgres(t)
	if !has {
		t.Skip("SQLite has no notifications")
	}
	w := newWorld(t, url)
	between, through := network.New(t, url)
	here := w.verifier(t)
	there := w.verifier(t, func(o *gateway.Options) { o.DatabaseURL = through })
	run(t, here)
	run(t, there)
	c := w.caller(t, there)
	flip := func() {
		t.Helper()
		for _, step := range []struct {
			do   func(context.Context, string, *string) error
			want verdict.Code
		}{
			{func(ctx context.Context, id string, r *string) error {
				return errorOf(w.Portal.Apps.DisableKey(ctx, id, r))
			}, verdict.Disabled},
			{func(ctx context.Context, id string, r *string) error {
				return errorOf(w.Portal.Apps.EnableKey(ctx, id, r))
			}, verdict.Valid},
		} {
			ok(t, 0, step.do(w.Admin, w.made.Credential.GlobalID(), nil))
			here.Wake()
			requireSoon(t, step.want.String(), func() bool { return verify(t, there, c, w.request()) == step.want })
		}
	}
	listening := func() bool {
		var n int
		row := w.Database.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen%'`)
		ok(t, 0, row.Scan(&n))
		return n == 2
	}
	requireSoon(t, "listening", listening)
	flip()
	between.Cut()
	flip()
	between.Restore()
	requireSoon(t, "listening again", listening)
	flip()
}
