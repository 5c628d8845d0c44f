package auth

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

// What keeps a user out can be seen, with its end, and what is forgiven cannot.
func TestLockouts(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		who := address.ParseEmail(email)
		look := func(since time.Time) Lockout {
			t.Helper()
			out, err := l.Lockout(t.Context(), who, user, since, time.Time{})
			require.NoError(t, err)
			return out
		}
		for i := range PairFailures {
			require.Zero(t, look(time.Time{}), i)
			require.NoError(t, guess(t, l, email, client, false))
			require.NoError(t, guess(t, l, "another@demo.example", fmt.Sprintf("198.51.100.%d", i), false))
		}
		first := c.Now()
		require.WithinDuration(t, first.Add(AttemptWindow), look(time.Time{}).Somewhere, time.Millisecond)
		require.Zero(t, look(time.Time{}).Everywhere)
		requireLimited(t, guess(t, l, email, client, true), AttemptWindow)
		require.Zero(t, look(first), "forgiven")
		other, err := l.Lockout(t.Context(), address.ParseEmail("another@demo.example"), uuid.New(), time.Time{}, time.Time{})
		require.NoError(t, err)
		require.Zero(t, other, "one failure each from ten clients")

		for i := range AddressFailures - PairFailures {
			require.NoError(t, guess(t, l, email, fmt.Sprintf("203.0.%d.1", i), false))
		}
		require.WithinDuration(t, first.Add(AddressWindow), look(time.Time{}).Everywhere, time.Millisecond)
		c.Advance(AttemptWindow)
		require.Zero(t, look(time.Time{}).Somewhere)
		c.Advance(AddressWindow - AttemptWindow)
		require.Zero(t, look(time.Time{}))
		require.NoError(t, guess(t, l, email, client, true))
	})
}

// A session's and a known device's failures keep those alone out.
func TestLockoutsOfDevices(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		who := address.ParseEmail(email)
		for range PairFailures {
			require.NoError(t, attempt(t, l, identity.Guess{Address: who, Client: client, Session: user}, false))
		}
		out, err := l.Lockout(t.Context(), who, user, time.Time{}, time.Time{})
		require.NoError(t, err)
		require.WithinDuration(t, c.Now().Add(AttemptWindow), out.Somewhere, time.Millisecond)
		require.Zero(t, out.Everywhere)
	})
}

// Of several clients that are kept out, the last decides; all known devices together
// keep one another out for longer.
func TestLockoutEndsWithTheLast(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		who := address.ParseEmail(email)
		for _, from := range []string{"192.0.2.1", "198.51.100.1"} {
			c.Advance(time.Minute)
			for range PairFailures {
				require.NoError(t, guess(t, l, email, from, false))
			}
		}
		out, err := l.Lockout(t.Context(), who, user, time.Time{}, time.Time{})
		require.NoError(t, err)
		require.WithinDuration(t, c.Now().Add(AttemptWindow), out.Somewhere, time.Millisecond)

		for range AddressFailures {
			g := identity.Guess{Address: who, Client: client, Users: []uuid.UUID{user}, Devices: []string{l.devices.Issue(who, user, nil)}}
			require.NoError(t, attempt(t, l, g, false))
		}
		out, err = l.Lockout(t.Context(), who, user, time.Time{}, time.Time{})
		require.NoError(t, err)
		require.WithinDuration(t, c.Now().Add(AddressWindow), out.Somewhere, time.Millisecond)
	})
}

// A lockout that cannot be read, and a guess that cannot be counted, is an error,
// whichever statement fails.
func TestLimiter_ErrStatementFails(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var failing func(query string)
		db, err := database.Open(t.Context(), url, database.Options{OnStatement: func(_ context.Context, query string) { failing(query) }})
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		l := NewLimiter(db, keyring.ForTest(), clock.NewFake(start))
		for n := range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			statements := 0
			failing = func(string) {
				if statements++; statements == n+1 {
					cancel()
				}
			}
			_, err := l.Lockout(ctx, address.ParseEmail(email), user, time.Time{}, time.Time{})
			require.Error(t, err, n)
			require.Equal(t, n+1, statements)
		}
		ctx, cancel := context.WithCancel(t.Context())
		failing = func(query string) {
			if strings.HasPrefix(query, "SELECT 0 AS place") {
				cancel()
			}
		}
		_, err = l.Reserve(ctx, identity.Guess{Address: address.ParseEmail(email), Client: client})
		require.Error(t, err)
		require.Error(t, ctx.Err())
	})
}

// A device token is bounded in length, whatever its proof.
func TestDeviceTokensAreBounded(t *testing.T) {
	c := clock.NewFake(start)
	d, who := NewDevices(keyring.ForTest(), c), address.ParseEmail(email)
	token := func(digits int) string {
		return deviceToken(d.ring.Current(keyring.Pepper), who, user, strings.Repeat("0", digits), c.Now().Unix())
	}
	longest := maxDeviceTokenBytes - len(token(0))
	_, ok := d.identify(who, user, []string{token(longest)})
	require.True(t, ok)
	_, ok = d.identify(who, user, []string{token(longest + 1)})
	require.False(t, ok)
}
