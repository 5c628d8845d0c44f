package auth

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/base62"
	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

// unreachableDatabase returns a database that does not respond.
func unreachableDatabase(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), url, database.Options{})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return db
}

// An attempt that was right while the database had gone is taken off the count
// before the next one is counted, and never before.
func TestPendingRemovalsRunAfterAnOutage(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		up, down := testdb.Open(t, url), unreachableDatabase(t, url)
		l := NewLimiter(up, keyring.ForTest(), clock.NewFake(start))
		g := identity.Guess{Address: address.ParseEmail(email), Client: client}
		rows := int64(len(l.buckets(g)))
		for i := range 2 * PairFailures {
			l.db = up
			a, err := l.Reserve(t.Context(), g)
			require.NoError(t, err, "of %d nothing stays counted", i)
			require.Equal(t, rows, count(t, l))
			l.db = down
			require.Error(t, a.Succeeded(t.Context(), 0))
			a.Done()
			_, err = l.Reserve(t.Context(), g)
			require.Error(t, err, "it is still down")
		}
		l.db = up
		require.Equal(t, rows, count(t, l), "the last one is owed")
		require.NoError(t, l.removePending(t.Context()))
		require.Zero(t, count(t, l))
		require.Empty(t, l.pending)
	})
}

// The pending removals are bounded, and none is lost when the database fails
// again halfway.
func TestPendingRemovalsAreBoundedAndKept(t *testing.T) {
	l := NewLimiter(unreachableDatabase(t, testdb.SQLite(t)), keyring.ForTest(), clock.NewFake(start))
	attempts := [][]uuid.UUID{{uuid.New()}, {uuid.New()}, {uuid.New()}}
	l.deferRemoval(attempts...)
	require.Error(t, l.removePending(t.Context()))
	require.Equal(t, attempts, l.pending)
	for range maxPending {
		l.deferRemoval([]uuid.UUID{uuid.New()})
	}
	require.Len(t, l.pending, maxPending)
	require.Equal(t, attempts, l.pending[:3], "the oldest first")
}

// An attempt that waits for its client's turn, and does not get it, leaves the
// gate of its address open.
func TestACanceledAttemptReleasesItsSlots(t *testing.T) {
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		who := func(i int) identity.Guess {
			return identity.Guess{Address: address.ParseEmail(fmt.Sprintf("user%d@demo.example", i)), Client: client}
		}
		var inside []identity.Attempt
		for i := range clientConcurrency {
			a, err := l.Reserve(t.Context(), who(i))
			require.NoError(t, err)
			inside = append(inside, a)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := l.Reserve(ctx, who(clientConcurrency))
		require.Error(t, err)
		for _, a := range inside {
			a.Done()
		}
		require.Empty(t, l.admission.queues, "all slots are free")
	})
}

// A device token is not valid under a pepper that the ring does not have, nor
// from further ahead than clocks go apart.
func TestForgedDeviceTokens(t *testing.T) {
	c := clock.NewFake(start)
	d, who := NewDevices(keyring.ForTest(), c), address.ParseEmail(email)
	for _, pepper := range []keyring.Key{{}, {ID: "p9"}, {ID: "p9", Secret: []byte("chosen")}} {
		_, ok := d.identify(who, user, []string{deviceToken(pepper, who, user, "0123456789abcdef", c.Now().Unix())})
		require.False(t, ok, "%s", pepper.ID)
	}
	empty := address.Email{}
	_, ok := d.identify(empty, user, []string{deviceToken(d.ring.Current(keyring.Pepper), empty, user, "0123456789abcdef", c.Now().Unix())})
	require.False(t, ok, "of no address")
	c.Advance(skew)
	token := d.Issue(who, user, nil)
	c.Advance(-skew)
	_, ok = d.identify(who, user, []string{token})
	require.True(t, ok, "another node's clock is ahead")
	c.Advance(-time.Second)
	_, ok = d.identify(who, user, []string{token})
	require.False(t, ok, "no clock is so far ahead")
}

// A valid checksum alone does not make a service token.
func TestOtherTokensWithAChecksum(t *testing.T) {
	m := NewMachineTokens(keyring.ForTest())
	token, _, _ := m.New()
	body := "ptk_" + token[len(MachinePrefix):len(token)-base62.ChecksumDigits]
	require.Len(t, MachinePrefix, 4)
	_, ok := m.Hashes(body + base62.Checksum(body))
	require.False(t, ok)
}

// A guess that cannot be counted is refused: otherwise an attacker could guess as
// often as he likes while the database fails.
func TestGuessesThatCannotBeCounted(t *testing.T) {
	for name, breakage := range map[string]string{
		"cannot be read":    `ALTER TABLE sign_in_attempts RENAME TO elsewhere`,
		"cannot be written": `CREATE TRIGGER full BEFORE INSERT ON sign_in_attempts BEGIN SELECT RAISE(ABORT, 'full'); END`,
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLimiter(testdb.Open(t, testdb.SQLite(t)), keyring.ForTest(), clock.NewFake(start))
			require.NoError(t, guess(t, l, email, client, false))
			_, err := l.db.ExecContext(t.Context(), breakage)
			require.NoError(t, err)
			require.Error(t, guess(t, l, email, client, false))
		})
	}
}
