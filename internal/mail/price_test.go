package mail

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/domain"
)

func TestPriceText(t *testing.T) {
	price := domain.Price{Amount: "0.50", Currency: "EUR", Unit: 1000}
	with := func(change func(*domain.Price)) *domain.Price {
		p := price
		change(&p)
		return &p
	}
	for want, c := range map[string]struct {
		kind  domain.PlanKind
		price *domain.Price
	}{
		"nothing":                 {domain.PlanFree, nil},
		"0.50 EUR a month":        {domain.PlanSubscription, &price},
		"0.50 EUR for 1000 calls": {domain.PlanMetered, &price},
		"0.50 EUR for 1000 calls beyond 10 a month": {domain.PlanMetered, with(func(p *domain.Price) { p.IncludedCalls = 10 })},
		"0.50 up to 100, then 0.40 up to 200, then 0.30 EUR for 1000 calls of a month": {domain.PlanTiered, with(func(p *domain.Price) {
			p.Tiers = []domain.PriceTier{{UpTo: new(100), Amount: "0.50"}, {UpTo: new(200), Amount: "0.40"}, {Amount: "0.30"}}
		})},
	} {
		require.Equal(t, want, priceText(c.kind, c.price))
	}
}
