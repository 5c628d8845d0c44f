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
	revisions, err := tx.PlanRevision.Query().Where(planrevision.ProductID(productID), planrevision.EndpointLimitsNotNil(), func(s *sql.Selector) { s.Where(sql.Or(GoneBy(s), pending(s))) }).
		Order(planrevision.ByNumber(), planrevision.ByID()).All(system)
	for _, r := range revisions {
		out = append(out, limiting{plan: names[r.PlanID], older: true, by: r.EndpointLimits})
	}
	return out, err
}
