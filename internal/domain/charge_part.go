package domain

import (
	"math/big"
	"time"
)

// Part is a part of a month that is paid for by the terms of one plan.
type Part struct {
	// Before are the calls of the same month that come before the part's, whatever was paid
	// for them; Calls are the part's own. Neither is negative.
	Before, Calls int
	// Share is the part's length by that of the month, from 0 to 1.
	Share *big.Rat
}

// ChargeOfPart returns what a part of a month costs by a plan, in a currency with so many
// digits behind the point; nil for a plan without a price.
//
// What a month includes, and its tiers, are counted from its first call, whichever plan that
// went by: a part costs what the plan's charge of a month with its calls is above that of
// the calls before it. So parts by one price cost together what the whole month does, but for
// the rounding of their lines, and nobody gets included calls or low tiers anew by changing
// to and fro. A fee is paid by time: its Share.
func ChargeOfPart(kind PlanKind, p *Price, part Part, digits int) *Charge {
	if p == nil {
		return nil
	}
	var lines []ChargeLine
	switch kind {
	case PlanSubscription:
		lines = chargeLines(kind, p, 0)
	case PlanMetered:
		beyond := func(calls int) int { return max(calls-p.IncludedCalls, 0) }
		lines = []ChargeLine{{Calls: beyond(part.Before+part.Calls) - beyond(part.Before), UnitAmount: p.Amount, Unit: p.Unit}}
	case PlanTiered:
		lines = tierLinesBetween(p, part.Before, part.Before+part.Calls)
	}
	return priced(p, part.Calls, lines, digits, part.Share)
}

// tierLinesBetween returns the lines of a number of calls that are beyond another: each tier
// less what of it came before.
func tierLinesBetween(p *Price, from, to int) (out []ChargeLine) {
	before := tierLines(p, from)
	for i, l := range tierLines(p, to) {
		if i < len(before) {
			l.Calls -= before[i].Calls
		}
		if l.Calls > 0 {
			out = append(out, l)
		}
	}
	return out
}

// ShareOf returns the length of a time by that of the month that it is part of, which is not
// empty: exactly, to the microsecond.
func ShareOf(from, to, monthStart, monthEnd time.Time) *big.Rat {
	return big.NewRat(to.Sub(from).Microseconds(), monthEnd.Sub(monthStart).Microseconds())
}
