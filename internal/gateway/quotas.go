package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/limits"
)

// quotaReads read what is used of quotas: whoever asks while a read is under
// way shares the next one. A node that starts, and every node when a period
// begins, is asked about all subscriptions at once.
type quotaReads struct {
	read func(context.Context, []uuid.UUID) (map[uuid.UUID][]limits.Used, error)
	// store stores what was taken here so far.
	store func(context.Context) error

	mu      sync.Mutex
	next    *quotaRead // nil: nobody waits
	reading bool
}

// quotaRead is one read.
type quotaRead struct {
	ids map[uuid.UUID]struct{}
	// stored: what was taken here is to be stored before.
	stored bool
	done   chan struct{} // closed when what follows is there
	used   map[uuid.UUID][]limits.Used
	err    error
}

// of returns what is used of a quota by its counter in the periods that hold this
// moment, with stored what was taken here until now as well. It waits a second
// at most.
func (q *quotaReads) of(ctx context.Context, counter uuid.UUID, stored bool) ([]limits.Used, error) {
	r := q.join(counter, stored)
	enough := time.NewTimer(patience / 2)
	defer enough.Stop()
	select {
	case <-r.done:
		return r.used[counter], r.err
	case <-enough.C:
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, time.Second, "The database does not answer.")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join asks in the next read, which begins at once if none is under way.
func (q *quotaReads) join(counter uuid.UUID, stored bool) *quotaRead {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == nil {
		q.next = &quotaRead{ids: map[uuid.UUID]struct{}{}, done: make(chan struct{})}
	}
	r := q.next
	r.ids[counter] = struct{}{}
	r.stored = r.stored || stored
	if !q.reading {
		q.reading = true
		go q.run()
	}
	return r
}

// run reads until nobody waits.
func (q *quotaReads) run() {
	for {
		q.mu.Lock()
		r := q.next
		q.next = nil
		q.reading = r != nil
		q.mu.Unlock()
		if r == nil {
			return
		}
		q.answer(r)
	}
}

func (q *quotaReads) answer(r *quotaRead) {
	defer close(r.done)
	ids := make([]uuid.UUID, 0, len(r.ids))
	for id := range r.ids {
		ids = append(ids, id)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience/2)
	defer cancel()
	if r.stored && q.store != nil {
		if r.err = q.store(ctx); r.err != nil {
			return
		}
	}
	r.used, r.err = q.read(ctx, ids)
}
