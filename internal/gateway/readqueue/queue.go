// Package readqueue shares the few reads of the database that calls may wait for out
// fairly: organizations take turns, and the tokens within each, so that none waits for
// the many reads of another. It knows nothing of what is read.
package readqueue

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/internal/fault"
)

const (
	// maxReads bounds how many database connections reads for calls may use, so that
	// the API finds some free; MaxOrganizationReads how many of them one organization
	// may use, and maxUnknownTokenReads unknown tokens.
	maxReads, MaxOrganizationReads, maxUnknownTokenReads = 6, 4, 2
	// maxWaiting is how many reads of one token may wait.
	maxWaiting = 2_000
)

// Queue bounds the reads under way, in all and by organization. It is safe for
// concurrent use.
type Queue struct {
	mu   sync.Mutex
	free int
	// organizations are those that read or wait; the zero id stands for unknown
	// tokens. waiting are those that wait, in order.
	organizations map[uuid.UUID]*orgQueue
	waiting       []*orgQueue

	queued, refused int64
}

// orgQueue holds the reads of one organization.
type orgQueue struct {
	id      uuid.UUID
	running int
	// queues are those of its tokens that have waiting reads, in order.
	queues []*tokenQueue
}

// tokenQueue holds the waiting reads of one token, each as a channel that is
// closed when the read may begin.
type tokenQueue struct {
	token   uuid.UUID
	waiting []chan struct{}
}

// New returns a Queue in which nothing is read.
func New() *Queue {
	return &Queue{free: maxReads, organizations: map[uuid.UUID]*orgQueue{}}
}

// Enter waits until a read may begin; leave must be called when it is done. The zero
// organization stands for unknown tokens. The error is fault.CodeUnavailable if too many
// reads of the token wait, or ctx's.
func (q *Queue) Enter(ctx context.Context, organization, token uuid.UUID) (leave func(), err error) {
	turn, err := q.join(organization, token)
	if err != nil {
		return nil, err
	}
	leave = func() { q.leave(organization) }
	if turn == nil {
		return leave, nil
	}
	select {
	case <-turn:
		return leave, nil
	case <-ctx.Done():
	}
	if !q.cancel(organization, token, turn) { // its turn has come meanwhile
		leave()
	}
	return nil, ctx.Err()
}

// join begins a read if one is free, or else returns a channel to wait on.
func (q *Queue) join(organization, token uuid.UUID) (turn chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	o := q.organizations[organization]
	if o == nil {
		o = &orgQueue{id: organization}
		q.organizations[organization] = o
	}
	if q.free > 0 && o.running < o.limit() { // then none of its reads wait
		q.free--
		o.running++
		return nil, nil
	}
	i := slices.IndexFunc(o.queues, func(w *tokenQueue) bool { return w.token == token })
	if i < 0 {
		i = len(o.queues)
		o.queues = append(o.queues, &tokenQueue{token: token})
		if i == 0 {
			q.waiting = append(q.waiting, o)
		}
	}
	w := o.queues[i]
	if len(w.waiting) >= maxWaiting {
		q.refused++
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "Too many keys are being read.")
	}
	turn = make(chan struct{})
	w.waiting = append(w.waiting, turn)
	q.queued++
	return turn, nil
}

// limit returns how many reads of the organization may run at once.
func (o *orgQueue) limit() int {
	if o.id == uuid.Nil {
		return maxUnknownTokenReads
	}
	return MaxOrganizationReads
}

// cancel removes a waiting read; it returns false if its turn has come.
func (q *Queue) cancel(organization, token uuid.UUID, turn chan struct{}) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	o := q.organizations[organization]
	if o == nil {
		return false
	}
	i := slices.IndexFunc(o.queues, func(w *tokenQueue) bool { return w.token == token })
	if i < 0 {
		return false
	}
	w := o.queues[i]
	at := slices.Index(w.waiting, turn)
	if at < 0 {
		return false
	}
	q.queued--
	q.refused++
	if w.waiting = slices.Delete(w.waiting, at, at+1); len(w.waiting) == 0 {
		o.queues = slices.Delete(o.queues, i, i+1)
	}
	if len(o.queues) == 0 {
		q.waiting = slices.DeleteFunc(q.waiting, func(other *orgQueue) bool { return other == o })
	}
	q.removeIdle(o)
	return true
}

// leave ends a read and starts the next.
func (q *Queue) leave(organization uuid.UUID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.free++
	o := q.organizations[organization]
	o.running--
	for q.free > 0 {
		i := slices.IndexFunc(q.waiting, func(o *orgQueue) bool { return o.running < o.limit() })
		if i < 0 {
			break
		}
		q.grant(i)
	}
	q.removeIdle(o)
}

// grant starts the next read of the organization at i of waiting. The organization
// moves to the end, and within it the token.
func (q *Queue) grant(i int) {
	o := q.waiting[i]
	q.waiting = slices.Delete(q.waiting, i, i+1)
	w := o.queues[0]
	o.queues = slices.Delete(o.queues, 0, 1)
	close(w.waiting[0])
	q.queued--
	if w.waiting = slices.Delete(w.waiting, 0, 1); len(w.waiting) > 0 {
		o.queues = append(o.queues, w)
	}
	if len(o.queues) > 0 {
		q.waiting = append(q.waiting, o)
	}
	q.free--
	o.running++
}

// Load returns how many reads run and the most that may, how many wait, and how
// many were turned away or gave up waiting.
func (q *Queue) Load() (used, most, waiting, refused int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return int64(maxReads - q.free), maxReads, q.queued, q.refused
}

// removeIdle removes an organization without reads.
func (q *Queue) removeIdle(o *orgQueue) {
	if o.running == 0 && len(o.queues) == 0 {
		delete(q.organizations, o.id)
	}
}
