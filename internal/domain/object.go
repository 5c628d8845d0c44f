package domain

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

// RatePeriod is the period of a rate limit.
type RatePeriod string

// The periods of a rate limit.
const (
	PerSecond RatePeriod = "SECOND"
	PerMinute RatePeriod = "MINUTE"
	PerHour   RatePeriod = "HOUR"
)

// Values lists the constants, for ent.
func (RatePeriod) Values() []string { return names(PerSecond, PerMinute, PerHour) }

// MarshalText returns an error for an unknown period, so that none is stored.
func (p RatePeriod) MarshalText() ([]byte, error) { return known(p) }

// UnmarshalText returns an error for an unknown value.
func (p *RatePeriod) UnmarshalText(text []byte) error { return read(p, text) }

// RateLimit is a rate limit: Limit calls in each Per, of which Burst may come
// at once.
type RateLimit struct {
	Limit int        `json:"limit"`
	Per   RatePeriod `json:"per"`
	Burst int        `json:"burst"`
}

// QuotaPeriod is the period of a quota, in the organization's time zone.
type QuotaPeriod string

// The periods of a quota.
const (
	PerDay   QuotaPeriod = "DAY"
	PerWeek  QuotaPeriod = "WEEK"
	PerMonth QuotaPeriod = "MONTH"
)

// Values lists the constants, for ent.
func (QuotaPeriod) Values() []string { return names(PerDay, PerWeek, PerMonth) }

// MarshalText returns an error for an unknown period, so that none is stored.
func (p QuotaPeriod) MarshalText() ([]byte, error) { return known(p) }

// UnmarshalText returns an error for an unknown value.
func (p *QuotaPeriod) UnmarshalText(text []byte) error { return read(p, text) }

// Quota is the number of calls allowed in each Per.
type Quota struct {
	Limit int         `json:"limit"`
	Per   QuotaPeriod `json:"per"`
}

// QuotaPer says whose calls a plan's quota counts together.
type QuotaPer string

// What a quota may be counted by.
const (
	// QuotaPerApp: each app has a quota of its own.
	QuotaPerApp QuotaPer = "APP"
	// QuotaPerAccount: the apps of an account share one quota.
	QuotaPerAccount QuotaPer = "ACCOUNT"
)

// Values lists the constants, for ent.
func (QuotaPer) Values() []string { return names(QuotaPerApp, QuotaPerAccount) }

// MarshalText returns an error for an unknown value, so that none is stored.
func (p QuotaPer) MarshalText() ([]byte, error) { return known(p) }

// UnmarshalText returns an error for an unknown value.
func (p *QuotaPer) UnmarshalText(text []byte) error { return read(p, text) }

// UsageRetention is the number of days for which counts of calls are kept:
// those by the minute, by the hour and by the day.
type UsageRetention struct {
	Minutes int `json:"minutes"`
	Hours   int `json:"hours"`
	Days    int `json:"days"`
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
}

// KeyLife is the longest lifetime of API keys, in days, by environment; nil is
// no limit.
type KeyLife struct {
	Development *int `json:"development,omitempty"`
	Staging     *int `json:"staging,omitempty"`
	Production  *int `json:"production,omitempty"`
}

// In returns the limit for one environment, in days; nil for no limit.
func (k KeyLife) In(e Environment) *int {
	switch e {
	case Staging:
		return k.Staging
	case Production:
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
