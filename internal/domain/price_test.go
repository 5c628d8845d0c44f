package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "portico/internal/domain"
)

func TestPriceDifference(t *testing.T) {
	price := func(amount, currency string, unit int) *Price {
		return &Price{Amount: amount, Currency: currency, Unit: unit}
	}
	for name, c := range map[string]struct{ before, after, want *Price }{
		"more":              {price("19.90", "EUR", 0), price("49.00", "EUR", 0), price("29.10", "EUR", 0)},
		"less":              {price("49.00", "EUR", 0), price("19.90", "EUR", 0), price("-29.10", "EUR", 0)},
		"the same":          {price("19.90", "EUR", 0), price("19.90", "EUR", 0), price("0.00", "EUR", 0)},
		"from free":         {nil, price("19.90", "EUR", 0), price("19.90", "EUR", 0)},
		"to free":           {price("0.0005", "EUR", 100), nil, price("-0.0005", "EUR", 100)},
		"digits":            {price("0.10", "USD", 1), price("0.1005", "USD", 1), price("0.0005", "USD", 1)},
		"large":             {price("0.000001", "TRY", 0), price("999999999999.999999", "TRY", 0), price("999999999999.999998", "TRY", 0)},
		"whole":             {price("500", "JPY", 0), price("300", "JPY", 0), price("-200", "JPY", 0)},
		"free":              {nil, nil, nil},
		"two currencies":    {price("1.00", "EUR", 0), price("1.00", "USD", 0), nil},
		"calls and a month": {price("1.00", "EUR", 100), price("1.00", "EUR", 0), nil},
		"included calls":    {&Price{Amount: "1.00", Currency: "EUR", Unit: 1, IncludedCalls: 5}, price("1.00", "EUR", 1), nil},
		"tiers":             {price("1.00", "EUR", 1), &Price{Amount: "1.00", Currency: "EUR", Unit: 1, Tiers: []PriceTier{{Amount: "1.00"}}}, nil},
	} {
		require.Equal(t, c.want, PriceDifference(c.before, c.after), name)
	}
}
