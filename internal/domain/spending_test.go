package domain_test

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"portico/internal/domain"
)

// The number is the greatest: so many calls cost at most the cap, and one more costs more.
func TestCallsWithinIsTheGreatestNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := func(name string) string {
			return fmt.Sprintf("%d.%06d", rapid.IntRange(0, 3).Draw(t, name), rapid.IntRange(0, 999_999).Draw(t, name+", behind the point"))
		}
		p := &domain.Price{Amount: amount("price"), Currency: "EUR", Unit: rapid.IntRange(1, 2_000_000_000).Draw(t, "unit")}
		kind := domain.PlanMetered
		if rapid.Bool().Draw(t, "metered") {
			p.IncludedCalls = rapid.IntRange(0, 1_000_000).Draw(t, "included")
		} else {
			kind = domain.PlanTiered
			below := 0
			for range rapid.IntRange(0, 4).Draw(t, "tiers") {
				below += rapid.IntRange(1, 1_000_000).Draw(t, "calls of a tier")
				p.Tiers = append(p.Tiers, domain.PriceTier{UpTo: new(below), Amount: amount("price of a tier")})
			}
			p.Tiers = append(p.Tiers, domain.PriceTier{Amount: amount("price of the last tier")})
			p.Amount = p.Tiers[0].Amount
		}
		digits := rapid.SampledFrom([]int{0, 2, 3}).Draw(t, "digits")
		limit := fmt.Sprintf("%d.%02d", rapid.IntRange(0, 5000).Draw(t, "cap"), rapid.IntRange(0, 99).Draw(t, "cents"))
		most, _ := new(big.Rat).SetString(limit)
		cost := func(calls int) *big.Rat {
			r, _ := new(big.Rat).SetString(domain.ChargeOf(kind, p, calls, digits).Amount)
			return r
		}
		n, bounded := domain.CallsWithin(kind, p, limit, digits)
		if cost(n).Cmp(most) > 0 {
			t.Fatalf("%d calls cost %s, the cap is %s", n, cost(n).FloatString(6), limit)
		}
		if bounded && cost(n+1).Cmp(most) <= 0 {
			t.Fatalf("one more than %d calls costs %s, the cap is %s", n, cost(n+1).FloatString(6), limit)
		}
		if !bounded && n != domain.MaxChargedCalls {
			t.Fatalf("%d calls, unbounded", n)
		}
	})
}

func TestCallsWithin(t *testing.T) {
	metered := func(amount string, unit, included int) *domain.Price {
		return &domain.Price{Amount: amount, Currency: "EUR", Unit: unit, IncludedCalls: included}
	}
	for name, c := range map[string]struct {
		kind    domain.PlanKind
		price   *domain.Price
		limit   string
		calls   int
		bounded bool
	}{
		"whole units":             {domain.PlanMetered, metered("2.00", 1000, 0), "10", 5002, true}, // 10.004 is rounded to 10.00
		"included calls":          {domain.PlanMetered, metered("1.00", 1, 100), "2.50", 102, true},
		"of a cap of nothing":     {domain.PlanMetered, metered("1.00", 1, 100), "0", 100, true},
		"not even one":            {domain.PlanMetered, metered("1.00", 1, 0), "0.99", 0, true},
		"a price of nothing":      {domain.PlanMetered, metered("0", 1, 0), "1", domain.MaxChargedCalls, false},
		"more than are charged":   {domain.PlanMetered, metered("0.000001", 2_000_000_000, 0), "999999999999", domain.MaxChargedCalls, false},
		"one tier":                {domain.PlanTiered, metered("0.50", 1, 0), "2", 4, true},
		"a plan with a fee":       {domain.PlanSubscription, metered("5.00", 0, 0), "1", 0, false},
		"a cap that is no number": {domain.PlanMetered, metered("1", 1, 0), "much", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if n, bounded := domain.CallsWithin(c.kind, c.price, c.limit, 2); n != c.calls || bounded != c.bounded {
				t.Errorf("%d, bounded %t; want %d, %t", n, bounded, c.calls, c.bounded)
			}
		})
	}
}
