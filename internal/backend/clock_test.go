package backend_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/backend"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/testdb"
)

// A machine whose clock is far from the database's changes nothing there: no
// command and no server starts. SQLite has no clock to compare with.
func TestOpenRefusesAClockFarFromTheDatabases(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		postgres := !strings.HasPrefix(url, "sqlite:")
		for _, c := range []struct {
			ahead time.Duration
			says  string
		}{
			{10 * 24 * time.Hour, "ahead of the database's"}, {-time.Hour, "behind the database's"},
			{clock.MaxSkew - time.Minute, ""}, {time.Minute - clock.MaxSkew, ""},
		} {
			b, err := backend.Open(t.Context(), backend.Options{
				Config: &config.Config{DatabaseURL: url, Dev: true}, Log: slog.New(slog.DiscardHandler), Clock: clock.NewFake(time.Now().Add(c.ahead)),
			})
			if postgres && c.says != "" {
				require.ErrorContains(t, err, c.says, c.ahead)
				require.ErrorContains(t, err, "run NTP")
				continue
			}
			require.NoError(t, err, c.ahead)
			want := time.Now()
			if !postgres {
				want = b.Clock.Now()
			}
			require.WithinDuration(t, want, b.DatabaseClock.Now(), 30*time.Second, "upkeep follows the database's clock where it has one")
			require.NoError(t, b.Close())
		}
	})
}
