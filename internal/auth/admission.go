package auth

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/semaphore"
)

// mostWaiting is how many callers of all keys may wait for admission at a time: each
// holds a request meanwhile, and takes room from those of other people.
const mostWaiting = 64

// mostKnownWaiting is how many more may wait of those whom strangers must not keep out.
const mostKnownWaiting = 16

// admission limits how many callers may be inside at a time for each key; the
// others wait.
type admission struct {
	mu      sync.Mutex
	queues  map[string]*queue
	waiting int
}

// queue is the semaphore of one key. It exists while a caller is inside or
// waits.
type queue struct {
	slots   *semaphore.Weighted
	waiting int
}

func newAdmission() *admission { return &admission{queues: map[string]*queue{}} }

// acquire waits until fewer than places callers are inside for key. The caller
// must call leave once. For one who is known there is room to wait when there is none
// for others.
func (g *admission) acquire(ctx context.Context, key string, places int64, known bool) (leave func(), err error) {
	g.mu.Lock()
	r := g.queues[key]
	if r == nil {
		r = &queue{slots: semaphore.NewWeighted(places)}
		g.queues[key] = r
	}
	r.waiting++
	g.mu.Unlock()
	if err := g.enter(ctx, r, known); err != nil {
		g.release(key, r)
		return nil, err
	}
	return func() {
		r.slots.Release(1)
		g.release(key, r)
	}, nil
}

// enter takes a place of r, or waits for one if not too many callers do.
func (g *admission) enter(ctx context.Context, r *queue, known bool) error {
	if r.slots.TryAcquire(1) {
		return nil
	}
	most := mostWaiting
	if known {
		most += mostKnownWaiting
	}
	g.mu.Lock()
	full := g.waiting >= most
	if !full {
		g.waiting++
	}
	g.mu.Unlock()
	if full {
		return errors.New("too many wait already")
	}
	err := r.slots.Acquire(ctx, 1)
	g.mu.Lock()
	g.waiting--
	g.mu.Unlock()
	return err
}

func (g *admission) release(key string, r *queue) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.waiting--; r.waiting == 0 {
		delete(g.queues, key)
	}
}
