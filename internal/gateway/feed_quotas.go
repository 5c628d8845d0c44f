package gateway

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/limits"
)

// fillQuotaUse fills in what is used, as far as it is stored, of the quotas of the
// apps' subscriptions, or of the accounts' where a plan counts by account.
func (f *feed) fillQuotaUse(ctx context.Context, apps []keycache.App) error {
	catalogue := f.follower.cache.Catalogue()
	var limited []*keycache.Subscription
	var counters []uuid.UUID
	for i := range apps {
		for j := range apps[i].Subscriptions {
			s := &apps[i].Subscriptions[j]
			if p := catalogue.Plan(s.PlanID); p != nil && !p.Quota.None() {
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
		start, _ := catalogue.Plan(s.PlanID).Quota.Period(now, catalogue.Location)
		n := usedSince(used[counters[i]], start)
		s.QuotaUsed, s.QuotaStart = &n, &start
	}
	return nil
}
