package limits

import (
	"math"
	"math/bits"
	"time"

	"portico/internal/domain"
)

// Rate is how fast calls may come: Limit calls in each Per on the average, and
// Burst at once. The zero Rate is no limit.
type Rate struct {
	Limit int
	Per   time.Duration
	Burst int
}

// RateOf converts the stored form; nil is no limit. A Burst below 1 is the Limit.
func RateOf(r *domain.RateLimit) Rate {
	if r == nil {
		return Rate{}
	}
	out := Rate{Limit: r.Limit, Burst: r.Burst}
	switch r.Per {
	case domain.PerSecond:
		out.Per = time.Second
	case domain.PerMinute:
		out.Per = time.Minute
	case domain.PerHour:
		out.Per = time.Hour
	}
	if out.Burst < 1 {
		out.Burst = out.Limit
	}
	return out
}

// None tells that there is no limit.
func (r Rate) None() bool { return r.Limit <= 0 || r.Per < time.Microsecond }

// Unit is what one call adds to a Debt.
func (r Rate) Unit() int64 { return r.Per.Microseconds() }

// Capacity is the calls that fit at once. The bound keeps Debt, whose unit is
// at most an hour's, inside an int64.
func (r Rate) Capacity() int64 { return int64(min(max(r.Burst, 1), math.MaxInt32)) }

// Debt is how full a bucket is, exactly: calls times Per in microseconds. Each
// microsecond takes Limit away.
type Debt int64

// drained is the debt after some microseconds.
func (d Debt) drained(r Rate, elapsed int64) Debt {
	// Compared in microseconds, as the product may overflow.
	if elapsed > int64(d)/int64(r.Limit) {
		return 0
	}
	return d - Debt(max(elapsed, 0)*int64(r.Limit))
}

// converted keeps the number of calls when the unit changes.
func (d Debt) converted(from, to int64) Debt {
	hi, lo := bits.Mul64(uint64(d), uint64(to))
	if hi >= uint64(from) {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(hi, lo, uint64(from))
	return Debt(min(quotient, math.MaxInt64))
}

// room reports whether cost more calls fit.
func (d Debt) room(r Rate, cost int64) bool {
	return cost <= r.Capacity() && int64(d) <= (r.Capacity()-cost)*r.Unit()
}

// wait is the time until cost calls fit, rounded up to a microsecond; ok is
// false if they never do.
func (d Debt) wait(r Rate, cost int64) (wait time.Duration, ok bool) {
	if cost > r.Capacity() {
		return 0, false
	}
	over := int64(d) - (r.Capacity()-cost)*r.Unit()
	return microseconds(over, r), true
}

// microseconds is the time that takes over away, rounded up.
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

// remaining is the calls of cost 1 that fit.
func (d Debt) remaining(r Rate) int64 {
	return max(0, (r.Capacity()*r.Unit()-int64(d))/r.Unit())
}

// window returns what the debt means for callers.
func (d Debt) window(r Rate, now time.Time) Window {
	return Window{
		Limit:     int64(r.Limit),
		Remaining: d.remaining(r),
		ResetAt:   now.Add(microseconds(int64(d), r)),
		Per:       r.Per,
	}
}
