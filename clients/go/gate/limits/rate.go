package limits

import (
	"math"
	"math/bits"
	"time"

	"portico/clients/go/gate/access"
)

// Rate is a rate limit: Limit calls in each Per on average, and Burst at once. The
// zero Rate means no limit.
type Rate struct {
	Limit int
	Per   time.Duration
	Burst int
}

// RateOf converts the stored form; nil means no limit. A Burst below 1 means Limit.
func RateOf(r *access.RateLimit) Rate {
	if r == nil {
		return Rate{}
	}
	out := Rate{Limit: r.Limit, Burst: r.Burst}
	switch r.Per {
	case access.PerSecond:
		out.Per = time.Second
	case access.PerMinute:
		out.Per = time.Minute
	case access.PerHour:
		out.Per = time.Hour
	}
	if out.Burst < 1 {
		out.Burst = out.Limit
	}
	return out
}

// None reports whether there is no limit.
func (r Rate) None() bool { return r.Limit <= 0 || r.Per < time.Microsecond }

// Unit returns what one call adds to a Debt.
func (r Rate) Unit() int64 { return r.Per.Microseconds() }

// Capacity returns the number of calls that fit at once. Its bound keeps a Debt, whose
// unit is at most that of an hour, within an int64.
func (r Rate) Capacity() int64 { return int64(min(max(r.Burst, 1), math.MaxInt32)) }

// Debt is the exact fill level of a bucket: calls times Per in microseconds. Each
// microsecond drains Limit.
type Debt int64

// drained returns the debt after a time in microseconds.
func (d Debt) drained(r Rate, elapsed int64) Debt {
	// Compared in microseconds, as the product may overflow.
	if elapsed > int64(d)/int64(r.Limit) {
		return 0
	}
	return d - Debt(max(elapsed, 0)*int64(r.Limit))
}

// converted returns the debt of the same number of calls in another unit.
func (d Debt) converted(from, to int64) Debt {
	hi, lo := bits.Mul64(uint64(d), uint64(to))
	if hi >= uint64(from) {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(hi, lo, uint64(from))
	return Debt(min(quotient, math.MaxInt64))
}

// room reports whether calls of a total cost fit.
func (d Debt) room(r Rate, cost int64) bool {
	return cost <= r.Capacity() && int64(d) <= (r.Capacity()-cost)*r.Unit()
}

// wait returns the time until a call of a cost fits, rounded up to a microsecond; ok
// is false if it never will.
func (d Debt) wait(r Rate, cost int64) (wait time.Duration, ok bool) {
	if cost > r.Capacity() {
		return 0, false
	}
	over := int64(d) - (r.Capacity()-cost)*r.Unit()
	return microseconds(over, r), true
}

// microseconds returns the time in which over drains, rounded up.
func microseconds(over int64, r Rate) time.Duration {
	if over <= 0 {
		return 0
	}
	whole := over / int64(r.Limit)
	if over%int64(r.Limit) != 0 {
		whole++
	}
	return time.Duration(min(whole, math.MaxInt64/1000)) * time.Microsecond
}

// remaining returns the number of calls of cost 1 that fit.
func (d Debt) remaining(r Rate) int64 {
	return max(0, (r.Capacity()*r.Unit()-int64(d))/r.Unit())
}

// window returns the state of the limit for callers.
func (d Debt) window(r Rate, now time.Time) Window {
	return Window{
		Limit:     int64(r.Limit),
		Remaining: d.remaining(r),
		ResetAt:   now.Add(microseconds(int64(d), r)),
		Per:       r.Per,
	}
}
