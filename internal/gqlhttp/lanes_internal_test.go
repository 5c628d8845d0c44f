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

func TestLongWaitIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(8 << 20)
		defer fill(t, l)()
		start := time.Now()
		_, err := l.enter(t.Context(), heavy)
		require.Equal(t, patience, time.Since(start))
		require.True(t, fault.Is(err, fault.CodeUnavailable))
		require.Equal(t, time.Second, fault.From(err).RetryAfter)
	})
}

func TestQueueIsBounded(t *testing.T) {
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
		require.True(t, fault.Is(err, fault.CodeUnavailable))
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

func TestNilLanesAdmitEverything(t *testing.T) {
	var l *Lanes
	leave, err := l.enter(t.Context(), heavy)
	require.NoError(t, err)
	leave()
}

// Loads reports what runs, waits and was refused.
func TestLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(1 << 20)
		load := func(lane string) [4]int64 {
			used, size, waiting, refused := l.Loads()[lane]()
			return [4]int64{used, size, waiting, refused}
		}
		leave := fill(t, l)
		out, err := l.enter(t.Context(), 900)
		require.NoError(t, err)
		require.Equal(t, [4]int64{1000, quickRoom, 0, 0}, load("quick"))
		out()
		require.Equal(t, [4]int64{0, quickRoom, 0, 0}, load("quick"))
		done := make(chan error)
		go func() { _, err := l.enter(t.Context(), heavy); done <- err }()
		synctest.Wait()
		require.Equal(t, [4]int64{l.heavy.size, l.heavy.size, 1, 0}, load("heavy"))
		require.Error(t, <-done)
		claim, err := l.claimAnswer(t.Context(), "somebody", 10, 1<<20)
		require.NoError(t, err)
		require.Equal(t, [4]int64{10 * answerBytesPerCost, smallRoom, 0, 0}, load("small_answers"))
		claim.Leave()
		leave()
		require.Equal(t, [4]int64{0, l.heavy.size, 0, 1}, load("heavy"))
	})
}
