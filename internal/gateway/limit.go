package gateway

import (
	"context"
	"time"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
)

// limitFunc is Limiter.Take or Limiter.Peek.
type limitFunc func(ctx context.Context, a *limits.Ask, out *limits.Answer)

// limit decides by ask whether an otherwise allowed call is within its limits, and sets
// out to the answer. a is working memory.
func (v *Verifier) limit(ctx context.Context, ask limitFunc, catalogue *verdict.Catalogue, cost int64, a *limits.Ask, out *verdict.Verdict) {
	*a = limits.Ask{
		Organization: catalogue.Organization, Key: out.Credential.ID, KeyRate: out.Credential.Rate, Location: catalogue.Location, Cost: max(cost, 1),
	}
	if out.Subscription != nil && out.Plan != nil {
		out.Plan.Bind(out.Subscription, a)
	}
	if a.KeyRate.None() && a.AppRate.None() && a.Quota.None() {
		return
	}
	ask(ctx, a, &out.Limits)
	for n := 0; out.Limits.Outcome == limits.QuotaUnknown && n < maxAttempts; n++ { // a period may end in between
		if err := v.loadQuota(ctx, a); err != nil {
			break
		}
		ask(ctx, a, &out.Limits)
	}
	out.Code = verdict.Limited(out.Limits.Outcome)
}

// loadQuota loads the stored count of a quota into the limits. Calls that this
// node took from the quotas of an account's apps may not be stored yet, if the
// plan has only now come to count by account: they are stored first.
func (v *Verifier) loadQuota(ctx context.Context, a *limits.Ask) error {
	counter := a.QuotaCounter()
	used, err := v.quotas.used(ctx, counter, a.PerAccount)
	if err != nil {
		return err
	}
	start, _ := a.Quota.Period(v.o.Clock.Now(), a.Location)
	v.o.Memory.Load(counter, start, usedSince(used, start))
	return nil
}

// usedSince returns the count of the period that began at start. A quota with
// another period has counts of its own.
func usedSince(all []limits.Used, start time.Time) int64 {
	for _, u := range all {
		if u.PeriodStart.Equal(start) {
			return u.N
		}
	}
	return 0
}
