package gateway

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
	// the API finds some free; maxOrganizationReads how many of them one organization
	// may use, and maxUnknownTokenReads unknown tokens.
	maxReads, maxOrganizationReads, maxUnknownTokenReads = 6, 4, 2
	// maxWaiting is how many reads of one token may wait.
	maxWaiting = tokenBurst
)

// readScheduler shares the concurrent reads out fairly: organizations take turns,
// and the tokens within each, so that none waits for the many reads of another.
type readScheduler struct {
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

func newReadScheduler() readScheduler {
	return readScheduler{free: maxReads, organizations: map[uuid.UUID]*orgQueue{}}
}

// enter waits until a read may begin; leave must be called when it is done.
func (t *readScheduler) enter(ctx context.Context, organization, token uuid.UUID) (leave func(), err error) {
	turn, err := t.join(organization, token)
	if err != nil {
		return nil, err
	}
	leave = func() { t.leave(organization) }
	if turn == nil {
		return leave, nil
	}
	select {
	case <-turn:
		return leave, nil
	case <-ctx.Done():
	}
	if !t.cancel(organization, token, turn) { // its turn has come meanwhile
		leave()
	}
	return nil, ctx.Err()
}

// join begins a read if one is free, or else returns a channel to wait on.
func (t *readScheduler) join(organization, token uuid.UUID) (turn chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.organizations[organization]
	if l == nil {
		l = &orgQueue{id: organization}
		t.organizations[organization] = l
	}
	if t.free > 0 && l.running < l.limit() { // then none of its reads wait
		t.free--
		l.running++
		return nil, nil
	}
	i := slices.IndexFunc(l.queues, func(q *tokenQueue) bool { return q.token == token })
	if i < 0 {
		i = len(l.queues)
		l.queues = append(l.queues, &tokenQueue{token: token})
		if i == 0 {
			t.waiting = append(t.waiting, l)
		}
	}
	q := l.queues[i]
	if len(q.waiting) >= maxWaiting {
		t.refused++
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "Too many keys are being read.")
	}
	turn = make(chan struct{})
	q.waiting = append(q.waiting, turn)
	t.queued++
	return turn, nil
}

// limit returns how many reads of the organization may run at once.
func (l *orgQueue) limit() int {
	if l.id == uuid.Nil {
		return maxUnknownTokenReads
	}
	return maxOrganizationReads
}

// cancel removes a waiting read; it returns false if its turn has come.
func (t *readScheduler) cancel(organization, token uuid.UUID, turn chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.organizations[organization]
	if l == nil {
		return false
	}
	i := slices.IndexFunc(l.queues, func(q *tokenQueue) bool { return q.token == token })
	if i < 0 {
		return false
	}
	q := l.queues[i]
	at := slices.Index(q.waiting, turn)
	if at < 0 {
		return false
	}
	t.queued--
	t.refused++
	if q.waiting = slices.Delete(q.waiting, at, at+1); len(q.waiting) == 0 {
		l.queues = slices.Delete(l.queues, i, i+1)
	}
	if len(l.queues) == 0 {
		t.waiting = slices.DeleteFunc(t.waiting, func(other *orgQueue) bool { return other == l })
	}
	t.removeIdle(l)
	return true
}

// leave ends a read and starts the next.
func (t *readScheduler) leave(organization uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free++
	l := t.organizations[organization]
	l.running--
	for t.free > 0 {
		i := slices.IndexFunc(t.waiting, func(l *orgQueue) bool { return l.running < l.limit() })
		if i < 0 {
			break
		}
		t.grant(i)
	}
	t.removeIdle(l)
}

// grant starts the next read of the organization at i of waiting. The organization
// moves to the end, and within it the token.
func (t *readScheduler) grant(i int) {
	l := t.waiting[i]
	t.waiting = slices.Delete(t.waiting, i, i+1)
	q := l.queues[0]
	l.queues = slices.Delete(l.queues, 0, 1)
	close(q.waiting[0])
	t.queued--
	if q.waiting = slices.Delete(q.waiting, 0, 1); len(q.waiting) > 0 {
		l.queues = append(l.queues, q)
	}
	if len(l.queues) > 0 {
		t.waiting = append(t.waiting, l)
	}
	t.free--
	l.running++
}

// load returns how many reads run and the most that may, how many wait, and how
// many were turned away or gave up waiting.
func (t *readScheduler) load() (used, most, waiting, refused int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(maxReads - t.free), maxReads, t.queued, t.refused
}

// removeIdle removes an organization without reads.
func (t *readScheduler) removeIdle(l *orgQueue) {
	if l.running == 0 && len(l.queues) == 0 {
		delete(t.organizations, l.id)
	}
}
