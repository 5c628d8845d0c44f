package domain

// Label is a key and a value that somebody put on an app.
type Label struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Profile is what an account tells about itself.
type Profile struct {
	Website      string  `json:"website,omitempty"`
	ContactEmail string  `json:"contactEmail,omitempty"`
	Description  string  `json:"description,omitempty"`
	CustomFields []Label `json:"customFields,omitempty"`
}

// RatePeriod is the time a rate limit is counted over.
type RatePeriod string

// The periods of a rate limit.
const (
	PerSecond RatePeriod = "SECOND"
	PerMinute RatePeriod = "MINUTE"
	PerHour   RatePeriod = "HOUR"
)

// Values lists them for the storage.
func (RatePeriod) Values() []string { return names(PerSecond, PerMinute, PerHour) }

// MarshalText refuses to write an unknown period into JSON.
func (p RatePeriod) MarshalText() ([]byte, error) { return known(p) }

// UnmarshalText refuses to read one.
func (p *RatePeriod) UnmarshalText(text []byte) error { return read(p, text) }

// RateLimit is how fast calls may come: Limit calls in each Per, and Burst at once.
type RateLimit struct {
	Limit int        `json:"limit"`
	Per   RatePeriod `json:"per"`
	Burst int        `json:"burst"`
}

// QuotaPeriod is the time a quota is counted over, in the organization's time zone.
type QuotaPeriod string

// The periods of a quota.
const (
	PerDay   QuotaPeriod = "DAY"
	PerWeek  QuotaPeriod = "WEEK"
	PerMonth QuotaPeriod = "MONTH"
)

// Values lists them for the storage.
func (QuotaPeriod) Values() []string { return names(PerDay, PerWeek, PerMonth) }

// MarshalText refuses to write an unknown period into JSON.
func (p QuotaPeriod) MarshalText() ([]byte, error) { return known(p) }

// UnmarshalText refuses to read one.
func (p *QuotaPeriod) UnmarshalText(text []byte) error { return read(p, text) }

// Quota is how many calls may come in each Per.
type Quota struct {
	Limit int         `json:"limit"`
	Per   QuotaPeriod `json:"per"`
}

// QuotaPer is whose calls a plan's quota counts together.
type QuotaPer string

// What a quota may be counted by.
const (
	// QuotaPerApp: each app has the whole quota.
	QuotaPerApp QuotaPer = "APP"
	// QuotaPerAccount: all apps of an account share one.
	QuotaPerAccount QuotaPer = "ACCOUNT"
)

// Values lists them for the storage.
func (QuotaPer) Values() []string { return names(QuotaPerApp, QuotaPerAccount) }

// MarshalText refuses to write an unknown one into JSON.
func (p QuotaPer) MarshalText() ([]byte, error) { return known(p) }

// UnmarshalText refuses to read one.
func (p *QuotaPer) UnmarshalText(text []byte) error { return read(p, text) }

// UsageRetention is for how many days counts of calls are kept: those of
// single minutes, of hours and of days.
type UsageRetention struct {
	Minutes int `json:"minutes"`
	Hours   int `json:"hours"`
	Days    int `json:"days"`
}

// DefaultUsageRetention is a week of minutes, a year and a bit of hours, five
// years of days.
func DefaultUsageRetention() UsageRetention {
	return UsageRetention{Minutes: 7, Hours: 400, Days: 1830}
}

// Price is what a plan costs. Amount is a decimal number in Currency (ISO
// 4217), for each month of a SUBSCRIPTION and for each Unit calls of a METERED
// or TIERED plan; others have no Unit.
type Price struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Unit     int    `json:"unit,omitempty"`
}

// KeyLife is the longest life of keys, in days, by environment; nil is no limit.
type KeyLife struct {
	Development *int `json:"development,omitempty"`
	Staging     *int `json:"staging,omitempty"`
	Production  *int `json:"production,omitempty"`
}

// In returns the days for one environment; nil for no limit.
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

// Change is one attribute's value before and after an event, as Text writes
// values. Absent values are nil; none is ever a secret.
type Change struct {
	Field  string  `json:"field"`
	Before *string `json:"before,omitempty"`
	After  *string `json:"after,omitempty"`
}
