package apps

import (
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/planrevision"
	"portico/ent/db/subscription"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/database"
)

// SubscriptionsOfRevisions counts the live subscriptions that go by revisions of plans that the
// viewer may see, with the same few statements however many they are; those of none are absent.
// What goes by a plan without a revision is of the one that has the terms of the plan as it is,
// if there is one.
func (svc *Service) SubscriptionsOfRevisions(ctx context.Context, revisions []uuid.UUID) (map[uuid.UUID]int, error) {
	asked, err := svc.client.PlanRevision.Query().Where(planrevision.IDIn(revisions...)).WithPlan().All(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := make(map[uuid.UUID]int, len(asked))
	newest := map[uuid.UUID]uuid.UUID{} // of those that are asked for, by plan
	of := map[uuid.UUID]uuid.UUID{}     // the plan of each
	for _, r := range asked {
		of[r.ID] = r.PlanID
		if r.Edges.Plan == nil {
			continue
		}
		is, err := catalog.IsNewest(r.Edges.Plan, r)
		if err != nil {
			return nil, err
		}
		if is {
			newest[r.PlanID] = r.ID
		}
	}
	bound, err := svc.countBound(ctx, of)
	if err != nil {
		return nil, err
	}
	for _, c := range bound {
		if of[c.Revision] == c.Plan {
			out[c.Revision] = c.N
		}
	}
	unbound, err := svc.countUnbound(ctx, newest)
	for _, c := range unbound {
		out[newest[c.Plan]] += c.N
	}
	return out, err
}

// termsCount is how many subscriptions go by a revision, or without one, with a plan.
type termsCount struct {
	Revision uuid.UUID `json:"revision"`
	Plan     uuid.UUID `json:"plan"`
	N        int       `json:"n"`
}

// countBound counts those that have one of the revisions, also with another plan.
func (svc *Service) countBound(ctx context.Context, of map[uuid.UUID]uuid.UUID) (rows []termsCount, err error) {
	err = svc.live().Where(database.AnyOf(subscription.FieldPlanRevisionID, keysOf(of))).Modify(func(s *sql.Selector) {
		revision, plan := s.C(subscription.FieldPlanRevisionID), s.C(subscription.FieldPlanID)
		s.Select(sql.As(revision, "revision"), sql.As(plan, "plan"), sql.As(sql.Count("*"), "n")).GroupBy(revision, plan)
	}).Scan(ctx, &rows)
	return rows, change.PublicError(err)
}

// countUnbound counts those that have one of the plans, and no revision of it.
func (svc *Service) countUnbound(ctx context.Context, plans map[uuid.UUID]uuid.UUID) (rows []termsCount, err error) {
	if len(plans) == 0 {
		return nil, nil
	}
	err = svc.live().Where(database.AnyOf(subscription.FieldPlanID, keysOf(plans))).Modify(func(s *sql.Selector) {
		r := sql.Dialect(s.Dialect()).Table(planrevision.Table).As("gone_by")
		s.LeftJoin(r).OnP(sql.And(sql.ColumnsEQ(r.C(planrevision.FieldID), s.C(subscription.FieldPlanRevisionID)), sql.ColumnsEQ(r.C(planrevision.FieldPlanID), s.C(subscription.FieldPlanID))))
		plan := s.C(subscription.FieldPlanID)
		s.Where(sql.IsNull(r.C(planrevision.FieldID))).Select(sql.As(plan, "plan"), sql.As(sql.Count("*"), "n")).GroupBy(plan)
	}).Scan(ctx, &rows)
	return rows, change.PublicError(err)
}

func (svc *Service) live() *db.SubscriptionQuery {
	return svc.client.Subscription.Query().Where(subscription.DeletedAtIsNil(), func(s *sql.Selector) { s.Where(catalog.Live(s.C(subscription.FieldStatus))) })
}

func keysOf(m map[uuid.UUID]uuid.UUID) []uuid.UUID { return slices.Collect(maps.Keys(m)) }
