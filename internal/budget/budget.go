// Package budget bounds what callers of the API may spend in a minute: each
// person, each service token, each organization, and, where nobody is signed in,
// each client. It counts the costs that package gqlhttp works out, in buckets of
// package limits, which servers share where they share Redis.
package budget

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/gqlhttp"
	"portico/internal/limits"
	"portico/internal/viewer"
)

// The most that may be spent in a minute where nothing else is said, and at
// once. A page of a front end costs some hundreds, a change some 1,200: a
// hundred pages and twenty new keys at once are normal use, hundreds of changes
// in a few seconds are not.
const (
	DefaultUser         = 300_000
	DefaultOrganization = 3_000_000
)

// ExportCost is what an export of usage counts for.
const ExportCost = 10_000

// Options say how much may be spent.
type Options struct {
	// Limiter keeps the buckets.
	Limiter limits.Limiter
	// User is the cost that a person, a service token, or a client that has not
	// signed in may spend in a minute; Organization that of all its people and
	// tokens together. 0 is no limit. What costs more than a limit is always
	// refused, so that one should be at least the most that an operation may cost.
	User, Organization int
	// Alone is called for each answer that servers should have given together and
	// this one gave by itself; nil: nobody is told.
	Alone func()
}

// Budget is gqlhttp.Budget over the viewer of the context.
type Budget struct{ o Options }

// New returns a budget.
func New(o Options) *Budget {
	if o.Alone == nil {
		o.Alone = func() {}
	}
	return &Budget{o}
}

func perMinute(cost int) limits.Rate {
	return limits.Rate{Limit: cost, Per: time.Minute, Burst: cost}
}

// ask says which buckets an operation is taken from: the limiter's key is who
// asks, its subscription the organization.
func (b *Budget) ask(ctx context.Context, cost int) limits.Ask {
	v := viewer.Current(ctx)
	a := limits.Ask{Organization: v.OrganizationID, Key: v.Counted(), KeyRate: perMinute(b.o.User), Cost: int64(cost)}
	if v.OrganizationID != uuid.Nil {
		a.Subscription, a.SubscriptionRate = v.OrganizationID, perMinute(b.o.Organization)
	}
	return a
}

// Take takes an operation's charge from the caller's bucket and the
// organization's, or refuses it with RATE_LIMITED and takes nothing.
func (b *Budget) Take(ctx context.Context, c *gqlhttp.Cost) error {
	a := b.ask(ctx, c.Charged)
	if a.KeyRate.None() && a.SubscriptionRate.None() {
		return nil
	}
	var out limits.Answer
	b.o.Limiter.Take(ctx, &a, &out)
	if out.Local {
		b.o.Alone()
	}
	remaining := int(out.Rate.Remaining)
	c.Remaining, c.ResetsAt, c.Budget, c.Window = &remaining, out.Rate.ResetAt, int(out.Rate.Limit), out.Rate.Per
	switch {
	case out.Outcome == limits.Passed:
		return nil
	case out.RetryAfter == 0: // never
		return fault.New(fault.CodeRateLimited, fault.ReasonBudget, "This costs more than may be spent in a minute.")
	}
	return fault.RetryAfter(fault.CodeRateLimited, fault.ReasonBudget, max(out.RetryAfter, time.Second), "You ask for too much in too short a time: wait a little.")
}

// Settle has nothing to do: what was turned away for another reason has been
// paid for too, so that asking again and again costs something.
func (b *Budget) Settle(context.Context, *gqlhttp.Cost, bool) {}
