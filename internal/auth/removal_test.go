package auth

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

// Taking an attempt off the count may last as long as the request may, within
// removeGrace and removeTimeout.
func TestRemovalsEndWithTheirRequest(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var deadline, seen time.Time
		db, err := database.Open(t.Context(), url, database.Options{OnStatement: func(ctx context.Context, query string) {
			if strings.HasPrefix(query, "DELETE FROM sign_in_attempts") {
				deadline, _ = ctx.Deadline()
				seen = time.Now()
			}
		}})
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		l := NewLimiter(db, keyring.ForTest(), clock.NewFake(start))
		for name, c := range map[string]struct{ left, want time.Duration }{
			"OK without a deadline": {0, removeTimeout},
			"OK early":              {time.Hour, removeTimeout},
			"OK late":               {removeTimeout - removeGrace, removeTimeout - removeGrace},
			"OK too late":           {-time.Second, removeGrace},
		} {
			t.Run(name, func(t *testing.T) {
				a, err := l.Reserve(t.Context(), identity.Guess{Address: address.ParseEmail(email), Client: client})
				require.NoError(t, err)
				defer a.Done()
				began, ctx := time.Now(), t.Context()
				if c.left != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithDeadline(ctx, began.Add(c.left))
					defer cancel()
				}
				require.NoError(t, a.Withdraw(ctx))
				require.False(t, deadline.Before(began.Add(c.want)), deadline.Sub(began))
				require.False(t, deadline.After(seen.Add(c.want)), deadline.Sub(seen))
			})
		}
	})
}
