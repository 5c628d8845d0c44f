package gqlhttp

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
)

// fill takes all the room of the heavy lane.
func fill(t *testing.T, l *Lanes) (leave func()) {
	var out []func()
	for range l.heavy.size {
		leave, err := l.enter(t.Context(), heavy)
		require.NoError(t, err)
		out = append(out, leave)
	}
	return func() {
		for _, leave := range out {
			leave()
		}
	}
}

func TestHeavyOperationsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(8 << 20)
		leave := fill(t, l)
		done := make(chan error)
		go func() {
			out, err := l.enter(t.Context(), heavy)
			if err == nil {
				defer out()
			}
			done <- err
		}()
		synctest.Wait()
		require.Equal(t, int64(1), l.heavy.waiting.Load(), "it waits for its turn")
		out, err := l.enter(t.Context(), heavy-1)
		require.NoError(t, err, "cheap ones do not wait behind it")
		out()
		leave()
		require.NoError(t, <-done)
		require.Zero(t, l.heavy.waiting.Load())
	})
}

func TestWhoWaitsTooLongIsTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(8 << 20)
		defer fill(t, l)()
		start := time.Now()
		_, err := l.enter(t.Context(), heavy)
		require.Equal(t, patience, time.Since(start))
		require.True(t, fault.Is(err, fault.Unavailable))
		require.Equal(t, time.Second, fault.From(err).RetryAfter)
	})
}

func TestALineHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(8 << 20)
		defer fill(t, l)()
		ctx, cancel := context.WithCancel(t.Context())
		for range heavyQueue {
			go func() { _, _ = l.enter(ctx, heavy) }()
		}
		synctest.Wait()
		start := time.Now()
		_, err := l.enter(t.Context(), heavy)
		require.True(t, fault.Is(err, fault.Unavailable))
		require.Zero(t, time.Since(start), "it is turned away at once")
		cancel()
		synctest.Wait()
		require.Zero(t, l.heavy.waiting.Load())
	})
}

func TestCheapOperationsShareTheirRoomByCost(t *testing.T) {
	l := NewLanes(8 << 20)
	n := int(quickRoom / (heavy - 1 + quickLeast))
	var out []func()
	for range n {
		leave, err := l.enter(t.Context(), heavy-1)
		require.NoError(t, err)
		out = append(out, leave)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.enter(gone, heavy-1)
	require.Error(t, err)
	out[0]()
	leave, err := l.enter(gone, heavy-1)
	require.NoError(t, err)
	leave()
}

func TestNoLanesIsNoBound(t *testing.T) {
	var l *Lanes
	leave, err := l.enter(t.Context(), heavy)
	require.NoError(t, err)
	leave()
}
