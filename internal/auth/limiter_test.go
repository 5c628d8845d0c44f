package auth

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

const (
	email  = "developer@demo.example"
	client = "192.0.2.1"
)

// eachLimiter runs f with a limiter on each database.
func eachLimiter(t *testing.T, f func(t *testing.T, l *Limiter, c *clock.Fake)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, url string) {
		c := clock.NewFake(start)
		f(t, NewLimiter(testdb.Open(t, url), keyring.ForTest(), c), c)
	})
}

// guess makes one attempt and returns the error if it was refused.
func guess(t testing.TB, l *Limiter, email, client string, right bool) error {
	t.Helper()
	return attempt(t, l, identity.Guess{Address: address.ParseEmail(email), Client: client}, right)
}

func attempt(t testing.TB, l *Limiter, g identity.Guess, right bool) error {
	t.Helper()
	a, err := l.Reserve(t.Context(), g)
	if err != nil {
		return err
	}
	defer a.Done()
	if right {
		time.Sleep(10 * time.Millisecond) // looking at the password takes a while
		return a.Succeeded(t.Context())
	}
	return nil
}

// guessUntilServed tries again while the server is busy.
func guessUntilServed(t testing.TB, l *Limiter, email, client string, right bool) error {
	return retryWhileBusy(func() error { return guess(t, l, email, client, right) })
}

func retryWhileBusy(try func() error) (err error) {
	for range 20 {
		if err = try(); !fault.Is(err, fault.CodeUnavailable) {
			break
		}
	}
	return err
}

func requireLimited(t *testing.T, err error, after time.Duration) {
	t.Helper()
	require.True(t, fault.Is(err, fault.CodeRateLimited), "%v", err)
	require.Equal(t, after, fault.From(err).RetryAfter)
}

func TestFailuresFromOneClientForOneAddress(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		for range PairFailures {
			require.NoError(t, guess(t, l, email, client, false))
			c.Advance(time.Minute)
		}
		// It is minute 10; the first failure expires at minute 15.
		requireLimited(t, guess(t, l, email, client, true), 5*time.Minute)
		requireLimited(t, guess(t, l, " DEVELOPER@Demo.Example\r\n", "::ffff:192.0.2.1", true), 5*time.Minute)
		require.NoError(t, guess(t, l, email, "192.0.2.2", true), "unknown clients do not lock the user out")
		require.NoError(t, guess(t, l, "other@demo.example", client, false), "another address is free")

		c.Advance(5*time.Minute - time.Microsecond)
		requireLimited(t, guess(t, l, email, client, false), time.Microsecond)
		c.Advance(time.Microsecond)
		require.NoError(t, guess(t, l, email, client, false))
		requireLimited(t, guess(t, l, email, client, false), time.Minute)
	})
}

func TestSuccessesAreNotCounted(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		for range PairFailures - 1 {
			require.NoError(t, guess(t, l, email, client, false))
		}
		for range 3 * PairFailures {
			require.NoError(t, guess(t, l, email, client, true))
		}
		require.NoError(t, guess(t, l, email, client, false))
		requireLimited(t, guess(t, l, email, client, true), AttemptWindow)
	})
}

func TestAWithdrawnAttemptIsNotCounted(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		for range 2 * PairFailures {
			ctx, hangUp := context.WithCancel(t.Context())
			a, err := l.Reserve(ctx, identity.Guess{Address: address.ParseEmail(email), Client: client})
			require.NoError(t, err)
			hangUp()
			require.NoError(t, a.Withdraw(ctx), "also when the request has ended")
			a.Done()
		}
		require.Zero(t, count(t, l))
	})
}

func TestFailuresOfAClient(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		fail := func(n int, client string) error {
			return guess(t, l, fmt.Sprintf("user%d@demo.example", n), client, false)
		}
		for n := range ClientFailures {
			require.NoError(t, fail(n, fmt.Sprintf("2001:db8:1:2::%x", n)))
		}
		requireLimited(t, fail(100, "2001:db8:1:2:ffff::1"), AttemptWindow)
		require.NoError(t, fail(100, "2001:db8:1:3::1"), "another network")
		require.NoError(t, fail(101, client))
		require.EqualValues(t, 3*(ClientFailures+2), count(t, l), "a refused guess is not counted")
	})
}

