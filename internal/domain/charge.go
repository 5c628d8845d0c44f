package domain

import "math/big"

// MaxChargedCalls is the greatest number of calls of a month that a charge is computed for,
// and the greatest bound of a tier.
const MaxChargedCalls = 1_000_000_000_000

// Charge is what a plan costs for a month with a number of calls.
type Charge struct {
	Calls int
	// Amount is the sum of the lines, a decimal number in Currency.
	Amount   string
	Currency string
	// Lines are what it is made of: the fee of a SUBSCRIPTION, the calls of a METERED plan,
	// and each tier that was reached of a TIERED one.
	Lines []ChargeLine
}

// ChargeLine is a part of a charge.
type ChargeLine struct {
	// Calls are those that the line is for; 0 for a fee.
	Calls int `json:"calls,omitempty"`
	// UnitAmount is what Unit calls cost, or the fee if Unit is 0.
	UnitAmount string `json:"unitAmount"`
	Unit       int    `json:"unit,omitempty"`
	// Amount is rounded, half away from zero, to the digits of the currency.
	Amount string `json:"amount"`
}

// ChargeOf returns what a plan of a kind costs for a month with so many calls, from 0 to
// MaxChargedCalls, in a currency with so many digits behind the point; nil for a plan
// without a price.
//
// Calls cost their part of a unit: 500 calls of a unit of 1000 cost half of its amount. Each
// line is rounded by itself and the charge is their sum, so that an invoice with these lines
// adds up. It never falls when calls come in addition. It is computed by fractions, so that
// nothing is rounded but the lines.
func ChargeOf(kind PlanKind, p *Price, calls, digits int) *Charge {
	if p == nil {
		return nil
	}
	return priced(p, calls, chargeLines(kind, p, calls), digits, big.NewRat(1, 1))
}

// priced returns the charge of lines; a fee costs a share of it.
func priced(p *Price, calls int, lines []ChargeLine, digits int, share *big.Rat) *Charge {
	out := &Charge{Calls: calls, Currency: p.Currency, Lines: lines}
	sum := new(big.Rat)
	for i, l := range lines {
		cost := costOf(l)
		if l.Unit == 0 {
			cost.Mul(cost, share)
		}
		lines[i].Amount = cost.FloatString(digits)
		rounded, _ := new(big.Rat).SetString(lines[i].Amount)
		sum.Add(sum, rounded)
	}
	out.Amount = sum.FloatString(digits)
	return out
}

// chargeLines returns the lines without their amounts.
func chargeLines(kind PlanKind, p *Price, calls int) []ChargeLine {
	switch kind {
	case PlanSubscription:
		return []ChargeLine{{UnitAmount: p.Amount}}
	case PlanMetered:
		return []ChargeLine{{Calls: max(calls-p.IncludedCalls, 0), UnitAmount: p.Amount, Unit: p.Unit}}
	case PlanTiered:
		return tierLines(p, calls)
	}
	return nil // free
}

func tierLines(p *Price, calls int) (out []ChargeLine) {
	tiers := p.Tiers
	if len(tiers) == 0 {
		tiers = []PriceTier{{Amount: p.Amount}}
	}
	below := 0
	for _, t := range tiers {
		upTo := calls
		if t.UpTo != nil {
			upTo = min(calls, *t.UpTo)
		}
		if upTo <= below {
			break
		}
		out = append(out, ChargeLine{Calls: upTo - below, UnitAmount: t.Amount, Unit: p.Unit})
		below = upTo
	}
	return out
}

// costOf returns a line's exact amount. Amounts that are no numbers, which are not stored,
// cost nothing.
func costOf(l ChargeLine) *big.Rat {
	amount, ok := new(big.Rat).SetString(l.UnitAmount)
	if !ok {
		return new(big.Rat)
	}
	if l.Unit == 0 {
		return amount
	}
	return amount.Mul(amount, big.NewRat(int64(l.Calls), int64(l.Unit)))
}
