package catalog

import (
	"context"
	"strconv"

	"github.com/bojanz/currency"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
)

// Charge returns what a plan costs for a month with so many calls, from 0 to
// domain.MaxChargedCalls; nil for a plan without a price.
func Charge(x *db.Plan, calls int) (*domain.Charge, error) { return TermsOf(x).Charge(calls) }

// Charge is the function Charge, by these terms.
func (t Terms) Charge(calls int) (*domain.Charge, error) {
	if calls < 0 || calls > domain.MaxChargedCalls {
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "calls must be between 0 and "+strconv.Itoa(domain.MaxChargedCalls)+".")
	}
	if t.Price == nil {
		return nil, nil
	}
	return domain.ChargeOf(t.Kind, t.Price, calls, digitsOf(t.Price.Currency)), nil
}

// digitsOf returns how many digits a valid currency has behind the point.
func digitsOf(code string) int {
	digits, _ := currency.GetDigits(code)
	return int(digits)
}

// checkPrice requires a price of each plan that is not free, with a unit if the plan
// charges for calls.
func checkPrice(kind domain.PlanKind, p *domain.Price) error {
	if p == nil {
		if kind == domain.PlanFree {
			return nil
		}
		return fault.Input(fault.Required, "price", "Only a FREE plan can be without a price.")
	}
	errs := []error{checkAmount("price.amount", p.Amount), checkTiers(kind, p)}
	if p.Currency != "" {
		errs = append(errs, input.CheckCurrency("price.currency", p.Currency))
	}
	return fault.Collect(append(errs, checkUnit(kind, p.Unit), checkIncluded(kind, p.IncludedCalls))...)
}

func checkAmount(field, amount string) error {
	if !input.Decimals.MatchString(amount) {
		return fault.Input(fault.InvalidValue, field, "This is not a decimal number such as 19.90, with at most 12 digits before the point and 6 behind it.")
	}
	return nil
}

// checkTiers requires tiers that follow one another: each ends after the one before it, and
// the last has no end, so that no call is without a price.
func checkTiers(kind domain.PlanKind, p *domain.Price) error {
	switch {
	case len(p.Tiers) == 0: // as a price without tiers is read
		return nil
	case kind != domain.PlanTiered:
		return fault.Input(fault.InvalidValue, "price.tiers", "Only the price of a TIERED plan has tiers.")
	case len(p.Tiers) > domain.MaxPriceTiers:
		return input.AtMost("price.tiers", len(p.Tiers), domain.MaxPriceTiers)
	}
	var errs []error
	if domain.NormalDecimal(p.Amount, 0) != domain.NormalDecimal(p.Tiers[0].Amount, 0) {
		errs = append(errs, fault.Input(fault.InvalidValue, "price.amount", "This must be the amount of the first tier."))
	}
	below := 0
	for i, t := range p.Tiers {
		at := "price.tiers." + strconv.Itoa(i)
		errs = append(errs, checkUpTo(at+".upTo", t.UpTo, below, i == len(p.Tiers)-1), checkAmount(at+".amount", t.Amount))
		if t.UpTo != nil {
			below = *t.UpTo
		}
	}
	return fault.Collect(errs...)
}

// checkUpTo checks where a tier ends that begins after the call below.
func checkUpTo(field string, upTo *int, below int, last bool) error {
	switch {
	case last && upTo != nil:
		return fault.Input(fault.InvalidValue, field, "The last tier has no end: all further calls are in it.")
	case last:
		return nil
	case upTo == nil:
		return fault.Input(fault.Required, field, "Only the last tier has no end.")
	case below >= domain.MaxChargedCalls:
		return fault.Input(fault.InvalidValue, field, "The tier before ends with the last call that can be charged for: only the last tier, which has no end, can follow it.")
	}
	return input.CheckRange(field, *upTo, below+1, domain.MaxChargedCalls)
}

// checkUnit requires a number of calls for plans that charge for calls, and none for others.
func checkUnit(kind domain.PlanKind, unit int) error {
	if kind == domain.PlanMetered || kind == domain.PlanTiered {
		return input.CheckRange("price.unit", unit, 1, input.MaxQuota)
	}
	if unit != 0 {
		return fault.Input(fault.InvalidValue, "price.unit", "Only the price of a METERED or TIERED plan is for a number of calls.")
	}
	return nil
}

func checkIncluded(kind domain.PlanKind, calls int) error {
	if kind != domain.PlanMetered && calls != 0 {
		return fault.Input(fault.InvalidValue, "price.includedCalls", "Only a METERED plan has included calls.")
	}
	return input.CheckRange("price.includedCalls", calls, 0, domain.MaxChargedCalls)
}

// withCurrency returns p with the organization's currency by default, and with the amounts in
// their normal form.
func withCurrency(ctx context.Context, tx *change.Tx, p *domain.Price) (*domain.Price, error) {
	if p == nil {
		return nil, nil
	}
	out := *p
	if out.Currency == "" {
		org, err := tx.Organization.Get(ctx, tx.OrganizationID())
		if err != nil {
			return nil, err
		}
		out.Currency = org.Currency
	}
	digits := digitsOf(out.Currency)
	out.Amount, out.Tiers = domain.NormalDecimal(out.Amount, digits), nil
	for _, t := range p.Tiers {
		t.Amount = domain.NormalDecimal(t.Amount, digits)
		out.Tiers = append(out.Tiers, t)
	}
	return &out, nil
}
