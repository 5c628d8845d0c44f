package gqlhttp

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The earlier of two deadlines holds, and the context is only replaced for it.
func TestTheEarlierDeadlineHolds(t *testing.T) {
	for _, outer := range []time.Duration{time.Second, time.Hour} {
		ctx, cancel := context.WithTimeout(t.Context(), outer)
		inner, cancelInner := within(ctx, time.Minute)
		end, ok := inner.Deadline()
		require.True(t, ok)
		require.InDelta(t, min(outer, time.Minute).Seconds(), time.Until(end).Seconds(), 1)
		require.Equal(t, outer < time.Minute, inner == ctx)
		cancelInner()
		require.Equal(t, outer > time.Minute, inner.Err() != nil)
		cancel()
	}
	inner, cancel := within(t.Context(), time.Minute)
	defer cancel()
	_, ok := inner.Deadline()
	require.True(t, ok)
}
