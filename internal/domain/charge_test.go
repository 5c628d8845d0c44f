package domain_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "portico/internal/domain"
)

// TestChargeOf has the arithmetic done by hand.
func TestChargeOf(t *testing.T) {
	metered := &Price{Amount: "0.50", Currency: "EUR", Unit: 1000, IncludedCalls: 10_000}
	tiered := &Price{Amount: "0.40", Currency: "EUR", Unit: 1000, Tiers: []PriceTier{{new(100_000), "0.40"}, {new(1_000_000), "0.30"}, {nil, "0.20"}}}
	flat := &Price{Amount: "0.40", Currency: "EUR", Unit: 1000}
	for _, c := range []struct {
		kind   PlanKind
		price  *Price
		calls  int
		digits int
		want   string
		lines  string
	}{
		{PlanFree, &Price{Amount: "0.00", Currency: "EUR"}, 5, 2, "0.00", ""},
		{PlanSubscription, &Price{Amount: "49.00", Currency: "EUR"}, 0, 2, "49.00", " 0×49.00=49.00"},
		{PlanSubscription, &Price{Amount: "49.00", Currency: "EUR"}, 9_000_000, 2, "49.00", " 0×49.00=49.00"},
		{PlanMetered, metered, 0, 2, "0.00", " 0×0.50=0.00"},
		{PlanMetered, metered, 10_000, 2, "0.00", " 0×0.50=0.00"},
		{PlanMetered, metered, 10_009, 2, "0.00", " 9×0.50=0.00"},
		{PlanMetered, metered, 10_010, 2, "0.01", " 10×0.50=0.01"}, // half a cent
		{PlanMetered, metered, 11_500, 2, "0.75", " 1500×0.50=0.75"},
		{PlanMetered, &Price{Amount: "1.00", Currency: "JPY", Unit: 3}, 4, 0, "1", " 4×1.00=1"},
		{PlanMetered, &Price{Amount: "1.00", Currency: "KWD", Unit: 3}, 4, 3, "1.333", " 4×1.00=1.333"},
		{PlanMetered, &Price{Amount: "999999999999.999999", Currency: "EUR", Unit: 1}, MaxChargedCalls, 2, "999999999999999999000000.00", " 1000000000000×999999999999.999999=999999999999999999000000.00"},
		{PlanTiered, tiered, 0, 2, "0.00", ""},
		{PlanTiered, tiered, 100_000, 2, "40.00", " 100000×0.40=40.00"},
		{PlanTiered, tiered, 100_001, 2, "40.00", " 100000×0.40=40.00 1×0.30=0.00"},
		{PlanTiered, tiered, 2_000_000, 2, "510.00", " 100000×0.40=40.00 900000×0.30=270.00 1000000×0.20=200.00"},
		{PlanTiered, flat, 2_000_000, 2, "800.00", " 2000000×0.40=800.00"},
	} {
		got := ChargeOf(c.kind, c.price, c.calls, c.digits)
		lines := ""
		for _, l := range got.Lines {
			lines += fmt.Sprintf(" %d×%s=%s", l.Calls, l.UnitAmount, l.Amount)
			require.Equal(t, c.price.Unit, l.Unit)
		}
		require.Equal(t, []any{c.want, c.lines, c.calls, c.price.Currency}, []any{got.Amount, lines, got.Calls, got.Currency}, "%v %d", c.kind, c.calls)
	}
	require.Nil(t, ChargeOf(PlanFree, nil, 1, 2))
}

// A charge never falls when calls come in addition; one more call costs at most its own
// price, and what rounding adds to a line, at the borders of tiers as well; each call is in
// one line; and the lines add up.
func TestChargesRiseEvenly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, p := drawPrice(t)
		digits := rapid.SampledFrom([]int{0, 2, 3}).Draw(t, "digits")
		borders := []int{0, p.IncludedCalls}
		highest := number(p.Amount)
		for _, tier := range p.Tiers {
			if tier.UpTo != nil {
				borders = append(borders, *tier.UpTo)
			}
			if a := number(tier.Amount); a.Cmp(highest) > 0 {
				highest = a
			}
		}
		n := max(rapid.SampledFrom(borders).Draw(t, "border")+rapid.IntRange(-3, 3).Draw(t, "beside"), 0)
		less, more := ChargeOf(kind, p, n, digits), ChargeOf(kind, p, n+1, digits)
		step := new(big.Rat).Sub(number(more.Amount), number(less.Amount))
		if step.Sign() < 0 {
			t.Fatalf("%s for %d calls, %s for one more", less.Amount, n, more.Amount)
		}
		most := new(big.Rat)
		if p.Unit > 0 {
			most.Quo(highest, big.NewRat(int64(p.Unit), 1))
		}
		for range len(more.Lines) + len(less.Lines) { // each rounded by half a unit of the last digit at most
			most.Add(most, new(big.Rat).Quo(big.NewRat(1, 2), new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))))
		}
		if step.Cmp(most) > 0 {
			t.Fatalf("the call %d costs %s", n+1, step.FloatString(9))
		}
		sum, calls := new(big.Rat), 0
		for _, l := range more.Lines {
			sum.Add(sum, number(l.Amount))
			calls += l.Calls
		}
		if sum.Cmp(number(more.Amount)) != 0 {
			t.Fatalf("the lines of %s are %s", more.Amount, sum.FloatString(9))
		}
		if want := max(n+1-p.IncludedCalls, 0); kind != PlanSubscription && calls != want {
			t.Fatalf("%d of %d calls", calls, want)
		}
	})
}

func number(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

func drawPrice(t *rapid.T) (PlanKind, *Price) {
	amount := rapid.StringMatching(`[0-9]{1,4}(\.[0-9]{1,6})?`)
	kind := rapid.SampledFrom([]PlanKind{PlanSubscription, PlanMetered, PlanTiered}).Draw(t, "kind")
	p := &Price{Amount: amount.Draw(t, "amount"), Currency: "EUR"}
	if kind != PlanSubscription {
		p.Unit = rapid.IntRange(1, 2000).Draw(t, "unit")
	}
	if kind == PlanMetered {
		p.IncludedCalls = rapid.IntRange(0, 1000).Draw(t, "included")
	}
	if kind == PlanTiered {
		upTo := 0
		for range rapid.IntRange(0, 5).Draw(t, "tiers") {
			upTo += rapid.IntRange(1, 50).Draw(t, "width")
			p.Tiers = append(p.Tiers, PriceTier{new(upTo), amount.Draw(t, "of the tier")})
		}
		if p.Tiers != nil {
			p.Tiers = append(p.Tiers, PriceTier{nil, amount.Draw(t, "of the last tier")})
		}
	}
	return kind, p
}
