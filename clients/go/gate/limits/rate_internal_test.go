package limits

import (
	"math"
	"testing"
	"time"

	"portico/clients/go/gate/access"
)

func TestNone(t *testing.T) {
	for _, c := range []struct {
		rate Rate
		none bool
	}{
		{Rate{}, true}, {Rate{Limit: 1}, true}, {Rate{Per: time.Second}, true}, {Rate{Limit: -1, Per: time.Second}, true},
		{Rate{Limit: 1, Per: time.Microsecond - 1}, true}, {Rate{Limit: 1, Per: time.Microsecond}, false}, {Rate{Limit: 1, Per: time.Hour}, false},
	} {
		if c.rate.None() != c.none {
			t.Errorf("%+v", c.rate)
		}
	}
}

func TestBursts(t *testing.T) {
	for burst, want := range map[int]int{-1: 9, 0: 9, 1: 1, 2: 2} {
		if got := RateOf(&access.RateLimit{Limit: 9, Per: access.PerSecond, Burst: burst}).Burst; got != want {
			t.Errorf("a burst of %d became %d", burst, got)
		}
	}
}

// A debt is converted without overflow: what does not fit is the greatest one.
func TestConverted(t *testing.T) {
	for _, c := range []struct {
		d        Debt
		from, to int64
		want     Debt
	}{
		{0, 1, 2, 0}, {10, 2, 3, 15}, {7, 2, 1, 3}, {math.MaxInt64, 5, 5, math.MaxInt64}, {math.MaxInt64, 1, 2, math.MaxInt64},
		{math.MaxInt64, 1, 4, math.MaxInt64}, {math.MaxInt64, 1, math.MaxInt64, math.MaxInt64}, {math.MaxInt64, 2, 1, math.MaxInt64 / 2},
	} {
		if got := c.d.converted(c.from, c.to); got != c.want {
			t.Errorf("%d of %d in %d is %d, not %d", c.d, c.from, c.to, got, c.want)
		}
	}
}

// What never fits has no time to wait for.
func TestWait(t *testing.T) {
	r := Rate{Limit: 2, Per: time.Second, Burst: 3}
	for _, c := range []struct {
		d    Debt
		cost int64
		want time.Duration
		ok   bool
	}{
		{0, 3, 0, true}, {0, 4, 0, false}, {3_000_000, 1, time.Second / 2, true}, {3_000_000, 3, 3 * time.Second / 2, true}, {2_000_001, 1, time.Microsecond, true}, {2_000_000, 1, 0, true},
	} {
		if got, ok := c.d.wait(r, c.cost); got != c.want || ok != c.ok {
			t.Errorf("%d for %d: %s %t", c.d, c.cost, got, ok)
		}
	}
}
