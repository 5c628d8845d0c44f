package access

import "github.com/google/uuid"

// RatePeriod is the period of a rate limit.
type RatePeriod string

// The periods of a rate limit.
const (
	PerSecond RatePeriod = "SECOND"
	PerMinute RatePeriod = "MINUTE"
	PerHour   RatePeriod = "HOUR"
)

// Values returns all constants.
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

// Values returns all constants.
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

// Values returns all constants.
func (QuotaPer) Values() []string { return names(QuotaPerApp, QuotaPerAccount) }

// MarshalText returns an error for an unknown value, so that none is stored.
func (p QuotaPer) MarshalText() ([]byte, error) { return known(p) }

// UnmarshalText returns an error for an unknown value.
func (p *QuotaPer) UnmarshalText(text []byte) error { return read(p, text) }

// EndpointLimit is what a plan allows of one endpoint, besides the plan's own limits; nil
// means no limit.
type EndpointLimit struct {
	EndpointID uuid.UUID  `json:"endpointId"`
	RateLimit  *RateLimit `json:"rateLimit,omitempty"`
	Quota      *Quota     `json:"quota,omitempty"`
}

// Overage says what becomes of calls beyond a plan's quota.
type Overage string

// What may become of calls beyond a quota.
const (
	// OverageRefuse: they are refused.
	OverageRefuse Overage = "REFUSE"
	// OverageContinue: they are counted and pass.
	OverageContinue Overage = "CONTINUE"
)

// Values returns all constants.
func (Overage) Values() []string { return names(OverageRefuse, OverageContinue) }

// MarshalText returns an error for an unknown value, so that none is stored.
func (o Overage) MarshalText() ([]byte, error) { return known(o) }

// UnmarshalText returns an error for an unknown value.
func (o *Overage) UnmarshalText(text []byte) error { return read(o, text) }
