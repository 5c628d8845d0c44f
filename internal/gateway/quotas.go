package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/fault"
)

// quotaReads batches the reads of what is used of quotas: calls that arrive during
// a read share the next one. A node that starts, and every node when a period
// begins, is asked about all subscriptions at once.
type quotaReads struct {
	read func(context.Context, []uuid.UUID) (map[uuid.UUID][]limits.Used, error)
	// cache writes to the database what this node has taken so far.
	store func(context.Context) error

	mu      sync.Mutex
	next    *quotaRead // nil if no call waits
	reading bool
}

// quotaRead is one read, shared by several calls.
type quotaRead struct {
	ids map[uuid.UUID]struct{}
	// stored: what this node has taken must be stored before the read.
	stored bool
	done   chan struct{} // closed when used and err are set
	used   map[uuid.UUID][]limits.Used
	err    error
}

// used returns what is used of counters in the present periods, by counter. With stored, that
// includes what this node has taken until now. It waits a second at most.
func (q *quotaReads) used(ctx context.Context, counters []uuid.UUID, stored bool) (map[uuid.UUID][]limits.Used, error) {
	r := q.join(counters, stored)
	enough := time.NewTimer(queryTimeout / 2)
	defer enough.Stop()
	select {
	case <-r.done:
		return r.used, r.err
	case <-enough.C:
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, time.Second, "The database does not answer.")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join adds counters to the next read, which begins at once if none is under way.
func (q *quotaReads) join(counters []uuid.UUID, stored bool) *quotaRead {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == nil {
		q.next = &quotaRead{ids: map[uuid.UUID]struct{}{}, done: make(chan struct{})}
	}
	r := q.next
	for _, counter := range counters {
		r.ids[counter] = struct{}{}
	}
	r.stored = r.stored || stored
	if !q.reading {
		q.reading = true
		go q.run()
	}
	return r
}

// run reads until no call waits.
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
		q.execute(r)
	}
}

func (q *quotaReads) execute(r *quotaRead) {
	defer close(r.done)
	ids := make([]uuid.UUID, 0, len(r.ids))
	for id := range r.ids {
		ids = append(ids, id)
	}
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout/2)
	defer cancel()
	if r.stored && q.store != nil {
		if r.err = q.store(ctx); r.err != nil {
			return
		}
	}
	r.used, r.err = q.read(ctx, ids)
}
