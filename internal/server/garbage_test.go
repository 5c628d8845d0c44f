package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A burst may take some memory, whatever is live, and the limit is never below
// what an ordinary collection leaves.
func TestABurstIsBounded(t *testing.T) {
	for _, live := range []uint64{0, 50 << 20, 700 << 20, 4 << 30} {
		room := limitFor(live) - int64(live) //nolint:gosec // it is small
		require.Equal(t, int64(640<<20), room)
		require.Greater(t, room, int64(gcSpare)) // the least room that is left beside what is not heap
	}
	require.Positive(t, limitFor(1<<63))
}

// Memory left by a burst is returned once the burst is over, and no collection
// is forced during it.
func TestIdleMemoryIsReturned(t *testing.T) {
	burst := heap{live: 50 << 20, held: 700 << 20, allocated: 5 << 30}
	after := burst
	after.allocated += gcIdle
	require.True(t, after.idleSince(burst))
	after.allocated++
	require.False(t, after.idleSince(burst))
	small := heap{live: 50 << 20, held: 50<<20 + gcHeld, allocated: 5 << 30}
	require.False(t, small.idleSince(small))
	seen := readHeap()
	require.Positive(t, seen.held)
	require.Positive(t, seen.allocated)
}

func TestALargeHeapGrowsByLittle(t *testing.T) {
	require.Equal(t, gcPercent, percentFor(0))
	require.Equal(t, gcPercent, percentFor(50<<20), "a small one may grow to five times what is alive")
	require.Equal(t, 80, percentFor(400<<20))
	require.Equal(t, gcLeast, percentFor(4<<30))
	for live := uint64(1 << 20); live < 600<<20; live += 7 << 20 {
		require.LessOrEqual(t, live/100*uint64(percentFor(live)), uint64(gcSpare)) //nolint:gosec // it is positive
	}
}
