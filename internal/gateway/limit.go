package gateway

import (
	"context"
	"time"

	"github.com/google/uuid"

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
		out.Plan.Bind(out.Subscription, out.Endpoint, a)
	}
	if a.Unlimited() {
		return
	}
	ask(ctx, a, &out.Limits)
	for n := 0; out.Limits.Outcome == limits.QuotaUnknown && n < maxAttempts; n++ { // a period may end in between
		if err := v.loadQuotas(ctx, a); err != nil {
			break
		}
		ask(ctx, a, &out.Limits)
	}
	out.Code = verdict.Limited(out.Limits.Outcome)
}

// loadQuotas loads the stored counts of the quotas into the limits. Calls that this
// node took from the quotas of an account's apps may not be stored yet, if the
// plan has only now come to count by account: they are stored first.
func (v *Verifier) loadQuotas(ctx context.Context, a *limits.Ask) error {
	counters, quotas := [1 + limits.MaxFurther]uuid.UUID{}, [1 + limits.MaxFurther]limits.Quota{}
	n := 0
	note := func(counter uuid.UUID, q limits.Quota) {
		if !q.None() {
			counters[n], quotas[n] = counter, q
			n++
		}
	}
	note(a.QuotaCounter(), a.Quota)
	for i := range a.Further {
		note(a.Further[i].Counter, a.Further[i].Quota)
	}
	used, err := v.quotas.used(ctx, counters[:n], a.PerAccount)
	if err != nil {
		return err
	}
	for i := range n {
		start, _ := quotas[i].Period(v.o.Clock.Now(), a.Location)
		v.o.Memory.Load(counters[i], start, usedSince(used[counters[i]], start))
	}
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
