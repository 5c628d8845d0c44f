package usage

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The sums of the proof in bounds.go.
func TestNoSumOverflowsWithinItsRetention(t *testing.T) {
	const longestDay, longestKept = 25 * 60, 3660 + 1 // minutes, days
	require.Less(t, int64(MaxPerMinute*longestDay), int64(MaxCount))
	require.Less(t, float64(MaxPerMinute)*longestDay*longestKept, float64(math.MaxInt64))
	require.LessOrEqual(t, int64(MaxReported*MaxCalls), int64(MaxPerMinute), "a batch of the greatest rows fits")
	require.Less(t, float64(MaxReported)*float64(MaxLatency.Microseconds()), float64(math.MaxInt64), "and so does what Go sums up")
	require.Less(t, int64(MaxMeanLatency/time.Microsecond), int64(MaxMicrosPerHour))
	require.EqualValues(t, MaxCount, Add(MaxCount, 1))
	require.EqualValues(t, MaxCount, Add(math.MaxInt64, math.MaxInt64))
	require.EqualValues(t, 5, Add(2, 3))
}
