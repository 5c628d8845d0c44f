package redislimits

import (
	"sync/atomic"
	"time"
)

// breaker leaves Redis alone for a while after a failure.
type breaker struct {
	pause time.Duration
	mono  func() time.Duration
	// until is when one call may try again; 0: all may.
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

// allows reports whether a call may ask Redis. After the pause that is one call,
// and the next one a pause later unless heard tells before how it went.
func (b *breaker) allows() bool {
	until := b.until.Load()
	if until == 0 {
		return true
	}
	now := b.mono()
	return int64(now) >= until && b.until.CompareAndSwap(until, int64(now+b.pause))
}

// heard is told how an allowed call went, and reports whether that is news.
func (b *breaker) heard(err error) (changed bool) {
	if err != nil {
		return b.until.Swap(max(1, int64(b.mono()+b.pause))) == 0
	}
	return b.until.Load() != 0 && b.until.Swap(0) != 0
}
