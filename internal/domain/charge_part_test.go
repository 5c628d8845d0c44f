package domain_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "portico/internal/domain"
)

// TestChargeOfPart has the arithmetic done by hand.
func TestChargeOfPart(t *testing.T) {
	whole := big.NewRat(1, 1)
	fee := &Price{Amount: "49.00", Currency: "EUR"}
	metered := &Price{Amount: "0.50", Currency: "EUR", Unit: 1000, IncludedCalls: 10_000}
	tiered := &Price{Amount: "0.40", Currency: "EUR", Unit: 1000, Tiers: []PriceTier{{new(100_000), "0.40"}, {new(1_000_000), "0.30"}, {nil, "0.20"}}}
	for _, c := range []struct {
		kind  PlanKind
		price *Price
		part  Part
		want  string
		lines int
	}{
		{PlanFree, fee, Part{0, 5, whole}, "0.00", 0},
		{PlanSubscription, fee, Part{0, 5, whole}, "49.00", 1},
		{PlanSubscription, fee, Part{9, 5, big.NewRat(1, 2)}, "24.50", 1},
		{PlanSubscription, fee, Part{9, 5, big.NewRat(1, 3)}, "16.33", 1},
		{PlanSubscription, fee, Part{9, 5, new(big.Rat)}, "0.00", 1},
		{PlanMetered, metered, Part{0, 12_000, new(big.Rat)}, "1.00", 1},
		{PlanMetered, metered, Part{9_000, 3_000, whole}, "1.00", 1},
		{PlanMetered, metered, Part{20_000, 3_000, whole}, "1.50", 1},
		{PlanTiered, tiered, Part{90_000, 20_000, whole}, "7.00", 2},
		{PlanTiered, tiered, Part{100_000, 1, whole}, "0.00", 1},
		{PlanTiered, tiered, Part{99_000, 2_001_000, whole}, "490.40", 3},
		{PlanTiered, tiered, Part{5, 0, whole}, "0.00", 0},
		{PlanTiered, tiered, Part{9_007_199_254_740_991, 9_007_199_254_740_991, whole}, "1801439850948.20", 1},
	} {
		got := ChargeOfPart(c.kind, c.price, c.part, 2)
		require.Equal(t, []any{c.want, c.lines, c.part.Calls}, []any{got.Amount, len(got.Lines), got.Calls}, "%v %+v", c.kind, c.part)
	}
	require.Nil(t, ChargeOfPart(PlanMetered, nil, Part{0, 1, whole}, 2))
}

// Parts of a month by one price cost together what the whole month does, up to half of the
// smallest coin for each line; further calls never make a part cheaper; and the order in which
// calls come makes no difference.
func TestPartsOfAMonthAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, p := drawPrice(t)
		digits := rapid.SampledFrom([]int{0, 2, 3}).Draw(t, "digits")
		half := new(big.Rat).Quo(big.NewRat(1, 2), new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)))
		var total int
		sum, allowed, time := new(big.Rat), new(big.Rat), rapid.IntRange(1, 12).Draw(t, "slices")
		shares := time
		for shares > 0 {
			n := rapid.IntRange(1, shares).Draw(t, "share")
			shares -= n
			part := Part{Before: total, Calls: rapid.IntRange(0, 400).Draw(t, "calls"), Share: big.NewRat(int64(n), int64(time))}
			c := ChargeOfPart(kind, p, part, digits)
			more := part
			more.Calls++
			if number(ChargeOfPart(kind, p, more, digits).Amount).Cmp(number(c.Amount)) < 0 {
				t.Fatalf("one call more than %d is cheaper", part.Calls)
			}
			if number(c.Amount).Sign() < 0 {
				t.Fatalf("%s is negative", c.Amount)
			}
			sum.Add(sum, number(c.Amount))
			for range c.Lines {
				allowed.Add(allowed, half)
			}
			total += part.Calls
		}
		whole := ChargeOf(kind, p, total, digits)
		for range whole.Lines {
			allowed.Add(allowed, half)
		}
		if off := new(big.Rat).Sub(sum, number(whole.Amount)); off.Abs(off).Cmp(allowed) > 0 {
			t.Fatalf("%s in parts, %s in one", sum.FloatString(6), whole.Amount)
		}
	})
}

// A month in which the clock changes has its own length, so that the shares of its parts are
// one together.
func TestSharesOfAMonthWithAChangeOfTheClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	from, to := time.Date(2026, 10, 1, 0, 0, 0, 0, berlin), time.Date(2026, 11, 1, 0, 0, 0, 0, berlin)
	require.Equal(t, 745*time.Hour, to.Sub(from))
	change := time.Date(2026, 10, 25, 2, 30, 0, 0, berlin)
	first, second := ShareOf(from, change, from, to), ShareOf(change, to, from, to)
	require.Zero(t, new(big.Rat).Add(first, second).Cmp(big.NewRat(1, 1)))
	require.Zero(t, ShareOf(from, to, from, to).Cmp(big.NewRat(1, 1)))
	require.Zero(t, ShareOf(from, from, from, to).Sign())
}
