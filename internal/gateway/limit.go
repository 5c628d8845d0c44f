package gateway

import (
	"context"
	"time"

	"portico/internal/limits"
	"portico/internal/verdict"
)

// take is Limiter.Take or Limiter.Peek.
type take func(ctx context.Context, a *limits.Ask, out *limits.Answer)

// limit asks the limits of a call that is allowed otherwise.
func (g *Verifier) limit(ctx context.Context, catalogue *verdict.Catalogue, cost int64, a *limits.Ask, v *verdict.Verdict) {
	g.limitBy(ctx, g.o.Limiter.Take, catalogue, cost, a, v)
}

func (g *Verifier) limitBy(ctx context.Context, ask take, catalogue *verdict.Catalogue, cost int64, a *limits.Ask, v *verdict.Verdict) {
	*a = limits.Ask{
		Organization: catalogue.Organization, Key: v.Credential.ID, KeyRate: v.Credential.Rate, Location: catalogue.Location, Cost: max(cost, 1),
	}
	if v.Subscription != nil && v.Plan != nil {
		v.Plan.Bind(v.Subscription, a)
	}
	if a.KeyRate.None() && a.SubscriptionRate.None() && a.Quota.None() {
		return
	}
	ask(ctx, a, &v.Limits)
	for n := 0; v.Limits.Outcome == limits.QuotaUnknown && n < attempts; n++ { // a period may end in between
		if err := g.loadQuota(ctx, a); err != nil {
			break
		}
		ask(ctx, a, &v.Limits)
	}
	v.Code = verdict.Limited(v.Limits.Outcome)
}

// loadQuota tells the limits what the database knows of a quota. Calls that were
// taken here from quotas of an account's apps may not be stored yet: those of a
// plan that has only now come to count by the account.
func (g *Verifier) loadQuota(ctx context.Context, a *limits.Ask) error {
	counter := a.QuotaCounter()
	used, err := g.quotas.of(ctx, counter, a.PerAccount)
	if err != nil {
		return err
	}
	start, _ := a.Quota.Period(g.o.Clock.Now(), a.Location)
	g.o.Memory.Load(counter, start, usedSince(used, start))
	return nil
}

// usedSince finds the count of the period that began at start; a quota of
// another length has counts of its own.
func usedSince(all []limits.Used, start time.Time) int64 {
	for _, u := range all {
		if u.PeriodStart.Equal(start) {
			return u.N
		}
	}
	return 0
}
