package auth

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

// guessAnyOrganization is a guess at the users of one address, without an organization.
func guessAnyOrganization(users ...uuid.UUID) identity.Guess {
	return identity.Guess{Address: address.ParseEmail(email), Client: client, Users: users, NoOrganization: true}
}

// succeedFor makes a guess that is right for some of the users, and returns which
// of them it was let through for.
func succeedFor(t *testing.T, l *Limiter, g identity.Guess, right ...int) (open []bool) {
	t.Helper()
	a, err := l.Reserve(t.Context(), g)
	require.NoError(t, err)
	defer a.Done()
	for i := range g.Users {
		open = append(open, a.Allowed(i))
	}
	require.NoError(t, a.Succeeded(t.Context(), right...))
	return open
}

// A guess that is right for one user of an address is a failure of the others:
// an attacker who knows the one password has no more guesses at the other users
// than any client, and does not block sign-ins that name an organization or come
// from a user's own device.
func TestAGuessThatIsRightForOneIsWrongForOthers(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		victim, namesake, who := user, uuid.New(), address.ParseEmail(email)
		both, namesakes := []bool{true, true}, []bool{false, true}
		g := guessAnyOrganization(victim, namesake)
		// The attacker's device is known, by the namesake.
		g.Devices = []string{l.devices.Issue(who, namesake, nil)}
		for range PairFailures {
			require.Equal(t, both, succeedFor(t, l, g, 1))
		}
		for range 2 * PairFailures {
			require.Equal(t, namesakes, succeedFor(t, l, g, 1), "the one goes on, the other is not tried")
		}
		require.Equal(t, namesakes, succeedFor(t, l, guessAnyOrganization(victim, namesake), 1), "nor by an unknown client there")
		require.NoError(t, guess(t, l, email, client, true), "an organization's name opens what was never wrong by name")
		for i := 1; i < AddressFailures/PairFailures; i++ {
			g.Client = fmt.Sprintf("198.51.100.%d", i)
			for range PairFailures {
				require.Equal(t, both, succeedFor(t, l, g, 1))
			}
		}
		g.Client = "198.51.100.200"
		require.Equal(t, namesakes, succeedFor(t, l, g, 1), "from everywhere together it is the address's limit")
		own := guessAnyOrganization(victim, namesake)
		own.Devices = []string{l.devices.Issue(who, victim, nil)}
		for range 2 * PairFailures {
			require.True(t, succeedFor(t, l, own, 0)[0], "the victim's own device")
		}
		g.Since = []time.Time{c.Now(), {}}
		require.Equal(t, both, succeedFor(t, l, g, 1), "forgiven")
		g.Since = nil
		c.Advance(AddressWindow)
		require.Equal(t, both, succeedFor(t, l, g, 0, 1))
		require.Zero(t, recentAttempts(t, l, c), "a password that is right for both is no failure")
	})
}

// A right guess does not count for a user for whom it was not tried because of too
// many failures.
func TestARightGuessDoesNotCountForUsersThatWereNotTried(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		g := guessAnyOrganization(user, uuid.New())
		for range PairFailures {
			require.Equal(t, []bool{true, true}, succeedFor(t, l, g, 1))
		}
		before := count(t, l)
		require.Positive(t, before)
		require.Equal(t, []bool{false, true}, succeedFor(t, l, g, 1))
		require.Equal(t, before, count(t, l))
	})
}

// A password tried on many people by way of as many namesakes counts for the
// client, whatever the addresses; for sign-ins without an organization alone.
func TestGuessesAtNamesakesOfManyAddressesCountForTheClient(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		g := guessAnyOrganization(uuid.New(), uuid.New())
		for i := range ClientFailures {
			g.Address, g.Users = address.ParseEmail(fmt.Sprintf("user%d@demo.example", i)), []uuid.UUID{uuid.New(), uuid.New()}
			require.Equal(t, []bool{true, true}, succeedFor(t, l, g, 1))
		}
		requireLimited(t, attempt(t, l, guessAnyOrganization(user, uuid.New()), true), AttemptWindow)
		requireLimited(t, attempt(t, l, guessAnyOrganization(), true), AttemptWindow)
		g.Since = []time.Time{c.Now(), c.Now()}
		requireLimited(t, attempt(t, l, g, true), AttemptWindow) // users' failures are forgiven, not the client's
		require.NoError(t, guess(t, l, email, client, true))
	})
}

// Two servers together allow no more guesses at the other users than the limit,
// although each guess is right for one user.
func TestConcurrentRightGuessesCountForOtherUsers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ring, now := keyring.ForTest(), clock.NewFake(start)
		nodes := []*Limiter{NewLimiter(testdb.Open(t, url), ring, now), NewLimiter(testdb.Open(t, url), ring, now)}
		g := guessAnyOrganization(user, uuid.New())
		g.Devices = []string{nodes[0].devices.Issue(g.Address, g.Users[1], nil)}
		var tried atomic.Int64
		var wait sync.WaitGroup
		for i := range 3 * PairFailures {
			wait.Go(func() {
				err := retryWhileBusy(func() error {
					a, err := nodes[i%2].Reserve(t.Context(), g)
					if err != nil {
						return err
					}
					defer a.Done()
					if a.Allowed(0) {
						tried.Add(1)
					}
					return a.Succeeded(t.Context(), 1)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		require.EqualValues(t, PairFailures, tried.Load())
	})
}

// recentAttempts is how many attempts are counted now.
func recentAttempts(t *testing.T, l *Limiter, c *clock.Fake) (n int) {
	t.Helper()
	require.NoError(t, l.db.QueryRowContext(t.Context(), `SELECT count(*) FROM sign_in_attempts WHERE attempted_at > $1`, c.Now().Add(-AttemptWindow)).Scan(&n))
	return n
}