// TestConcurrentGuessesOnTwoNodes has two nodes, each with its own connections and gates.
func TestConcurrentGuessesOnTwoNodes(t *testing.T) {
	for name, c := range map[string]struct {
		guesses, judged int
		guess           func(l *Limiter, i int) identity.Guess
	}{
		"from one place": {64, PairFailures, func(_ *Limiter, _ int) identity.Guess { return identity.Guess{Client: client} }},
		"on one device": {40, PairFailures, func(l *Limiter, i int) identity.Guess {
			return identity.Guess{Client: fmt.Sprintf("192.0.2.%d", i), Users: []uuid.UUID{user}, Devices: []string{deviceOf(l)}}
		}},
		"in one session": {40, PairFailures, func(_ *Limiter, _ int) identity.Guess { return identity.Guess{Client: client, Session: user} }},
		"from everywhere": {AddressFailures + 28, AddressFailures, func(_ *Limiter, i int) identity.Guess {
			return identity.Guess{Client: fmt.Sprintf("192.0.2.%d", i)}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, url string) {
				ring, now := keyring.ForTest(), clock.NewFake(start)
				nodes := []*Limiter{NewLimiter(testdb.Open(t, url), ring, now), NewLimiter(testdb.Open(t, url), ring, now)}
				var judged, limited atomic.Int64
				var wait sync.WaitGroup
				for i := range c.guesses {
					wait.Go(func() {
						g := c.guess(nodes[0], i)
						g.Address = address.ParseEmail(email)
						switch err := retryWhileBusy(func() error { return attempt(t, nodes[i%2], g, false) }); {
						case err == nil:
							judged.Add(1)
						case fault.Is(err, fault.CodeRateLimited):
							limited.Add(1)
						default:
							t.Error(err)
						}
					})
				}
				wait.Wait()
				require.EqualValues(t, c.judged, judged.Load())
				require.EqualValues(t, c.guesses-c.judged, limited.Load())
			})
		})
	}
}

// deviceOf returns a token of the same device each time.
func deviceOf(l *Limiter) string {
	return deviceToken(l.ring.Current(keyring.Pepper), address.ParseEmail(email), user, "d1", start.Unix())
}

func TestConcurrentRightPasswordsAreAllAccepted(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		var wait sync.WaitGroup
		for i := range 64 {
			wait.Go(func() {
				who := email
				if i%8 == 0 {
					who = fmt.Sprintf("user%d@demo.example", i)
				}
				if err := guessUntilServed(t, l, who, client, true); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		require.Zero(t, count(t, l))
		require.Empty(t, l.admission.queues)
	})
}

func TestAttemptWithoutDoneDoesNotBlockOthers(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		ctx, end := context.WithCancel(t.Context())
		_, err := l.Reserve(ctx, identity.Guess{Address: address.ParseEmail(email), Client: client})
		require.NoError(t, err)
		end()
		require.NoError(t, guessUntilServed(t, l, email, client, true))
	})
}

func TestTheTableContainsNoAddress(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		require.NoError(t, guess(t, l, email, client, false))
		rows, err := l.db.QueryContext(t.Context(), `SELECT bucket FROM sign_in_attempts`)
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		var all []string
		for rows.Next() {
			var name string
			require.NoError(t, rows.Scan(&name))
			all = append(all, name)
		}
		require.NoError(t, rows.Err())
		require.Len(t, all, 3)
		require.Regexp(t, `^[0-9a-f]{64,96} [0-9a-f]{64,96} [0-9a-f]{64,96}$`, strings.Join(all, " "))
		other := NewLimiter(l.db, keyring.ForTest(), l.clock)
		require.NoError(t, guess(t, other, email, client, false), "without the pepper the buckets are others")
		require.EqualValues(t, 6, count(t, l))
	})
}

func TestRotationKeepsTheCounts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		path, c := filepath.Join(t.TempDir(), "ring.json"), clock.NewFake(start)
		require.NoError(t, keyring.Create(path, c))
		ring, err := keyring.Load(path, c)
		require.NoError(t, err)
		l := NewLimiter(testdb.Open(t, url), ring, c)
		for range PairFailures {
			require.NoError(t, guess(t, l, email, client, false))
		}
		_, err = keyring.Rotate(path, c, keyring.Pepper, start)
		require.NoError(t, err)
		_, err = ring.Reload()
		require.NoError(t, err)
		requireLimited(t, guess(t, l, email, client, false), AttemptWindow)
	})
}

func TestReserveFailsWithoutADatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		db, err := database.Open(t.Context(), url, database.Options{})
		require.NoError(t, err)
		require.NoError(t, db.Close())
		l := NewLimiter(db, keyring.ForTest(), clock.NewFake(start))
		_, err = l.Reserve(t.Context(), identity.Guess{Address: address.ParseEmail(email), Client: client})
		require.Error(t, err)
		require.Empty(t, l.admission.queues, "and the gate is open again")
	})
}

func count(t *testing.T, l *Limiter) (n int64) {
	t.Helper()
	require.NoError(t, l.db.QueryRowContext(t.Context(), `SELECT count(*) FROM sign_in_attempts`).Scan(&n))
	return n
}
