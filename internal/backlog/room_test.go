package backlog_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/backlog"
)

func enter(t *testing.T, r *backlog.Room, holder string, size int64) *backlog.Claim {
	t.Helper()
	c, ok := r.Enter(t.Context(), holder, size)
	require.True(t, ok)
	return c
}

func TestAHolderHasAShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := backlog.NewRoom(100, 40, 10)
		first := enter(t, r, "a", 1000)
		_, ok := r.Enter(t.Context(), "a", 1)
		require.False(t, ok, "more than a share is a share, and there is no more")
		enter(t, r, "b", 40)
		enter(t, r, "c", 20)
		start := time.Now()
		_, ok = r.Enter(t.Context(), "d", 1)
		require.False(t, ok, "the room is full")
		require.Equal(t, 3*time.Second, time.Since(start))
		first.Resize(10)
		enter(t, r, "d", 30)
		first.Leave()
		first.Leave()
		enter(t, r, "a", 10)
		_, ok = r.Enter(t.Context(), "e", 1)
		require.False(t, ok, "what was given back twice is there once")
	})
}

// A waiter for a part of its own share delays no other; a waiter for free room
// is not overtaken.
func TestOrderOfWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := backlog.NewRoom(100, 60, 10)
		first := enter(t, r, "a", 60)
		came := make(chan string, 10)
		ask := func(holder string, size int64) {
			go func() {
				if _, ok := r.Enter(t.Context(), holder, size); ok {
					came <- holder
				}
			}()
			synctest.Wait()
		}
		ask("a", 50)
		ask("b", 40)
		require.Equal(t, "b", <-came, "a waits for its own share alone")
		ask("c", 50)
		time.Sleep(time.Second)
		ask("d", 10)
		require.Empty(t, came, "d would have to overtake c, which waits for room")
		first.Resize(45)
		require.Empty(t, came)
		first.Leave()
		synctest.Wait()
		require.Len(t, came, 1)
		require.Equal(t, "a", <-came, "which came before c")
		time.Sleep(2 * time.Second)
		require.Equal(t, "d", <-came, "c was given up, and holds up nobody any more")
	})
}

// Where nobody has a share, no waiter overtakes another.
func TestOrderOfWaitersWithoutShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := backlog.NewRoom(100, 100, 10)
		first := enter(t, r, "", 60)
		came := make(chan int64, 10)
		for _, size := range []int64{50, 10} {
			go func() {
				if _, ok := r.Enter(t.Context(), "", size); ok {
					came <- size
				}
			}()
			synctest.Wait()
		}
		require.Empty(t, came, "10 would have to overtake 50")
		first.Leave()
		require.ElementsMatch(t, []int64{50, 10}, []int64{<-came, <-came})
	})
}

func TestWaitersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := backlog.NewRoom(10, 10, 2)
		whole := enter(t, r, "a", 10)
		for range 2 {
			go func() {
				c, _ := r.Enter(t.Context(), "a", 5)
				c.Leave()
			}()
		}
		synctest.Wait()
		start := time.Now()
		_, ok := r.Enter(t.Context(), "b", 1)
		require.False(t, ok)
		require.Zero(t, time.Since(start), "it is turned away at once")
		whole.Resize(5)
		synctest.Wait()
		enter(t, r, "b", 5)
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	r := backlog.NewRoom(10, 10, 2)
	enter(t, r, "a", 10)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, ok := r.Enter(gone, "a", 1)
	require.False(t, ok)
}

// No more than the size is ever in use, and everything is released in the end.
func TestARoomIsNeverOverfull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, share = 1000, 400
		r := backlog.NewRoom(size, share, 1000)
		var inUse atomic.Int64
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(i)))
				for range 20 {
					want := 1 + random.Int64N(share)
					c, ok := r.Enter(t.Context(), strconv.Itoa(i%7), want)
					if !ok {
						continue
					}
					require.LessOrEqual(t, inUse.Add(want), int64(size))
					time.Sleep(time.Duration(random.IntN(50)) * time.Millisecond) // of the bubble's clock
					inUse.Add(-want)
					c.Resize(want / 2)
					c.Leave()
				}
			})
		}
		all.Wait()
		for i := range 5 {
			enter(t, r, strconv.Itoa(i), size/5)
		}
	})
}

// Load returns what is in use, what waits and what was refused.
func TestLoad(t *testing.T) {
	load := func(r *backlog.Room) [4]int64 {
		used, size, waiting, refused := r.Load()
		return [4]int64{used, size, waiting, refused}
	}
	synctest.Test(t, func(t *testing.T) {
		r := backlog.NewRoom(100, 60, 1)
		c := enter(t, r, "a", 60)
		require.Equal(t, [4]int64{60, 100, 0, 0}, load(r))
		done := make(chan bool)
		go func() { _, ok := r.Enter(t.Context(), "a", 1); done <- ok }()
		synctest.Wait()
		_, ok := r.Enter(t.Context(), "a", 1)
		require.False(t, ok, "the line is full")
		require.Equal(t, [4]int64{60, 100, 1, 1}, load(r))
		require.False(t, <-done, "it took too long")
		c.Leave()
		require.Equal(t, [4]int64{0, 100, 0, 2}, load(r))
	})
}
