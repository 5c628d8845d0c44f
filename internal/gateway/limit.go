package gateway

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/limits"
	"portico/internal/verdict"
)

// take is Limiter.Take or Limiter.Peek.
type take func(ctx context.Context, a *limits.Ask, out *limits.Answer)

// limit asks the limits of a call that is allowed otherwise.
func (g *Gate) limit(ctx context.Context, catalogue *verdict.Catalogue, cost int64, a *limits.Ask, v *verdict.Verdict) {
	g.limitBy(ctx, g.o.Limiter.Take, catalogue, cost, a, v)
}

func (g *Gate) limitBy(ctx context.Context, ask take, catalogue *verdict.Catalogue, cost int64, a *limits.Ask, v *verdict.Verdict) {
	*a = limits.Ask{
		Organization: catalogue.Organization, Key: v.Key.ID, KeyRate: v.Key.Rate, Location: catalogue.Location, Cost: max(cost, 1),
	}
	if v.Subscription != nil {
		a.Subscription = v.Subscription.ID
	}
	if v.Plan != nil {
		a.SubscriptionRate, a.Quota = v.Plan.Rate, v.Plan.Quota
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

// loadQuota reads what is used of a subscription's quota, once for all who ask
// at the same time.
func (g *Gate) loadQuota(ctx context.Context, a *limits.Ask) error {
	id := a.Subscription
	done := g.fills.DoChan("quota"+string(id[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience/2)
		defer cancel()
		return g.o.Usage.QuotasUsed(ctx, []uuid.UUID{id}, g.o.Clock.Now())
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return r.Err
		}
		start, _ := a.Quota.Period(g.o.Clock.Now(), a.Location)
		g.o.Memory.Load(id, start, usedSince(r.Val.(map[uuid.UUID][]limits.Used)[id], start))
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
