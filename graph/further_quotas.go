package graph

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/nodeid"
)

// furtherUse is what is used of a subscription's quotas besides its plan's own.
type furtherUse struct {
	endpoints []*apps.EndpointQuotaUse
	spending  *apps.SpendingUse
}

// furtherQuotas returns what a subscription's app used of the quotas of single endpoints and of
// the spending cap of its terms. It reads terms and counts for the whole page at once.
func (r *Resolver) furtherQuotas(ctx context.Context, s *db.Subscription) (furtherUse, error) {
	loadersOf(ctx).noteQuota(s)
	return value(ctx, "further quotas used", quotaHolder, s.ID, r.furtherQuotasUsed)
}

func (r *Resolver) furtherQuotasUsed(ctx context.Context, subscriptions []uuid.UUID) (map[uuid.UUID]furtherUse, error) {
	l := loadersOf(ctx)
	quotas := map[uuid.UUID]*apps.FurtherQuotas{}
	var counters []uuid.UUID
	for _, id := range subscriptions {
		s := l.subscriptionOf(id)
		t, err := r.termsOf(ctx, s)
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue
		}
		if quotas[id], err = r.Portal.Apps.FurtherQuotasOf(ctx, s, *t); err != nil {
			return nil, err
		}
		counters = append(counters, quotas[id].Counters()...)
	}
	counts := map[uuid.UUID][]limits.Used{}
	for part := range slices.Chunk(counters, limit) {
		read, err := r.Quotas.QuotasUsed(ctx, part, r.Portal.Now())
		if err != nil {
			return nil, err
		}
		for counter, used := range read {
			counts[counter] = used
		}
	}
	out := make(map[uuid.UUID]furtherUse, len(quotas))
	for id, f := range quotas {
		spending, err := f.Spending(counts)
		if err != nil {
			return nil, err
		}
		out[id] = furtherUse{f.Endpoints(counts), spending}
	}
	return out, nil
}

// termsOf returns the terms by which a subscription goes; nil if the viewer may not see them.
func (r *Resolver) termsOf(ctx context.Context, s *db.Subscription) (*catalog.Terms, error) {
	revision, err := r.planRevision(ctx, s.PlanID, s.PlanRevisionID)
	if err != nil {
		return nil, err
	}
	if revision != nil {
		t := catalog.TermsOfRevision(revision)
		return &t, nil
	}
	plan, err := oneWith(ctx, nodeid.Plan, s.PlanID, nil, r.Entities.PlansByID)
	if err != nil || plan == nil {
		return nil, err
	}
	t := catalog.TermsOf(plan)
	return &t, nil
}
