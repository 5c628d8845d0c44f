package gateway

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
)

// termsOf returns the terms by which a subscription goes, or nil.
func termsOf(c *verdict.Catalogue, s *keycache.Subscription) *verdict.Plan {
	return c.PlanOf(&verdict.Subscription{PlanID: s.PlanID, Revision: s.PlanRevision})
}

// fillQuotaUse fills in what is used, as far as it is stored, of the quotas of the
// apps' subscriptions, or of the accounts' where a plan counts by account.
func (f *feed) fillQuotaUse(ctx context.Context, apps []keycache.App) error {
	catalogue := f.follower.cache.Catalogue()
	var limited []*keycache.Subscription
	var counters []uuid.UUID
	for i := range apps {
		for j := range apps[i].Subscriptions {
			s := &apps[i].Subscriptions[j]
			if p := termsOf(catalogue, s); p != nil && !p.Quota.None() {
				counter := limits.ByApp(apps[i].ID, s.ProductID)
				if p.PerAccount {
					counter = limits.ByAccount(apps[i].AccountID, s.ProductID, p.Quota.Per)
				}
				limited, counters = append(limited, s), append(counters, counter)
			}
		}
	}
	if len(counters) == 0 {
		return nil
	}
	now := f.verifier.o.Clock.Now()
	used, err := f.verifier.o.Usage.QuotasUsed(ctx, counters, now)
	if err != nil {
		return err
	}
	for i, s := range limited {
		start, _ := termsOf(catalogue, s).Quota.Period(now, catalogue.Location)
		n := usedSince(used[counters[i]], start)
		s.QuotaUsed, s.QuotaStart = &n, &start
	}
	return nil
}
