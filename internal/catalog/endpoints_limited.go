package catalog

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/planrevision"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// limiting is what limits endpoints: a plan, or older terms of one.
type limiting struct {
	plan  string
	older bool
	by    []access.EndpointLimit
}

// checkNotLimited refuses to delete endpoints of a product that a plan limits, or older terms
// of one by which subscriptions go: their calls would be limited no more, and nobody would
// notice. The endpoints are locked, so that no plan begins to.
func checkNotLimited(ctx context.Context, tx *change.Tx, productID uuid.UUID, field string, gone ...*db.Endpoint) error {
	all, err := limitingEndpoints(viewer.AsSystem(ctx, tx.OrganizationID()), tx, productID)
	if err != nil {
		return err
	}
	var errs []error
	for _, x := range gone {
		for _, l := range all {
			if slices.ContainsFunc(l.by, func(l access.EndpointLimit) bool { return l.EndpointID == x.ID }) {
				errs = append(errs, fault.Input(fault.NotAllowed, field, l.message(x)))
				break // the others are named once this one is gone
			}
		}
	}
	return fault.Collect(errs...)
}

// message tells how to get rid of the limit of an endpoint.
func (l limiting) message(x *db.Endpoint) string {
	endpoint := "the endpoint " + string(x.Method) + " " + x.Path
	if l.older {
		return "Subscriptions go by older terms of the plan " + l.plan + ", which limit " + endpoint + ": move them to the newest terms first (movePlanSubscriptions)."
	}
	return "The plan " + l.plan + " limits " + endpoint + ": remove it from the plan's endpointLimits first."
}

// limitingEndpoints returns the plans of a product that limit endpoints, by name, and then the
// older terms that somebody goes by, or is to.
func limitingEndpoints(system context.Context, tx *change.Tx, productID uuid.UUID) (out []limiting, err error) {
	plans, err := tx.Plan.Query().Where(plan.ProductID(productID)).Order(plan.ByName()).All(system)
	if err != nil {
		return nil, err
	}
	names := map[uuid.UUID]string{}
	for _, p := range plans {
		names[p.ID] = p.Name
		out = append(out, limiting{plan: p.Name, by: p.EndpointLimits})
	}
	revisions, err := tx.PlanRevision.Query().Where(planrevision.ProductID(productID), planrevision.EndpointLimitsNotNil(), goneBy).
		Order(planrevision.ByNumber(), planrevision.ByID()).All(system)
	for _, r := range revisions {
		out = append(out, limiting{plan: names[r.PlanID], older: true, by: r.EndpointLimits})
	}
	return out, err
}

// goneBy matches the revisions by which live subscriptions go, or will once their change of
// plan is approved.
func goneBy(s *sql.Selector) {
	t := sql.Dialect(s.Dialect()).Table(subscription.Table)
	id := s.C(planrevision.FieldID)
	s.Where(sql.Exists(sql.Dialect(s.Dialect()).Select(t.C(subscription.FieldID)).From(t).Where(sql.And(
		sql.IsNull(t.C(subscription.FieldDeletedAt)),
		sql.In(t.C(subscription.FieldStatus), access.SubscriptionWaiting, access.SubscriptionApproved, access.SubscriptionSuspended),
		sql.Or(sql.ColumnsEQ(t.C(subscription.FieldPlanRevisionID), id), sql.ColumnsEQ(t.C(subscription.FieldPendingPlanRevisionID), id)),
	))))
}
