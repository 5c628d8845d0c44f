package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestALargeHeapGrowsByLittle(t *testing.T) {
	require.Equal(t, gcPercent, percentFor(0))
	require.Equal(t, gcPercent, percentFor(50<<20), "a small one may grow to five times what is alive")
	require.Equal(t, 80, percentFor(400<<20))
	require.Equal(t, gcLeast, percentFor(4<<30))
	for live := uint64(1 << 20); live < 600<<20; live += 7 << 20 {
		require.LessOrEqual(t, live/100*uint64(percentFor(live)), uint64(gcSpare)) //nolint:gosec // it is positive
	}
}
