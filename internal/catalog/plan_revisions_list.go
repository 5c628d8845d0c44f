package catalog

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/planrevision"
	"portico/internal/change"
	"portico/internal/entity"
	"portico/internal/listing"
)

// RevisionsOfPlans returns the same page of the revisions of many plans.
func (svc *Service) RevisionsOfPlans(ctx context.Context, plans []uuid.UUID, r listing.Request) (listing.Pages[*db.PlanRevision], error) {
	ch := listing.Children[*db.PlanRevision]{List: entity.PlanRevisionList(), Column: planrevision.FieldPlanID, Parent: func(x *db.PlanRevision) uuid.UUID { return x.PlanID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(func() listing.Query[*db.PlanRevision] { return svc.client.PlanRevision.Query() }),
		plans, listing.Order{}, r)
}

// NewestRevisions returns the newest revisions of plans that the viewer may see, by plan.
// Those whose plan has other terms meanwhile are absent: no revision has what a subscription
// without one goes by then.
func (svc *Service) NewestRevisions(ctx context.Context, plans []uuid.UUID) (map[uuid.UUID]*db.PlanRevision, error) {
	all, err := svc.client.PlanRevision.Query().Where(planrevision.PlanIDIn(plans...), func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(plan.Table).As("newest_of")
		s.Join(t).On(s.C(planrevision.FieldPlanID), t.C(plan.FieldID))
		s.Where(sql.ColumnsEQ(s.C(planrevision.FieldNumber), t.C(plan.FieldRevision)))
	}).WithPlan().All(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := make(map[uuid.UUID]*db.PlanRevision, len(all))
	for _, r := range all {
		if r.Edges.Plan == nil {
			continue
		}
		is, err := IsNewest(r.Edges.Plan, r)
		if err != nil {
			return nil, err
		}
		if is {
			out[r.PlanID] = r
		}
	}
	return out, nil
}
