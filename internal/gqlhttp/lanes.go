package gqlhttp

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

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

// Lanes bound what runs at once: cheap operations by the sum of their costs,
// heavy ones by number, so that a processor is left for all else. Who finds no
// room waits in line for a short time, heavy ones apart from cheap ones.
type Lanes struct{ quick, heavy lane }

// lane lets operations in as long as there is room.
type lane struct {
	room    *semaphore.Weighted
	size    int64
	waiting atomic.Int64
	most    int64
}

// NewLanes makes the lanes of one server; all its handlers share them.
func NewLanes() *Lanes {
	l := &Lanes{}
	l.quick.init(quickRoom, quickQueue)
	l.heavy.init(max(1, int64(runtime.GOMAXPROCS(0))/2), heavyQueue)
	return l
}

func (l *lane) init(size, most int64) {
	l.room, l.size, l.most = semaphore.NewWeighted(size), size, most
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
			return nil, err
		}
	}
	return func() { l.room.Release(weight) }, nil
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

func busy() error {
	return fault.Later(fault.Unavailable, fault.ReasonBusy, time.Second, "The server is busy: try again in a moment.")
}
