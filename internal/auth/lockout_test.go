package auth

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/identity"
)

// What keeps a user out can be seen, with its end, and what is forgiven cannot.
func TestLockouts(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		who := address.ParseEmail(email)
		look := func(since time.Time) Lockout {
			t.Helper()
			out, err := l.Lockout(t.Context(), who, user, since)
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
		other, err := l.Lockout(t.Context(), address.ParseEmail("another@demo.example"), uuid.New(), time.Time{})
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
		out, err := l.Lockout(t.Context(), who, user, time.Time{})
		require.NoError(t, err)
		require.WithinDuration(t, c.Now().Add(AttemptWindow), out.Somewhere, time.Millisecond)
		require.Zero(t, out.Everywhere)
	})
}
