package lanes

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/backlog"
	"portico/internal/fault"
)

// load returns what is in use of a lane, its size, what waits and what was refused.
func load(l *Lanes, lane string) [4]int64 {
	used, size, waiting, refused := l.Loads()[lane]()
	return [4]int64{used, size, waiting, refused}
}

// fill takes all the room of the heavy lane, of the size that it returns.
func fill(t *testing.T, l *Lanes) (size int64, leave func()) {
	var all []*backlog.Claim
	size = load(l, "heavy")[1]
	for range size {
		place, err := l.Enter(t.Context(), Heavy)
		require.NoError(t, err)
		all = append(all, place)
	}
	return size, func() {
		for _, place := range all {
			place.Leave()
		}
	}
}

func TestHeavyOperationsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(8 << 20)
		_, leave := fill(t, l)
		done := make(chan error)
		go func() {
			place, err := l.Enter(t.Context(), Heavy)
			place.Leave()
			done <- err
		}()
		synctest.Wait()
		require.Equal(t, int64(1), load(l, "heavy")[2], "it waits for its turn")
		cheap, err := l.Enter(t.Context(), Heavy-1)
		require.NoError(t, err, "cheap ones do not wait behind it")
		cheap.Leave()
		leave()
		require.NoError(t, <-done)
		require.Zero(t, load(l, "heavy")[2])
	})
}

func TestLongWaitIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(8 << 20)
		_, leave := fill(t, l)
		defer leave()
		start := time.Now()
		_, err := l.Enter(t.Context(), Heavy)
		require.Equal(t, patience, time.Since(start))
		require.True(t, fault.Is(err, fault.CodeUnavailable))
		require.Equal(t, time.Second, fault.From(err).RetryAfter)
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(8 << 20)
		_, leave := fill(t, l)
		defer leave()
		ctx, cancel := context.WithCancel(t.Context())
		for range heavyQueue {
			go func() { _, _ = l.Enter(ctx, Heavy) }()
		}
		synctest.Wait()
		start := time.Now()
		_, err := l.Enter(t.Context(), Heavy)
		require.True(t, fault.Is(err, fault.CodeUnavailable))
		require.Zero(t, time.Since(start), "it is turned away at once")
		cancel()
		synctest.Wait()
		require.Zero(t, load(l, "heavy")[2])
	})
}

func TestCheapOperationsShareTheirRoomByCost(t *testing.T) {
	l := New(8 << 20)
	n := int(quickRoom / (Heavy - 1 + quickLeast))
	var all []*backlog.Claim
	for range n {
		place, err := l.Enter(t.Context(), Heavy-1)
		require.NoError(t, err)
		all = append(all, place)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Enter(gone, Heavy-1)
	require.Error(t, err)
	all[0].Leave()
	place, err := l.Enter(gone, Heavy-1)
	require.NoError(t, err)
	place.Leave()
}

func TestNilLanesAdmitEverything(t *testing.T) {
	var l *Lanes
	place, err := l.Enter(t.Context(), Heavy)
	require.NoError(t, err)
	place.Leave()
}

// Loads reports what runs, waits and was refused.
func TestLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(1 << 20)
		places, leave := fill(t, l)
		cheap, err := l.Enter(t.Context(), 900)
		require.NoError(t, err)
		require.Equal(t, [4]int64{1000, quickRoom, 0, 0}, load(l, "quick"))
		cheap.Leave()
		require.Equal(t, [4]int64{0, quickRoom, 0, 0}, load(l, "quick"))
		done := make(chan error)
		go func() { _, err := l.Enter(t.Context(), Heavy); done <- err }()
		synctest.Wait()
		require.Equal(t, [4]int64{places, places, 1, 0}, load(l, "heavy"))
		require.Error(t, <-done)
		claim, err := l.ClaimAnswer(t.Context(), "somebody", 10, 1<<20)
		require.NoError(t, err)
		require.Equal(t, [4]int64{10 * answerBytesPerCost, smallRoom, 0, 0}, load(l, "small_answers"))
		claim.Leave()
		leave()
		require.Equal(t, [4]int64{0, places, 0, 1}, load(l, "heavy"))
	})
}
