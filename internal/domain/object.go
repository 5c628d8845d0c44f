package domain

import "portico/clients/go/gate/access"

// Label is a key and a value attached to an app.
type Label struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Profile is an account's description of itself.
type Profile struct {
	Website      string  `json:"website,omitempty"`
	ContactEmail string  `json:"contactEmail,omitempty"`
	Description  string  `json:"description,omitempty"`
	CustomFields []Label `json:"customFields,omitempty"`
}

// UsageRetention is the number of days for which counts of calls are kept:
// those by the minute, by the hour and by the day.
type UsageRetention struct {
	Minutes int `json:"minutes"`
	Hours   int `json:"hours"`
	Days    int `json:"days"`
}

// LeastUsageRetention returns what may be kept at least: calls are reported up to a day late,
// and statements count them a day after the hours and days that they are part of.
func LeastUsageRetention() UsageRetention {
	return UsageRetention{Minutes: 2, Hours: 3, Days: 3}
}

// AtLeast returns the longer one of two retentions for each interval.
func (r UsageRetention) AtLeast(least UsageRetention) UsageRetention {
	return UsageRetention{Minutes: max(r.Minutes, least.Minutes), Hours: max(r.Hours, least.Hours), Days: max(r.Days, least.Days)}
}

// DefaultUsageRetention returns a week of minutes, a little over a year of
// hours, and five years of days.
func DefaultUsageRetention() UsageRetention {
	return UsageRetention{Minutes: 7, Hours: 400, Days: 1830}
}

// Price is the price of a plan. Amount is a decimal number in Currency (ISO
// 4217), for each month of a SUBSCRIPTION plan and for each Unit calls of a
// METERED or TIERED plan; other plans have no Unit.
type Price struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Unit     int    `json:"unit,omitempty"`
	// IncludedCalls cost nothing in each month; only of a METERED plan.
	IncludedCalls int `json:"includedCalls,omitempty"`
	// Tiers are those of a TIERED plan, whose Amount is that of the first; without any,
	// all calls have one amount.
	Tiers []PriceTier `json:"tiers,omitempty"`
}

// MaxPriceTiers is the greatest number of tiers of a price.
const MaxPriceTiers = 10

// PriceTier is the price of those calls of a month that come after the tier before: up to
// the call UpTo, or all that follow if it is nil. Amount is for each Unit calls.
type PriceTier struct {
	UpTo   *int   `json:"upTo,omitempty"`
	Amount string `json:"amount"`
}

// KeyLife is a time in the life of API keys, in days, by environment: the longest
// lifetime, or that after which they are due for rotation; nil is no limit.
type KeyLife struct {
	Development *int `json:"development,omitempty"`
	Staging     *int `json:"staging,omitempty"`
	Production  *int `json:"production,omitempty"`
}

// In returns the limit for one environment, in days; nil for no limit.
func (k KeyLife) In(e access.Environment) *int {
	switch e {
	case access.Staging:
		return k.Staging
	case access.Production:
		return k.Production
	default:
		return k.Development
	}
}

// Change is an attribute's value before and after an event, as formatted by
// Text. An absent value is nil; no value is ever a secret.
type Change struct {
	Field  string  `json:"field"`
	Before *string `json:"before,omitempty"`
	After  *string `json:"after,omitempty"`
}
