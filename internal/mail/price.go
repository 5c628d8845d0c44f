package mail

import (
	"fmt"
	"strings"

	"portico/internal/domain"
)

// priceText says what a plan costs.
func priceText(kind domain.PlanKind, p *domain.Price) string {
	if p == nil || kind == domain.PlanFree {
		return "nothing"
	}
	amount := p.Amount + " " + p.Currency
	switch {
	case kind == domain.PlanSubscription:
		return amount + " a month"
	case p.IncludedCalls > 0:
		return fmt.Sprintf("%s for %d calls beyond %d a month", amount, p.Unit, p.IncludedCalls)
	case len(p.Tiers) == 0:
		return fmt.Sprintf("%s for %d calls", amount, p.Unit)
	}
	tiers := make([]string, len(p.Tiers))
	for i, t := range p.Tiers {
		tiers[i] = t.Amount
		if t.UpTo != nil {
			tiers[i] += fmt.Sprintf(" up to %d", *t.UpTo)
		}
	}
	return fmt.Sprintf("%s %s for %d calls of a month", strings.Join(tiers, ", then "), p.Currency, p.Unit)
}
