package redislimits

import (
	"sync/atomic"
	"time"
)

// breaker stops calls of Redis for a pause after a failure.
type breaker struct {
	pause time.Duration
	mono  func() time.Duration
	// until is the time after which one call may try again; 0: all may.
	until atomic.Int64
}

func (b *breaker) init() {
	if b.pause <= 0 {
		b.pause = Pause
	}
	if b.mono == nil {
		began := time.Now()
		b.mono = func() time.Duration { return time.Since(began) }
	}
}

// allows reports whether a call may ask Redis. After the pause it allows one call,
// and another one a pause later unless record is called with the result of the first one before.
func (b *breaker) allows() bool {
	until := b.until.Load()
	if until == 0 {
		return true
	}
	now := b.mono()
	return int64(now) >= until && b.until.CompareAndSwap(until, int64(now+b.pause))
}

// record records the result of an allowed call, and reports whether Redis has become
// available or unavailable by it.
func (b *breaker) record(err error) (changed bool) {
	if err != nil {
		return b.until.Swap(max(1, int64(b.mono()+b.pause))) == 0
	}
	return b.until.Load() != 0 && b.until.Swap(0) != 0
}
