package input

import (
	"portico/clients/go/gate/access"
	"portico/internal/fault"
)

// maxRate is the greatest limit and burst of a rate limit, in calls.
const maxRate = 1_000_000

// MaxQuota is the greatest quota of a plan, in calls.
const MaxQuota = 2_000_000_000

// WithBurst returns r with its default burst, which is the limit.
func WithBurst(r *access.RateLimit) *access.RateLimit {
	out := *r
	if out.Burst == 0 {
		out.Burst = out.Limit
	}
	return &out
}

// CheckRateLimit requires a limit within the bounds, or nil. A burst of 0 means
// the default.
func CheckRateLimit(r *access.RateLimit) error {
	if r == nil {
		return nil
	}
	errs := []error{CheckRange("rateLimit.limit", r.Limit, 1, maxRate)}
	if r.Burst != 0 {
		errs = append(errs, CheckRange("rateLimit.burst", r.Burst, 1, maxRate))
	}
	return fault.Collect(errs...)
}
