package auth

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// gate lets only so many in at a time for each key; the others wait outside.
type gate struct {
	mu    sync.Mutex
	rooms map[string]*room
}

// room is one key's. It exists while anybody is inside or waits.
type room struct {
	places *semaphore.Weighted
	people int
}

func newGate() *gate { return &gate{rooms: map[string]*room{}} }

// enter waits until fewer than places are inside. leave must be called once.
func (g *gate) enter(ctx context.Context, key string, places int64) (leave func(), err error) {
	g.mu.Lock()
	r := g.rooms[key]
	if r == nil {
		r = &room{places: semaphore.NewWeighted(places)}
		g.rooms[key] = r
	}
	r.people++
	g.mu.Unlock()
	if err := r.places.Acquire(ctx, 1); err != nil {
		g.forget(key, r)
		return nil, err
	}
	return func() {
		r.places.Release(1)
		g.forget(key, r)
	}, nil
}

func (g *gate) forget(key string, r *room) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.people--; r.people == 0 {
		delete(g.rooms, key)
	}
}
