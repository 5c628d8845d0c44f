package presence

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/verdict"
)

// clockAt is a clock that tests set.
type clockAt struct{ now time.Time }

func (c *clockAt) Now() time.Time { return c.now }

func newTestTracker() (*Tracker, *clockAt) {
	c := &clockAt{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	return NewTracker(c), c
}

// What each call does neither allocates nor loses a count.
func TestCountingACall(t *testing.T) {
	tr, c := newTestTracker()
	g := tr.Gateway(uuid.New(), uuid.New())
	require.Zero(t, testing.AllocsPerRun(100, func() {
		g.Seen(c.now)
		g.Count(verdict.Expired)
	}))
	var counting sync.WaitGroup
	for range 4 {
		counting.Go(func() {
			for range 1000 {
				g.Count(verdict.Valid)
			}
		})
	}
	for range 100 {
		_, err := tr.changed(false)
		require.NoError(t, err)
	}
	counting.Wait()
	_, err := tr.changed(false)
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"VALID": 4000, "EXPIRED": 101}, g.counts[0].Calls) // AllocsPerRun runs it once more
	var none *Gateway
	none.Seen(c.now)
	none.Count(verdict.Valid)
	none.Follows("a", 1)
	none.Reported("VALID", c.now, 1)
}

// The instances that are remembered are bounded: the oldest makes place.
func TestInstancesAreBounded(t *testing.T) {
	tr, c := newTestTracker()
	g := tr.Gateway(uuid.New(), uuid.New())
	for i := range maxInstances + 1 {
		c.now = c.now.Add(time.Second)
		g.Follows(fmt.Sprint(i), int64(i))
	}
	require.Len(t, g.instances, maxInstances)
	require.Equal(t, "1", g.instances[0].Name)
	require.EqualValues(t, maxInstances, g.instances[maxInstances-1].Position)
	c.now = c.now.Add(Memory)
	_, err := tr.changed(false)
	require.NoError(t, err)
	require.Empty(t, g.instances)
}

// Counts are kept for little more than an hour, however long a gateway asks.
func TestCountsAreBounded(t *testing.T) {
	tr, c := newTestTracker()
	g := tr.Gateway(uuid.New(), uuid.New())
	for range 1000 {
		c.now = c.now.Add(time.Minute)
		g.Count(verdict.Valid)
		_, err := tr.changed(false)
		require.NoError(t, err)
	}
	require.Len(t, g.counts, 13)
	var n int64
	for _, c := range g.counts {
		n += c.Calls["VALID"]
	}
	require.GreaterOrEqual(t, n, int64(60))
	require.LessOrEqual(t, n, int64(65))
}

// Gateways that were not seen for long are forgotten, but for those in use.
func TestForget(t *testing.T) {
	tr, c := newTestTracker()
	gone, used, recent := uuid.New(), uuid.New(), uuid.New()
	for _, token := range []uuid.UUID{gone, used} {
		tr.Gateway(uuid.New(), token).Seen(c.now)
	}
	c.now = c.now.Add(Memory)
	tr.Gateway(uuid.New(), recent).Seen(c.now)
	tr.Forget(c.now, func(token uuid.UUID) bool { return token == used })
	known := tr.LastSeen()
	require.Len(t, known, 2)
	require.Contains(t, known, used)
	require.Contains(t, known, recent)
}
