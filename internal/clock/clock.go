// Package clock is the only source of the current time. Code that needs the time
// takes a Clock, so that tests can advance it instead of waiting.
package clock

import (
	"sync"
	"time"
)

// Clock returns the time in UTC, in whole microseconds: the resolution of both
// databases, so that a time read back equals the time written.
type Clock interface{ Now() time.Time }

// System is the machine's clock.
type System struct{}

// Now returns the machine's time.
func (System) Now() time.Time { return Whole(time.Now()) }

// Whole returns t as it is stored: in UTC, in whole microseconds.
func Whole(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Fake is a clock that changes only when Advance is called. It is safe for
// concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// NewFake returns a clock set to t.
func NewFake(t time.Time) *Fake { return &Fake{now: Whole(t)} }

// Now returns the time the clock was set to.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock forward by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = Whole(f.now.Add(d))
}

// MaxSkew is the most by which the clocks of one installation may be apart. A
// stored time that is further ahead of now was written by a clock that is wrong.
const MaxSkew = 5 * time.Minute
