package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// EndpointQuotaUse is how much of the quota of one endpoint is used.
type EndpointQuotaUse struct {
	EndpointID uuid.UUID
	QuotaUse
}

// SpendingUse is how much of the calls that a spending cap allows is used in the present
// month, and what they cost.
type SpendingUse struct {
	SpendingCap, Currency, Amount string
	QuotaUse
}

// FurtherQuotas are the quotas of a subscription besides its plan's own, in their current
// periods, with their counters.
type FurtherQuotas struct {
	terms     catalog.Terms
	endpoints []furtherQuota
	spending  *furtherQuota
}

type furtherQuota struct {
	counter, endpoint uuid.UUID
	period            *QuotaPeriod
}

// FurtherQuotasOf returns the quotas of single endpoints, and of the spending cap, that terms
// have for a subscription.
func (svc *Service) FurtherQuotasOf(ctx context.Context, s *db.Subscription, t catalog.Terms) (*FurtherQuotas, error) {
	in, err := zone.Load(viewer.Current(ctx).TimeZone)
	if err != nil {
		return nil, err
	}
	now, ofApp := svc.clock.Now(), limits.ByApp(s.AppID, s.ProductID)
	out := &FurtherQuotas{terms: t}
	for _, l := range t.EndpointLimits {
		if period := quotaPeriod(l.Quota, access.QuotaPerApp, now, in); period != nil {
			out.endpoints = append(out.endpoints, furtherQuota{limits.ByEndpoint(ofApp, l.EndpointID), l.EndpointID, period})
		}
	}
	if t.CallsWithinCap != nil {
		out.spending = &furtherQuota{limits.BySpending(ofApp), uuid.Nil, quotaPeriod(&access.Quota{Limit: int(*t.CallsWithinCap), Per: access.PerMonth}, access.QuotaPerApp, now, in)}
	}
	return out, nil
}

// Counters returns what the quotas are counted by.
func (f *FurtherQuotas) Counters() (all []uuid.UUID) {
	for _, e := range f.endpoints {
		all = append(all, e.counter)
	}
	if f.spending != nil {
		all = append(all, f.spending.counter)
	}
	return all
}

// Endpoints returns what is used of the quotas of single endpoints, by their counters' counts.
func (f *FurtherQuotas) Endpoints(counts map[uuid.UUID][]limits.Used) []*EndpointQuotaUse {
	out := make([]*EndpointQuotaUse, len(f.endpoints))
	for i, e := range f.endpoints {
		out[i] = &EndpointQuotaUse{e.endpoint, *e.period.Use(counts[e.counter])}
	}
	return out
}

// Spending returns what is used of the spending cap, by the counters' counts; nil if there is
// none.
func (f *FurtherQuotas) Spending(counts map[uuid.UUID][]limits.Used) (*SpendingUse, error) {
	if f.spending == nil || f.terms.SpendingCap == nil || f.terms.Price == nil {
		return nil, nil
	}
	used := f.spending.period.Use(counts[f.spending.counter])
	charge, err := f.terms.Charge(min(int(used.Used), domain.MaxChargedCalls))
	if err != nil {
		return nil, err
	}
	return &SpendingUse{*f.terms.SpendingCap, f.terms.Price.Currency, charge.Amount, *used}, nil
}
