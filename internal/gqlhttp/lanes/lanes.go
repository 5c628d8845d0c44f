// Package lanes bounds what GraphQL requests take at once: processors, and memory for
// requests and answers. Operations wait in the lane of their kind, so that expensive
// ones cannot keep cheap ones waiting.
package lanes

import (
	"context"
	"runtime"
	"time"

	"portico/internal/backlog"
	"portico/internal/fault"
)

const (
	// Heavy is the cost from which an operation waits in the heavy lane, whose
	// few operations may use most of a processor.
	Heavy = 10_000
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
type Lanes struct{ quick, heavy, small, large, bodies *backlog.Room }

// New returns the lanes of one server, shared by all its GraphQL handlers.
// answerBytes is the size of the largest answer.
func New(answerBytes int) *Lanes {
	most, processors := int64(answerBytes), int64(runtime.GOMAXPROCS(0))
	shared := func(size int64, queue int) *backlog.Room { return backlog.NewRoom(size, size, queue) }
	return &Lanes{
		quick:  shared(quickRoom, quickQueue),
		heavy:  shared(max(1, processors/2), heavyQueue),
		small:  backlog.NewRoom(smallRoom, smallShare, quickQueue),
		large:  backlog.NewRoom(largeRoom*most, largeShare*most, quickQueue),
		bodies: backlog.NewRoom(bodyRoom, bodyShare, quickQueue),
	}
}

// Load returns how full a lane is: how much of its size is in use, how many
// operations wait, and how many were refused.
type Load = func() (used, size, waiting, refused int64)

// Loads returns the load of each lane by its name: cheap operations by the sum
// of their costs, heavy ones by number, answers and requests by bytes.
func (l *Lanes) Loads() map[string]Load {
	return map[string]Load{
		"quick": l.quick.Load, "heavy": l.heavy.Load,
		"small_answers": l.small.Load, "large_answers": l.large.Load, "bodies": l.bodies.Load,
	}
}

// Enter waits until an operation of this cost may run; the claim is released when
// it has ended. A nil Lanes admits everything.
func (l *Lanes) Enter(ctx context.Context, cost int) (*backlog.Claim, error) {
	if l == nil {
		return nil, nil
	}
	lane, size := l.quick, int64(cost)+quickLeast
	if cost >= Heavy {
		lane, size = l.heavy, 1
	}
	return claimed(lane.EnterWithin(ctx, patience, "", size))
}

// ClaimBody waits until there is room for a request of the given length, -1 if
// unknown, and of at most most bytes. The claim is released when the request is
// answered.
func (l *Lanes) ClaimBody(ctx context.Context, holder string, length, most int64) (*backlog.Claim, error) {
	if l == nil || length >= 0 && length <= bodyFree {
		return nil, nil
	}
	if length < 0 || length > most {
		length = most
	}
	return claimed(l.bodies.Enter(ctx, holder, length))
}

// ClaimAnswer waits until there is room for the answer to an operation of this
// cost. The claim is released when the answer is written. A nil Lanes has room
// for everything.
func (l *Lanes) ClaimAnswer(ctx context.Context, holder string, cost, most int) (*backlog.Claim, error) {
	if l == nil {
		return nil, nil
	}
	size := min(int64(cost)*answerBytesPerCost, int64(most))
	room := l.small
	if size > small {
		room = l.large
	}
	return claimed(room.Enter(ctx, holder, size))
}

// claimed returns a claim that was made, or an error for clients if there was no
// room.
func claimed(claim *backlog.Claim, ok bool) (*backlog.Claim, error) {
	if !ok {
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "The server is busy: try again in a moment.")
	}
	return claim, nil
}
