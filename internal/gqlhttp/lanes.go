package gqlhttp

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"portico/internal/backlog"
	"portico/internal/fault"
)

const (
	// heavy is the cost from which an operation waits for its turn in the lane
	// of the few that may use most of a processor.
	heavy = 10_000
	// quickRoom is the sum of the costs of the others that run at once; each
	// counts quickLeast more, for what any request needs.
	quickRoom, quickLeast = 200_000, 100
	// Of each lane, how many may wait, and how long.
	quickQueue, heavyQueue = 1_000, 16
	patience               = 2 * time.Second
)

const (
	// perCost is the most bytes that a cost of 1 can be answered with: a text of
	// 256 characters, with the longest name that a field can have.
	perCost = 1280
	// small is the most bytes of an answer that does not wait behind large ones.
	small = 1 << 20
	// smallRoom is how many bytes of small answers there are at once, and
	// smallShare how many of one caller; largeRoom and largeShare are the same
	// of large ones, in greatest answers. An answer is held until it is read.
	smallRoom, smallShare = 48 << 20, 12 << 20
	largeRoom, largeShare = 6, 2
	// bodyRoom is how many bytes of requests there are at once, bodyShare how
	// many of one caller. Those of at most bodyFree are not counted.
	bodyRoom, bodyShare, bodyFree = 64 << 20, 16 << 20, 16 << 10
)

// Lanes bound what runs at once: cheap operations by the sum of their costs,
// heavy ones by number, so that a processor is left for all else. Who finds no
// room waits in line for a short time, heavy ones apart from cheap ones.
//
// They also bound the bytes of the answers that are made, or written to clients
// that do not read them: of all callers and of each. What an answer may take at
// most is known by its cost; what it does take, when it is made. The bytes of
// requests are bounded alike: their clients may be slow to send them.
type Lanes struct {
	quick, heavy         lane
	small, large, bodies *backlog.Room
}

// lane lets operations in as long as there is room.
type lane struct {
	room *semaphore.Weighted
	size int64
	most int64

	used, waiting, refused atomic.Int64
}

// NewLanes returns the lanes of one server, whose answers have at most so many
// bytes; all its handlers share them.
func NewLanes(answerBytes int) *Lanes {
	most := int64(answerBytes)
	l := &Lanes{
		small:  backlog.NewRoom(smallRoom, smallShare, quickQueue),
		large:  backlog.NewRoom(largeRoom*most, largeShare*most, quickQueue),
		bodies: backlog.NewRoom(bodyRoom, bodyShare, quickQueue),
	}
	l.quick.init(quickRoom, quickQueue)
	l.heavy.init(max(1, int64(runtime.GOMAXPROCS(0))/2), heavyQueue)
	return l
}

func (l *lane) init(size, most int64) {
	l.room, l.size, l.most = semaphore.NewWeighted(size), size, most
}

// Load is how full a lane is: how much of its size is in use, how many wait, and
// how many were turned away.
type Load = func() (used, size, waiting, refused int64)

// Loads returns how full the lanes are, by their names: cheap operations by the
// sum of their costs, heavy ones by number, answers and requests by bytes.
func (l *Lanes) Loads() map[string]Load {
	return map[string]Load{
		"quick": l.quick.load, "heavy": l.heavy.load,
		"small_answers": l.small.Load, "large_answers": l.large.Load, "bodies": l.bodies.Load,
	}
}

func (l *lane) load() (used, size, waiting, refused int64) {
	return l.used.Load(), l.size, l.waiting.Load(), l.refused.Load()
}

// enter waits until an operation of this cost may run; leave is called when it
// has ended. A nil Lanes lets everything in.
func (l *Lanes) enter(ctx context.Context, cost int) (leave func(), err error) {
	switch {
	case l == nil:
		return func() {}, nil
	case cost >= heavy:
		return l.heavy.enter(ctx, 1)
	}
	return l.quick.enter(ctx, int64(cost)+quickLeast)
}

func (l *lane) enter(ctx context.Context, weight int64) (leave func(), err error) {
	weight = min(weight, l.size)
	if !l.room.TryAcquire(weight) {
		if err := l.wait(ctx, weight); err != nil {
			l.refused.Add(1)
			return nil, err
		}
	}
	l.used.Add(weight)
	return func() {
		l.used.Add(-weight)
		l.room.Release(weight)
	}, nil
}

func (l *lane) wait(ctx context.Context, weight int64) error {
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > l.most {
		return busy()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if l.room.Acquire(ctx, weight) != nil {
		return busy()
	}
	return nil
}

// take waits until there is room for a request of a length, -1 where it is not
// known, of at most so many bytes. The claim is given back when it is answered.
func (l *Lanes) take(ctx context.Context, holder string, length, most int64) (*backlog.Claim, error) {
	if l == nil || length >= 0 && length <= bodyFree {
		return nil, nil
	}
	if length < 0 || length > most {
		length = most
	}
	claim, ok := l.bodies.Enter(ctx, holder, length)
	if !ok {
		return nil, busy()
	}
	return claim, nil
}

// hold waits until there is room for the answer to an operation of this cost.
// The claim is given back when the answer is written. A nil Lanes has room for
// everything.
func (l *Lanes) hold(ctx context.Context, holder string, cost, most int) (*backlog.Claim, error) {
	if l == nil {
		return nil, nil
	}
	size := min(int64(cost)*perCost, int64(most))
	room := l.small
	if size > small {
		room = l.large
	}
	claim, ok := room.Enter(ctx, holder, size)
	if !ok {
		return nil, busy()
	}
	return claim, nil
}

func busy() error {
	return fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "The server is busy: try again in a moment.")
}
