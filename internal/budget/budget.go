// Package budget bounds what callers of the API may spend in a minute: each
// user, each service token, each organization, and each client that is not
// signed in. It counts the costs computed by package gqlhttp in buckets of
// package limits, which servers share if they share Redis.
package budget

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/fault"
	"portico/internal/gqlhttp"
	"portico/internal/viewer"
)

// The default limits per minute, all of which may be spent at once. A page of a
// front end costs some hundreds, a change some 1,200: a hundred pages and twenty
// new credentials at once are normal use, hundreds of changes in a few seconds
// are not.
const (
	DefaultUser         = 300_000
	DefaultOrganization = 3_000_000
)

// ExportCost is the cost of an export of usage.
const ExportCost = 10_000

// ExchangeCost is the cost of an exchange of tokens, and of each step of a browser's
// sign-in at an identity provider: that of a mutation.
const ExchangeCost = 1000

// Options configure a Budget.
type Options struct {
	// Limiter stores the buckets.
	Limiter limits.Limiter
	// User is the cost that a user, a service token, or a client that is not
	// signed in may spend in a minute; Organization that of all its users and
	// tokens together. 0 means no limit. An operation that costs more than a
	// limit is always refused, so a limit should be at least the maximum cost of
	// an operation.
	User, Organization int
	// OnLocalAnswer, if not nil, is called for each answer that this server gave
	// by itself although servers share the limiter.
	OnLocalAnswer func()
}

// Budget implements gqlhttp.Budget for the viewer of the context.
type Budget struct{ o Options }

// New returns a Budget.
func New(o Options) *Budget {
	if o.OnLocalAnswer == nil {
		o.OnLocalAnswer = func() {}
	}
	return &Budget{o}
}

func perMinute(cost int) limits.Rate {
	return limits.Rate{Limit: cost, Per: time.Minute, Burst: cost}
}

// limiterRequest returns the limiter's request for an operation: its key is the
// caller, its subscription the organization.
func (b *Budget) limiterRequest(ctx context.Context, cost int) limits.Ask {
	v := viewer.Current(ctx)
	a := limits.Ask{Organization: v.OrganizationID, Key: v.LimitID(), KeyRate: perMinute(b.o.User), Cost: int64(cost)}
	if v.OrganizationID != uuid.Nil {
		a.AppCounter, a.AppRate = v.OrganizationID, perMinute(b.o.Organization)
	}
	return a
}

// Take takes an operation's cost from the caller's bucket and the
// organization's, or fails with RATE_LIMITED and takes nothing.
func (b *Budget) Take(ctx context.Context, c *gqlhttp.Cost) error {
	a := b.limiterRequest(ctx, c.Charged)
	if a.KeyRate.None() && a.AppRate.None() {
		return nil
	}
	var out limits.Answer
	b.o.Limiter.Take(ctx, &a, &out)
	if out.Local {
		b.o.OnLocalAnswer()
	}
	remaining := int(out.Rate.Remaining)
	c.Remaining, c.ResetsAt, c.Budget, c.Window = &remaining, out.Rate.ResetAt, int(out.Rate.Limit), out.Rate.Per
	switch {
	case out.Outcome == limits.Passed:
		return nil
	case out.RetryAfter == 0: // never
		return fault.New(fault.CodeRateLimited, fault.ReasonBudget, "This costs more than may be spent in a minute.")
	}
	return fault.RetryAfter(fault.CodeRateLimited, fault.ReasonBudget, max(out.RetryAfter, time.Second), "This is more than may be asked in so short a time: wait a little.")
}

// Settle does nothing: an operation that was refused for another reason is
// charged too, so that repeated attempts have a cost.
func (b *Budget) Settle(context.Context, *gqlhttp.Cost, bool) {}
