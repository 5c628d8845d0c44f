package server

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"portico/internal/backend"
	"portico/internal/clock"
	"portico/internal/testdb"
)

// A clock that jumps while the server runs stops its jobs, on the databases that
// have a clock, until it is right again; the log says so once.
func TestAWrongClockStopsTheJobs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		postgres := !strings.HasPrefix(url, "sqlite:")
		var log bytes.Buffer
		local, metrics := clock.NewFake(time.Now()), prometheus.NewRegistry()
		check := newClockCheck(backend.NewDatabaseClock(testdb.Open(t, url), local), slog.New(slog.NewTextHandler(&log, nil)), metrics)
		allows := func() bool {
			t.Helper()
			may, err := check.allows(t.Context())
			require.NoError(t, err)
			return may
		}
		require.True(t, allows())
		require.Empty(t, check.warning())

		local.Advance(10 * 24 * time.Hour)
		for range 3 {
			require.Equal(t, !postgres, allows())
		}
		require.Equal(t, postgres, check.warning() != "")
		n, err := testutil.GatherAndCount(metrics, "portico_clock_ahead_seconds")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, postgres, check.clock.Ahead() > 9*24*time.Hour)
		require.WithinDuration(t, time.Now(), check.clock.Now().Add(-sqliteJump(postgres)), time.Minute)

		local.Advance(-10 * 24 * time.Hour)
		require.True(t, allows())
		require.Empty(t, check.warning())
		warnings := map[bool]int{true: 1, false: 0}[postgres]
		require.Equal(t, warnings, strings.Count(log.String(), "level=WARN"), log.String())
		require.Equal(t, warnings, strings.Count(log.String(), "the clock is right again"), log.String())
	})
}

// sqliteJump is how far a database without a clock follows the machine's.
func sqliteJump(postgres bool) time.Duration {
	if postgres {
		return 0
	}
	return 10 * 24 * time.Hour
}
