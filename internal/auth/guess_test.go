package auth

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/keyring"
)

// failFromManyClients fails once from each of many clients, none of which reaches
// its own limit.
func failFromManyClients(t *testing.T, l *Limiter, failures int) {
	t.Helper()
	for i := range failures {
		require.NoError(t, guess(t, l, email, fmt.Sprintf("198.51.100.%d", i), false))
	}
}

func TestUnknownClientsTogetherAreLimitedLoosely(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		failFromManyClients(t, l, AddressFailures)
		requireLimited(t, guess(t, l, email, client, true), AddressWindow)
		require.NoError(t, guess(t, l, "other@demo.example", client, false))
		c.Advance(AddressWindow)
		require.NoError(t, guess(t, l, email, client, true))
	})
}

func TestAKnownDeviceIsCountedSeparately(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		who := address.ParseEmail(email)
		mine := identity.Guess{Address: who, Client: client, Users: []uuid.UUID{user}, Devices: []string{"junk", l.devices.Issue(who, user, nil)}}
		for range PairFailures {
			require.NoError(t, guess(t, l, email, client, false), "an unknown client behind the same router")
		}
		failFromManyClients(t, l, AddressFailures-PairFailures)
		require.True(t, fault.Is(guess(t, l, email, "192.0.2.9", true), fault.CodeRateLimited))

		for range 3 * PairFailures {
			require.NoError(t, attempt(t, l, mine, true), "unknown clients lock out unknown clients only")
		}
		for range PairFailures {
			require.NoError(t, attempt(t, l, mine, false))
		}
		requireLimited(t, attempt(t, l, mine, true), AttemptWindow)
		renewed := mine
		renewed.Devices = []string{l.devices.Issue(who, user, mine.Devices)}
		requireLimited(t, attempt(t, l, renewed, true), AttemptWindow)
		other := mine
		other.Devices = []string{l.devices.Issue(who, user, nil)}
		require.NoError(t, attempt(t, l, other, true), "another device is another one")
		c.Advance(AttemptWindow)
		require.NoError(t, attempt(t, l, mine, true))
	})
}

// A device of one user of the address is unknown to the other users: guesses at
// them from it count with those of all unknown clients, and only there while it
// may be tried.
func TestADeviceIsKnownForItsUserAlone(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		who, victim, namesake := address.ParseEmail(email), user, uuid.New()
		with := func(of uuid.UUID, at ...uuid.UUID) identity.Guess {
			return identity.Guess{Address: who, Client: client, Users: at, Devices: []string{l.devices.Issue(who, of, nil)}}
		}
		for range PairFailures {
			require.NoError(t, attempt(t, l, with(namesake, victim), false))
		}
		requireLimited(t, attempt(t, l, with(namesake, victim), true), AttemptWindow)
		c.Advance(AttemptWindow)
		for i := range AddressFailures {
			a, err := l.Reserve(t.Context(), with(namesake, victim, namesake))
			require.NoError(t, err)
			require.Equal(t, i < PairFailures, a.Allowed(0), i)
			require.True(t, a.Allowed(1))
			a.Done()
		}
		requireLimited(t, attempt(t, l, with(namesake, victim, namesake), true), AttemptWindow)
		require.NoError(t, guess(t, l, email, "192.0.2.9", false), "what was not tried fills nothing")
		require.NoError(t, attempt(t, l, with(victim, victim), true))
		require.NoError(t, attempt(t, l, with(victim, victim, namesake), true))
	})
}

// An attacker who collects many known devices does not get a full set of guesses
// with each.
func TestAllKnownDevicesTogetherAreLimited(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		who := address.ParseEmail(email)
		fail := func() error {
			return attempt(t, l, identity.Guess{Address: who, Client: client, Users: []uuid.UUID{user}, Devices: []string{l.devices.Issue(who, user, nil)}}, false)
		}
		for range AddressFailures {
			require.NoError(t, fail())
		}
		requireLimited(t, fail(), AddressWindow)
		require.NoError(t, guess(t, l, email, client, true), "and unknown clients still have theirs")
	})
}

