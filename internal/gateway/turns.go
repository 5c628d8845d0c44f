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
	// readsAtOnce bounds how many of the database's connections reads for calls
	// may hold, so that the API finds some free; readsOfOne how many of them for
	// one organization, strangersAtOnce for tokens that are not known.
	readsAtOnce, readsOfOne, strangersAtOnce = 6, 4, 2
	// mostWaiting is how many reads of one token may wait.
	mostWaiting = tokenBurst
)

// turns share out what may be read at once. Organizations take turns, and in
// each its tokens do, so that nobody waits for the many reads of another.
type turns struct {
	mu   sync.Mutex
	free int
	// lines are the organizations that read or wait; the zero id stands for
	// tokens that are not known. waiting are those that wait, in their order.
	lines   map[uuid.UUID]*line
	waiting []*line

	inLine, refused int64
}

// line is one organization's.
type line struct {
	id   uuid.UUID
	held int
	// queues are those of its tokens in which somebody waits, in their order.
	queues []*queue
}

// queue is one token's. Each who waits has a channel that is closed when it is
// its turn.
type queue struct {
	token   uuid.UUID
	waiting []chan struct{}
}

func newTurns() turns { return turns{free: readsAtOnce, lines: map[uuid.UUID]*line{}} }

// enter waits for a turn; leave is called when the read is done.
func (t *turns) enter(ctx context.Context, organization, token uuid.UUID) (leave func(), err error) {
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
	if !t.quit(organization, token, turn) { // it has got its turn meanwhile
		leave()
	}
	return nil, ctx.Err()
}

// join takes a turn if there is one, or gives the channel to wait by.
func (t *turns) join(organization, token uuid.UUID) (turn chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[organization]
	if l == nil {
		l = &line{id: organization}
		t.lines[organization] = l
	}
	if t.free > 0 && l.held < l.most() { // then nobody of it waits
		t.free--
		l.held++
		return nil, nil
	}
	i := slices.IndexFunc(l.queues, func(q *queue) bool { return q.token == token })
	if i < 0 {
		i = len(l.queues)
		l.queues = append(l.queues, &queue{token: token})
		if i == 0 {
			t.waiting = append(t.waiting, l)
		}
	}
	q := l.queues[i]
	if len(q.waiting) >= mostWaiting {
		t.refused++
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "Too many keys are being read.")
	}
	turn = make(chan struct{})
	q.waiting = append(q.waiting, turn)
	t.inLine++
	return turn, nil
}

// most is how many of a line may read at once.
func (l *line) most() int {
	if l.id == uuid.Nil {
		return strangersAtOnce
	}
	return readsOfOne
}

// quit leaves the queue; it returns false if the turn has come.
func (t *turns) quit(organization, token uuid.UUID, turn chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[organization]
	if l == nil {
		return false
	}
	i := slices.IndexFunc(l.queues, func(q *queue) bool { return q.token == token })
	if i < 0 {
		return false
	}
	q := l.queues[i]
	at := slices.Index(q.waiting, turn)
	if at < 0 {
		return false
	}
	t.inLine--
	t.refused++
	if q.waiting = slices.Delete(q.waiting, at, at+1); len(q.waiting) == 0 {
		l.queues = slices.Delete(l.queues, i, i+1)
	}
	if len(l.queues) == 0 {
		t.waiting = slices.DeleteFunc(t.waiting, func(other *line) bool { return other == l })
	}
	t.drop(l)
	return true
}

// leave ends a read, and gives its place to the next.
func (t *turns) leave(organization uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free++
	l := t.lines[organization]
	l.held--
	for t.free > 0 {
		i := slices.IndexFunc(t.waiting, func(l *line) bool { return l.held < l.most() })
		if i < 0 {
			break
		}
		t.give(i)
	}
	t.drop(l)
}

// give lets the next of the line at i read. The line goes to the end, and in it
// the token.
func (t *turns) give(i int) {
	l := t.waiting[i]
	t.waiting = slices.Delete(t.waiting, i, i+1)
	q := l.queues[0]
	l.queues = slices.Delete(l.queues, 0, 1)
	close(q.waiting[0])
	t.inLine--
	if q.waiting = slices.Delete(q.waiting, 0, 1); len(q.waiting) > 0 {
		l.queues = append(l.queues, q)
	}
	if len(l.queues) > 0 {
		t.waiting = append(t.waiting, l)
	}
	t.free--
	l.held++
}

// load returns how many read and the most that may, how many wait, and how many
// were turned away or have waited in vain.
func (t *turns) load() (used, most, waiting, refused int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(readsAtOnce - t.free), readsAtOnce, t.inLine, t.refused
}

// drop forgets a line in which nobody is.
func (t *turns) drop(l *line) {
	if l.held == 0 && len(l.queues) == 0 {
		delete(t.lines, l.id)
	}
}
