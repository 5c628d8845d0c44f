// Package limits decides whether a call may pass a rate limit and a quota.
//
// A rate limit is GCRA in its equivalent form, a leaky bucket: each call adds its
// cost to the bucket, the bucket drains at the limit's rate, and a call that would
// make it overflow is refused. A quota counts the calls of a day, a week or a month
// in the organization's time zone.
//
// All limits of a call are checked at once, all or nothing: a refused call consumes
// nothing. Memory keeps them in this process; Portico keeps them in
// Redis for all nodes and falls back to Memory. Quota counts are stored in the
// database: Load sets the stored count, Drain returns the units taken since, and
// Settle or Journal records that those are stored. The database stores the counts
// of apps; an account's count is their sum, and Memory keeps it besides them for the
// quotas that all its apps share.
package limits

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Limiter decides whether calls may pass. Implementations never fail and are safe
// for concurrent use.
type Limiter interface {
	// Take consumes a's cost from every limit, or nothing if one of them refuses,
	// and overwrites out.
	Take(ctx context.Context, a *Ask, out *Answer)
	// Peek sets out as Take would, and consumes nothing: its windows are those
	// before the call.
	Peek(ctx context.Context, a *Ask, out *Answer)
}

// Ask is one call and the limits that apply to it.
type Ask struct {
	Organization uuid.UUID
	// Key is what KeyRate is counted by: a credential, or whoever else has a rate limit
	// of its own.
	Key     uuid.UUID
	KeyRate Rate
	// AppCounter is what AppRate and Quota are counted by: the app and the product, see
	// ByApp.
	AppCounter uuid.UUID
	AppRate    Rate
	Quota      Quota
	// AccountCounter counts the quota units of all apps of the account, see ByAccount;
	// zero: the account is not counted. What is taken becomes part of both counts. With
	// PerAccount, Quota limits the account's count instead of the app's.
	AccountCounter uuid.UUID
	PerAccount     bool
	// Continue makes the Quota refuse nothing: it is counted and shown.
	Continue bool
	// Further are the limits that apply besides, by their places OfEndpoint and OfSpending.
	Further [MaxFurther]Counted
	// Location is the organization's time zone; nil is UTC.
	Location *time.Location
	// Cost is the number of calls that this one counts as; less than 1 means 1.
	Cost int64
}

// Unlimited reports whether a has no limit.
func (a *Ask) Unlimited() bool {
	return a.KeyRate.None() && a.AppRate.None() && a.Quota.None() && !a.hasFurther()
}

func (a *Ask) cost() int64 { return max(a.Cost, 1) }

// QuotaCounter returns the counter of the Quota.
func (a *Ask) QuotaCounter() uuid.UUID {
	if a.PerAccount {
		return a.AccountCounter
	}
	return a.AppCounter
}

// Outcome is the decision about an Ask.
type Outcome uint8

// The outcomes.
const (
	// Passed means that every limit had room; Take has consumed the cost.
	Passed Outcome = iota + 1
	// RateExceeded means that the credential's rate limit, or the app's for the
	// product or the endpoint, refused.
	RateExceeded
	// QuotaExceeded means that the rate limits had room, but not one of the quotas.
	QuotaExceeded
	// QuotaUnknown means that the count of a quota is not known here. The caller reads
	// the counts, calls Memory.Load, and asks again. The windows are not set.
	QuotaUnknown
)

// Answer is the outcome and the remaining calls.
type Answer struct {
	Outcome Outcome
	// Rate is the tightest rate limit and Quota the tightest quota, those with the fewest
	// calls remaining; for a refused call they are those that refuse for longest. RateOf
	// and QuotaOf say whose they are.
	Rate, Quota     Window
	RateOf, QuotaOf Which
	// Used are the counts of the Quota and then of the Further quotas; 0 where there is none.
	Used [1 + MaxFurther]int64
	// Several reports whether there are Further quotas.
	Several bool
	// RetryAfter is the time after which the same call may pass, if no other comes
	// in between. Zero in a refusal means never: the cost exceeds the limit itself.
	RetryAfter time.Duration
	// Local reports whether this node decided by its own state alone, because the
	// shared store of the nodes' limits did not answer.
	Local bool
}

// Window is the state of one limit. Limit 0 means that there is none.
type Window struct {
	// Limit is the quota, or the calls in each Per of a rate. Remaining calls
	// of cost 1 may pass at once.
	Limit, Remaining int64
	// ResetAt is when everything is available again.
	ResetAt time.Time
	// Per is the period of a rate limit; for a quota, the length of the present period.
	Per time.Duration
}
