package gateway

import (
	"context"
	"time"

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
	var all []quotaUse
	var counters []uuid.UUID
	for i := range apps {
		for j := range apps[i].Subscriptions {
			s := &apps[i].Subscriptions[j]
			if p := termsOf(catalogue, s); p != nil {
				all = appendUses(all, &apps[i], s, p)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	for _, u := range all {
		counters = append(counters, u.counter)
	}
	now := f.verifier.o.Clock.Now()
	used, err := f.verifier.o.Usage.QuotasUsed(ctx, counters, now)
	if err != nil {
		return err
	}
	for _, u := range all {
		start, _ := u.quota.Period(now, catalogue.Location)
		u.set(usedSince(used[u.counter], start), start)
	}
	return nil
}

// quotaUse is a quota of a subscription, and where to note what is used of it.
type quotaUse struct {
	subscription *keycache.Subscription
	quota        limits.Quota
	counter      uuid.UUID
	endpoint     *uuid.UUID
	further      bool
}

func (u *quotaUse) set(used int64, start time.Time) {
	if !u.further {
		u.subscription.QuotaUsed, u.subscription.QuotaStart = &used, &start
		return
	}
	u.subscription.Uses = append(u.subscription.Uses, keycache.Use{EndpointID: u.endpoint, Used: used, Start: start})
}

// appendUses appends the quotas of an app's subscription.
func appendUses(to []quotaUse, app *keycache.App, s *keycache.Subscription, p *verdict.Plan) []quotaUse {
	ofApp := limits.ByApp(app.ID, s.ProductID)
	if !p.Quota.None() {
		counter := ofApp
		if p.PerAccount {
			counter = limits.ByAccount(app.AccountID, s.ProductID, p.Quota.Per)
		}
		to = append(to, quotaUse{subscription: s, quota: p.Quota, counter: counter})
	}
	for id, l := range p.Endpoints {
		if !l.Quota.None() {
			to = append(to, quotaUse{s, l.Quota, limits.ByEndpoint(ofApp, id), &id, true})
		}
	}
	if !p.Spending.None() {
		to = append(to, quotaUse{s, p.Spending, limits.BySpending(ofApp), nil, true})
	}
	return to
}
