// Package backlog bounds what is kept in memory for clients that read slowly,
// or not at all: Room by size, in total and for each client, and Writer by time.
package backlog

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// waitTimeout is how long a request waits for room.
const waitTimeout = 3 * time.Second

// Room bounds the bytes that are in use at a time. Each holder may use up to a
// share, so that none can block the others; a request that waits for its own
// share does not delay other holders. It is safe for concurrent use.
type Room struct {
	size, share int64
	maxWaiting  int

	mu      sync.Mutex
	free    int64
	used    map[string]int64
	waiting list.List // of *waiter, in order of arrival
	refused int64
}

// waiter is a waiting request.
type waiter struct {
	holder   string
	size     int64
	admitted chan struct{} // closed when there is room
}

// NewRoom returns a Room of size bytes, of which each holder may use up to
// share. At most line requests wait.
func NewRoom(size, share int64, line int) *Room {
	return &Room{size: size, share: min(share, size), maxWaiting: line, free: size, used: map[string]int64{}}
}

// Claim is the part of a Room that a holder uses. The methods of a nil Claim do
// nothing.
type Claim struct {
	room   *Room
	holder string
	size   int64
}

// Enter reserves room for a holder, at most a share. If there is none it waits;
// ok is false if waitTimeout passes, if ctx ends, or if too many requests wait
// already.
func (r *Room) Enter(ctx context.Context, holder string, size int64) (c *Claim, ok bool) {
	return r.EnterWithin(ctx, waitTimeout, holder, size)
}

// EnterWithin is Enter that waits for another time.
func (r *Room) EnterWithin(ctx context.Context, patience time.Duration, holder string, size int64) (c *Claim, ok bool) {
	size = min(size, r.share)
	if !r.enterNow(holder, size) && !r.enterLater(ctx, patience, holder, size) {
		return nil, false
	}
	return &Claim{room: r, holder: holder, size: size}, true
}

// enterNow reports whether there is room and nobody waits.
func (r *Room) enterNow(holder string, size int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting.Len() > 0 || size > r.free || !r.mayHave(holder, size) {
		return false
	}
	r.reserve(holder, size)
	return true
}

// enterLater reports whether a holder was admitted.
func (r *Room) enterLater(ctx context.Context, patience time.Duration, holder string, size int64) bool {
	w := &waiter{holder: holder, size: size, admitted: make(chan struct{})}
	place := r.queue(w)
	if place == nil {
		return admitted(w)
	}
	return r.wait(ctx, patience, w, place)
}

// queue admits a waiter at once, or adds it to the waiting list and returns its
// place. The place is nil if it was admitted, or if the list is full.
func (r *Room) queue(w *waiter) *list.Element {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := r.waiting.PushBack(w)
	r.admit()
	if admitted(w) {
		return nil
	}
	if r.waiting.Len() > r.maxWaiting {
		r.waiting.Remove(place)
		r.refused++
		return nil
	}
	return place
}

// wait reports whether the waiter was admitted.
func (r *Room) wait(ctx context.Context, patience time.Duration, w *waiter, place *list.Element) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.admitted:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if admitted(w) { // before the lock
		return true
	}
	r.waiting.Remove(place)
	r.refused++
	r.admit() // it may have blocked smaller ones
	return false
}

func admitted(w *waiter) bool {
	select {
	case <-w.admitted:
		return true
	default:
		return false
	}
}

// admit admits the next waiters. Those that wait for a part of their own share
// are skipped; those that wait for free room are not, or large ones would never
// be admitted.
func (r *Room) admit() {
	for place := r.waiting.Front(); place != nil; {
		next, w := place.Next(), place.Value.(*waiter)
		if r.mayHave(w.holder, w.size) {
			if w.size > r.free {
				return
			}
			r.reserve(w.holder, w.size)
			r.waiting.Remove(place)
			close(w.admitted)
		}
		place = next
	}
}

// mayHave reports whether a holder's share has room for size bytes. A share of the
// whole room is no share.
func (r *Room) mayHave(holder string, size int64) bool {
	return r.share == r.size || r.used[holder]+size <= r.share
}

// reserve adds size bytes, which may be negative, to a holder's use.
func (r *Room) reserve(holder string, size int64) {
	r.free -= size
	if r.used[holder] += size; r.used[holder] <= 0 {
		delete(r.used, holder)
	}
}

// Load returns how much of the room is in use and its size, how many requests
// wait, and how many found no room.
func (r *Room) Load() (used, size, waiting, refused int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.size - r.free, r.size, int64(r.waiting.Len()), r.refused
}

// Resize sets the claim to the actual size, which may exceed the one reserved.
func (c *Claim) Resize(size int64) {
	if c == nil {
		return
	}
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	c.room.reserve(c.holder, size-c.size)
	c.size = size
	c.room.admit()
}

// Size returns the size of the claim.
func (c *Claim) Size() int64 {
	if c == nil {
		return 0
	}
	return c.size
}

// Leave releases the claim. It may be called more than once.
func (c *Claim) Leave() { c.Resize(0) }
