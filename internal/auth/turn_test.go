package auth

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entgo.io/ent/dialect"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

// While another node holds the lock of an address, guesses at it from many networks wait
// in the process, all but one without a connection, and a known device does not wait.
func TestGuessesAtOneAddressHoldFewConnections(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		if d := testdb.Open(t, url); d.Dialect() != dialect.Postgres {
			t.Skip("SQLite has a single writing connection")
		}
		const conns = 4
		ours, err := database.Open(t.Context(), url, database.Options{MaxConns: conns})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, ours.Close()) })
		l := NewLimiter(ours, keyring.ForTest(), clock.NewFake(start))
		who := address.ParseEmail(email)
		strange := identity.Guess{Address: who, Users: []uuid.UUID{user}}
		release, held := make(chan struct{}), make(chan struct{})
		var wait sync.WaitGroup
		defer wait.Wait()
		unlock := sync.OnceFunc(func() { close(release) })
		defer unlock()
		wait.Go(func() {
			other := NewLimiter(testdb.Open(t, url), l.ring, l.clock)
			assert.NoError(t, other.db.InTx(t.Context(), func(tx *database.Tx) error {
				if err := other.lockBuckets(t.Context(), tx, other.buckets(strange)[1:2]); err != nil { // of the address alone
					return err
				}
				close(held)
				<-release
				return nil
			}))
		})
		<-held
		for i := range 3 * mostWaiting {
			wait.Go(func() {
				g := strange
				g.Client = fmt.Sprintf("198.51.100.%d", i)
				if err := attempt(t, l, g, false); err != nil && !fault.Is(err, fault.CodeUnavailable) && !fault.Is(err, fault.CodeRateLimited) {
					t.Error(err)
				}
			})
		}
		require.Eventually(t, func() bool {
			l.admission.mu.Lock()
			defer l.admission.mu.Unlock()
			return l.admission.waiting == mostWaiting
		}, 2*time.Second, time.Millisecond)
		require.LessOrEqual(t, ours.Stats()["all"].InUse, 1)
		mine := strange
		mine.Client, mine.Devices = client, []string{deviceOf(l)}
		for range conns {
			require.NoError(t, attempt(t, l, mine, true))
		}
		unlock()
	})
}
