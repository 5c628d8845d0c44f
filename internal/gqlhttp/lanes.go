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
	// heavy is the cost from which an operation waits in the heavy lane, whose
	// few operations may use most of a processor.
	heavy = 10_000
	// quickRoom is the total cost of the other operations that run at once; each
	// counts quickLeast more, for the work that any request needs.
	quickRoom, quickLeast = 200_000, 100
	// How many may wait in each lane, and how long.
	quickQueue, heavyQueue = 1_000, 16
	patience               = 2 * time.Second
)

const (
	// answerBytesPerCost is the most bytes of answer per unit of cost: a text of
	// 256 characters with the longest name that a field can have.
	answerBytesPerCost = 1280
	// small is the largest answer, in bytes, that does not wait behind large
	// ones.
	small = 1 << 20
	// smallRoom is the total bytes of small answers in memory, and smallShare
	// one caller's share of it; largeRoom and largeShare are the same for large
	// ones, in multiples of the largest answer. An answer occupies its room
	// until the client has read it.
	smallRoom, smallShare = 48 << 20, 12 << 20
	largeRoom, largeShare = 6, 2
	// bodyRoom is the total bytes of requests in memory, bodyShare one caller's
	// share of it. Requests of at most bodyFree bytes are not counted.
	bodyRoom, bodyShare, bodyFree = 64 << 20, 16 << 20, 16 << 10
)

// Lanes bound what runs concurrently: cheap operations by the sum of their
// costs, heavy ones by number, so that a processor remains for everything else.
// An operation that finds no room waits for a short time, heavy ones apart from
// cheap ones.
//
// They also bound the bytes of answers that are being built, or written to
// clients that do not read them, in total and per caller. The cost bounds an
// answer's size before it runs; the claim shrinks to the real size once it is
// known. The bytes of requests are bounded alike, because clients may send them
// slowly.
type Lanes struct {
	quick, heavy         lane
	small, large, bodies *backlog.Room
}

// lane admits operations as long as there is room.
type lane struct {
	room *semaphore.Weighted
	size int64
	most int64

	used, waiting, refused atomic.Int64
}

// NewLanes returns the lanes of one server, shared by all its handlers.
// answerBytes is the size of the largest answer.
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

// Load returns how full a lane is: how much of its size is in use, how many
// operations wait, and how many were refused.
type Load = func() (used, size, waiting, refused int64)

// Loads returns the load of each lane by its name: cheap operations by the sum
// of their costs, heavy ones by number, answers and requests by bytes.
func (l *Lanes) Loads() map[string]Load {
	return map[string]Load{
		"quick": l.quick.load, "heavy": l.heavy.load,
		"small_answers": l.small.Load, "large_answers": l.large.Load, "bodies": l.bodies.Load,
	}
}

func (l *lane) load() (used, size, waiting, refused int64) {
	return l.used.Load(), l.size, l.waiting.Load(), l.refused.Load()
}

// enter waits until an operation of this cost may run; the caller calls leave
// when it has ended. A nil Lanes admits everything.
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

// claimBody waits until there is room for a request of the given length, -1 if
// unknown, and of at most most bytes. The claim is released when the request is
// answered.
func (l *Lanes) claimBody(ctx context.Context, holder string, length, most int64) (*backlog.Claim, error) {
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

// claimAnswer waits until there is room for the answer to an operation of this
// cost. The claim is released when the answer is written. A nil Lanes has room
// for everything.
func (l *Lanes) claimAnswer(ctx context.Context, holder string, cost, most int) (*backlog.Claim, error) {
	if l == nil {
		return nil, nil
	}
	size := min(int64(cost)*answerBytesPerCost, int64(most))
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
