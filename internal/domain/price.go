package domain

import (
	"math/big"
	"strings"
)

// PriceDifference returns by how much a price differs from an earlier one, negative if it
// is lower; nil is free of charge. It returns nil if both are free, and if no one number
// says it: the prices are in two currencies or not for the same number of calls, or one
// has tiers or other included calls.
func PriceDifference(before, after *Price) *Price {
	switch {
	case before == nil && after == nil:
		return nil
	case before == nil:
		before = &Price{Amount: "0", Currency: after.Currency, Unit: after.Unit}
	case after == nil:
		after = &Price{Amount: "0", Currency: before.Currency, Unit: before.Unit}
	}
	was, ok := new(big.Rat).SetString(before.Amount)
	is, okToo := new(big.Rat).SetString(after.Amount)
	if !ok || !okToo || !alike(before, after) {
		return nil
	}
	digits := max(decimals(before.Amount), decimals(after.Amount))
	return &Price{Amount: new(big.Rat).Sub(is, was).FloatString(digits), Currency: after.Currency, Unit: after.Unit}
}

func alike(x, y *Price) bool {
	return x.Currency == y.Currency && x.Unit == y.Unit && x.IncludedCalls == y.IncludedCalls && len(x.Tiers)+len(y.Tiers) == 0
}

// decimals returns how many digits a decimal number has behind the point.
func decimals(s string) int {
	_, fraction, _ := strings.Cut(s, ".")
	return len(fraction)
}
