package auth

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// admission limits how many callers may be inside at a time for each key; the
// others wait.
type admission struct {
	mu     sync.Mutex
	queues map[string]*queue
}

// queue is the semaphore of one key. It exists while a caller is inside or
// waits.
type queue struct {
	slots   *semaphore.Weighted
	waiting int
}

func newAdmission() *admission { return &admission{queues: map[string]*queue{}} }

// acquire waits until fewer than places callers are inside for key. The caller
// must call leave once.
func (g *admission) acquire(ctx context.Context, key string, places int64) (leave func(), err error) {
	g.mu.Lock()
	r := g.queues[key]
	if r == nil {
		r = &queue{slots: semaphore.NewWeighted(places)}
		g.queues[key] = r
	}
	r.waiting++
	g.mu.Unlock()
	if err := r.slots.Acquire(ctx, 1); err != nil {
		g.release(key, r)
		return nil, err
	}
	return func() {
		r.slots.Release(1)
		g.release(key, r)
	}, nil
}

func (g *admission) release(key string, r *queue) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.waiting--; r.waiting == 0 {
		delete(g.queues, key)
	}
}
