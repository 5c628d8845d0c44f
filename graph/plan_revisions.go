package graph

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/nodeid"
)

// planRevision returns the revision of a plan by which a subscription goes, or is to go. If it
// has none of this plan, it is the one that has the terms of the plan as it is, or nil.
func (r *Resolver) planRevision(ctx context.Context, plan uuid.UUID, revision *uuid.UUID) (*db.PlanRevision, error) {
	if revision != nil {
		bound, err := oneWith(ctx, nodeid.PlanRevision, *revision, nil, r.Entities.PlanRevisionsByID)
		if err != nil || bound != nil && bound.PlanID == plan {
			return bound, err
		}
	}
	return value(ctx, "newest revisions", nodeid.Plan, plan, r.Portal.Catalog.NewestRevisions)
}

// quotaPeriod returns the quota that applies to a subscription: that of its revision, or of
// the plan as it is if it has none of this plan; nil for none.
func (r *Resolver) quotaPeriod(ctx context.Context, s *db.Subscription) (*apps.QuotaPeriod, error) {
	if s.PlanRevisionID != nil {
		q, err := value(ctx, "quotas of revisions", nodeid.PlanRevision, *s.PlanRevisionID, r.Portal.Apps.RevisionQuotas)
		if err != nil {
			return nil, err
		}
		if q != nil && q.PlanID == s.PlanID {
			return q.Period, nil
		}
	}
	return value(ctx, "quotas", nodeid.Plan, s.PlanID, r.Portal.Apps.QuotaPeriods)
}
