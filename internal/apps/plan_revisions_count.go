package apps

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db/plan"
	"portico/ent/db/planrevision"
	"portico/ent/db/subscription"
	"portico/internal/change"
)

// SubscriptionsOfRevisions counts, with one statement, the live subscriptions that go by
// revisions of plans; those of none are absent. What goes by a plan without a revision is of
// the newest.
func (svc *Service) SubscriptionsOfRevisions(ctx context.Context, revisions []uuid.UUID) (map[uuid.UUID]int, error) {
	var rows []struct {
		ID uuid.UUID `json:"revision"`
		N  int       `json:"n"`
	}
	err := svc.client.Subscription.Query().Where(subscription.DeletedAtIsNil(),
		subscription.StatusIn(access.SubscriptionWaiting, access.SubscriptionApproved, access.SubscriptionSuspended)).
		Modify(func(s *sql.Selector) {
			r := sql.Dialect(s.Dialect()).Table(planrevision.Table).As("gone_by")
			p := sql.Dialect(s.Dialect()).Table(plan.Table).As("of_plan")
			s.Join(r).On(s.C(subscription.FieldPlanID), r.C(planrevision.FieldPlanID))
			s.Join(p).On(r.C(planrevision.FieldPlanID), p.C(plan.FieldID))
			ids := make([]any, len(revisions))
			for i, id := range revisions {
				ids[i] = id
			}
			s.Where(sql.And(sql.In(r.C(planrevision.FieldID), ids...), sql.Or(
				sql.ColumnsEQ(r.C(planrevision.FieldID), s.C(subscription.FieldPlanRevisionID)),
				sql.And(sql.IsNull(s.C(subscription.FieldPlanRevisionID)), sql.ColumnsEQ(r.C(planrevision.FieldNumber), p.C(plan.FieldRevision))),
			)))
			s.Select(sql.As(r.C(planrevision.FieldID), "revision"), sql.As(sql.Count("*"), "n")).GroupBy(r.C(planrevision.FieldID))
		}).Scan(ctx, &rows)
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := make(map[uuid.UUID]int, len(rows))
	for _, r := range rows {
		out[r.ID] = r.N
	}
	return out, nil
}
