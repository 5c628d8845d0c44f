// Package backlog bounds what is held for clients that read slowly, or not at
// all: Room by size, over all of them and for each, and Writer by time.
package backlog

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// patience is how long a request waits for room.
const patience = 3 * time.Second

// Room bounds what is held at once. Each holder has a share of it, so that
// none can keep the others out; who waits for a share holds nobody up. It is
// safe for concurrent use.
type Room struct {
	size, share int64
	line        int

	mu      sync.Mutex
	free    int64
	held    map[string]int64
	waiting list.List // of *waiter, in the order in which they came
	refused int64
}

// waiter is a request in line.
type waiter struct {
	holder string
	size   int64
	in     chan struct{} // closed when there is room
}

// NewRoom returns a room of a size, of which each holder may have a share. At
// most so many requests wait in its line.
func NewRoom(size, share int64, line int) *Room {
	return &Room{size: size, share: min(share, size), line: line, free: size, held: map[string]int64{}}
}

// Claim is what a holder has of a Room. The methods of a nil Claim do nothing.
type Claim struct {
	room   *Room
	holder string
	size   int64
}

// Enter takes room for a holder; of more than a share it takes a share. Where
// there is none it waits in line, and reports after a short time, when ctx ends
// or when the line is full, that there is none.
func (r *Room) Enter(ctx context.Context, holder string, size int64) (c *Claim, ok bool) {
	w := &waiter{holder: holder, size: min(size, r.share), in: make(chan struct{})}
	if place := r.queue(w); place != nil && !r.wait(ctx, w, place) {
		return nil, false
	} else if place == nil && !entered(w) {
		return nil, false
	}
	return &Claim{room: r, holder: holder, size: w.size}, true
}

// queue lets a waiter in at once, or puts it into the line. Its place is nil
// where it is in, or where the line is full.
func (r *Room) queue(w *waiter) *list.Element {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := r.waiting.PushBack(w)
	r.admit()
	if entered(w) {
		return nil
	}
	if r.waiting.Len() > r.line {
		r.waiting.Remove(place)
		r.refused++
		return nil
	}
	return place
}

// wait returns whether the waiter came in.
func (r *Room) wait(ctx context.Context, w *waiter, place *list.Element) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-w.in:
		return true
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if entered(w) { // meanwhile
		return true
	}
	r.waiting.Remove(place)
	r.refused++
	r.admit() // it may have stood before smaller ones
	return false
}

func entered(w *waiter) bool {
	select {
	case <-w.in:
		return true
	default:
		return false
	}
}

// admit lets in whoever is next. Those who wait for a part of their own share
// are passed over; those who wait for room are not, or large ones never came in.
func (r *Room) admit() {
	for place := r.waiting.Front(); place != nil; {
		next, w := place.Next(), place.Value.(*waiter)
		if r.held[w.holder]+w.size <= r.share {
			if w.size > r.free {
				return
			}
			r.take(w.holder, w.size)
			r.waiting.Remove(place)
			close(w.in)
		}
		place = next
	}
}

// take moves room to a holder, or from it.
func (r *Room) take(holder string, size int64) {
	r.free -= size
	if r.held[holder] += size; r.held[holder] <= 0 {
		delete(r.held, holder)
	}
}

// Load returns how much of the room is held and how large it is, how many requests
// wait, and how many found no room.
func (r *Room) Load() (used, size, waiting, refused int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.size - r.free, r.size, int64(r.waiting.Len()), r.refused
}

// Resize says what is really held, which may be more than was thought.
func (c *Claim) Resize(size int64) {
	if c == nil {
		return
	}
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	c.room.take(c.holder, size-c.size)
	c.size = size
	c.room.admit()
}

// Size is what the claim holds.
func (c *Claim) Size() int64 {
	if c == nil {
		return 0
	}
	return c.size
}

// Leave returns everything back. It may be called again.
func (c *Claim) Leave() { c.Resize(0) }
