// Package limits decides whether a call may pass a rate limit and a quota.
//
// A rate limit is GCRA in its other form, a leaky bucket: each call fills the
// bucket by its cost, time empties it at the limit's rate, and a call that
// would make it run over is refused. A quota counts the calls of a day, a week
// or a month in the organization's time zone.
//
// All limits of a call are asked at once, all or nothing: a refused call
// consumes nothing. Memory keeps them in this process; limits/redislimits keeps
// them in Redis for all nodes and falls back to Memory. Quota counts outlive
// the process in the database: Load brings what it knows, Drain hands over
// what came since, and Settle or Journal tells that it is stored. What is stored
// are the counts of apps; an account's is their sum, and is kept here beside
// them for the quotas that all its apps share.
package limits

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Limiter answers whether calls may pass. Implementations never fail and are
// safe for concurrent use.
type Limiter interface {
	// Take consumes a's cost from every limit, or nothing if one refuses, and
	// overwrites out.
	Take(ctx context.Context, a *Ask, out *Answer)
	// Peek answers what Take would, and consumes nothing: its windows tell what
	// remains before the call.
	Peek(ctx context.Context, a *Ask, out *Answer)
}

// Ask is one call and the limits that bind it.
type Ask struct {
	Organization, Key, Subscription uuid.UUID
	// KeyRate is counted by Key, SubscriptionRate and Quota by Subscription,
	// which is no row's id but the counter of the app and the product: see ByApp.
	KeyRate, SubscriptionRate Rate
	Quota                     Quota
	// Account is the counter of all apps of the account for such a quota, see
	// ByAccount; zero where nobody asks for it. What is taken is stored as a part
	// of both counts. With PerAccount it is Account's that the Quota binds.
	Account    uuid.UUID
	PerAccount bool
	// Location is the organization's time zone; nil is UTC.
	Location *time.Location
	// Cost is how many calls this one counts for; less than 1 is taken as 1.
	Cost int64
}

func (a *Ask) cost() int64 { return max(a.Cost, 1) }

// QuotaCounter is what the Quota is counted by.
func (a *Ask) QuotaCounter() uuid.UUID {
	if a.PerAccount {
		return a.Account
	}
	return a.Subscription
}

// Outcome is what became of an Ask.
type Outcome uint8

// The outcomes.
const (
	// Passed: every limit had room, and Take has consumed the cost.
	Passed Outcome = iota + 1
	// RateExceeded: the credential's rate or the app's rate for the product refuses.
	RateExceeded
	// QuotaExceeded: the rates had room, the quota has not.
	QuotaExceeded
	// QuotaUnknown: what is used of the quota is not known here. Read it, call
	// Memory.Load, and ask again. The windows are not filled.
	QuotaUnknown
)

// Answer is the outcome and what is left.
type Answer struct {
	Outcome Outcome
	// Rate is the tighter of the credential's and the app's; of a refused
	// call it is the one that refuses for longest.
	Rate, Quota Window
	// RetryAfter is when the same call may pass, if no other comes in between.
	// Zero with a refusal: never, the cost is more than the limit holds.
	RetryAfter time.Duration
	// Local: the nodes share their limits and the shared store did not answer,
	// so that this node decided by what it knows itself.
	Local bool
}

// Window is the state of one limit. With Limit 0 there is none.
type Window struct {
	// Limit is the quota, or the calls in each Per of a rate. Remaining calls
	// of cost 1 may pass at once.
	Limit, Remaining int64
	// ResetAt is when everything is available again.
	ResetAt time.Time
	// Per is the time the limit is counted over; of a quota, this period's length.
	Per time.Duration
}