func TestASessionIsCountedSeparately(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		for range PairFailures {
			require.NoError(t, guess(t, l, email, client, false))
		}
		mine := identity.Guess{Address: address.ParseEmail(email), Client: client, Session: user}
		for range PairFailures {
			require.NoError(t, attempt(t, l, mine, false))
		}
		requireLimited(t, attempt(t, l, mine, true), AttemptWindow)
		mine.Session = uuid.New()
		require.NoError(t, attempt(t, l, mine, true))
	})
}

// What is forgiven one user is not forgiven another of the same address, and
// the client's own failures cannot be forgiven.
func TestForgivenFailures(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, c *clock.Fake) {
		for range PairFailures {
			require.NoError(t, guess(t, l, email, client, false))
		}
		g := identity.Guess{Address: address.ParseEmail(email), Client: client, Since: []time.Time{{}, start}}
		a, err := l.Reserve(t.Context(), g)
		require.NoError(t, err)
		require.False(t, a.Allowed(0))
		require.True(t, a.Allowed(1))
		require.NoError(t, a.Withdraw(t.Context()))
		a.Done()

		c.Advance(time.Minute)
		for range PairFailures {
			require.NoError(t, attempt(t, l, g, false))
		}
		requireLimited(t, attempt(t, l, g, false), AttemptWindow)
		g.Since = nil
		requireLimited(t, attempt(t, l, g, false), AttemptWindow)

		for i := range ClientFailures - 2*PairFailures {
			require.NoError(t, guess(t, l, fmt.Sprintf("user%d@demo.example", i), client, false))
		}
		g.Since = []time.Time{c.Now().Add(time.Second)}
		require.True(t, fault.Is(attempt(t, l, g, false), fault.CodeRateLimited))
	})
}

func TestDeviceTokens(t *testing.T) {
	ring, c := keyring.ForTest(), clock.NewFake(start)
	d, who := NewDevices(ring, c), address.ParseEmail("Orhan@xn--bcher-kva.example")
	token := d.Issue(who, user, nil)
	id, ok := d.identify(address.ParseEmail(" orhan@BÜCHER.example"), user, []string{token})
	require.True(t, ok, "bound to the folded address")
	require.NotContains(t, token, "orhan")
	again, ok := d.identify(who, user, []string{"", d.Issue(who, user, []string{token})})
	require.True(t, ok)
	require.Equal(t, id, again, "signing in again keeps the identity")
	other, _ := d.identify(who, user, []string{d.Issue(who, user, nil)})
	require.NotEqual(t, id, other)

	for name, presented := range map[string][]string{
		"nothing": nil, "junk": {"x", "a.b.c.d", "...", "p1.x.1."}, "padded": {token + "="}, "tail": {token + "."}, "space": {" " + token},
		"sixth": {"", "", "", "", "", token}, "long": {token + string(make([]byte, maxDeviceTokenBytes))},
	} {
		_, ok := d.identify(who, user, presented)
		require.False(t, ok, name)
	}
	for _, other := range []address.Email{address.ParseEmail("other@bücher.example"), {}} {
		_, ok := d.identify(other, user, []string{token})
		require.False(t, ok)
	}
	_, ok = NewDevices(keyring.ForTest(), c).identify(who, user, []string{token})
	require.False(t, ok, "of another ring")
	c.Advance(DeviceLife)
	_, ok = d.identify(who, user, []string{token})
	require.False(t, ok, "too long ago")
}

// A device token with any one character changed is not valid.
func TestDeviceTokenHasOneEncoding(t *testing.T) {
	d, who := NewDevices(keyring.ForTest(), clock.NewFake(start)), address.ParseEmail(email)
	token := d.Issue(who, user, nil)
	for i := range len(token) {
		for _, c := range []byte("A0=.-_ \n") {
			if c == token[i] {
				continue
			}
			_, ok := d.identify(who, user, []string{token[:i] + string(c) + token[i+1:]})
			require.False(t, ok, "%d %q", i, c)
		}
	}
}
