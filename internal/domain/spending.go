package domain

import (
	"math/big"
	"sort"
)

// MayCapSpending reports whether plans of a kind charge for calls, so that a cap on what a
// month may cost bounds their number.
func MayCapSpending(kind PlanKind) bool { return kind == PlanMetered || kind == PlanTiered }

// CallsWithin returns the greatest number of calls of a month whose charge, as ChargeOf has it,
// is at most a cap in the price's currency. It is unbounded if that is MaxChargedCalls or
// more, as for a price of 0, and if the kind is not charged by calls or the cap is no number.
//
// A charge never falls when calls come in addition, so the number is found by halving.
func CallsWithin(kind PlanKind, p *Price, limit string, digits int) (calls int, bounded bool) {
	most, ok := new(big.Rat).SetString(limit)
	if !ok || p == nil || !MayCapSpending(kind) {
		return 0, false
	}
	n := sort.Search(MaxChargedCalls, func(n int) bool {
		amount, _ := new(big.Rat).SetString(ChargeOf(kind, p, n+1, digits).Amount) // of the next call
		return amount.Cmp(most) > 0
	})
	return n, n < MaxChargedCalls
}
