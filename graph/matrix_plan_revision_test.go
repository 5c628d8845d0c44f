package graph_test

import (
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/planrevision"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
)

// PlanRevision is what the matrix knows of revisions of plans.
func (nouns) PlanRevision() noun {
	return noun{
		prefix: "planrev", list: sorted{list: "revisions"}, fields: planRevisionFields(),
		questions: map[string]question{
			"PlanRevision":           of("PlanRevision", "revision of the product", ""),
			"PlanRevision: private":  of("PlanRevision", "revision of the private product", ""),
			"PlanRevision: tiered":   of("PlanRevision", "tiered revision of the private product", ""),
			"PlanRevision: draft":    of("PlanRevision", "revision of the draft product", ""),
			"PlanRevisionConnection": of("Plan", "plan of the product", "revisions"),
			"PlanRevisionEdge":       of("Plan", "plan of the product", "revisions.edges"),
		},
		plays: map[string]play{
			"Mutation.movePlanSubscriptions": on("planId", "SUBSCRIPTION_PLAN_CHANGED", (*world).revisedPlan),
		},
		tables: map[string]table{"plan_revisions": {
			client: func(c *db.Client) any { return c.PlanRevision }, column: "id", value: specimen("tiered revision of the private product"), // by which nobody goes
			adds: func(c *db.Client) adding {
				return added(c.PlanRevision.Create, c.PlanRevision.CreateBulk, func(x *db.PlanRevisionCreate, o owner) {
					x.SetOrganizationID(o.organization).SetProductID(o.product).SetPlanID(o.plan).SetNumber(int(o.plan.ID()%1000000 + 2)).SetKind(domain.PlanFree)
				})
			},
			policy: &planrevision.Policy, types: []string{"PlanRevision"},
		}},
		shown: func(w *world, who string, o object) bool {
			return shownOfProduct("revision of the ")(w, who, o) || shownOfProduct("other revision of the ")(w, who, o) || shownOfProduct("tiered revision of the ")(w, who, o)
		},
		targets: map[string]string{"movePlanSubscriptions": "planId"},
		samples: map[string]string{},
		nothing: map[string]string{"none": "MovePlanSubscriptionsInput.reason"},
	}
}

// planRevisionFields are how the reference resolves fields of revisions.
func planRevisionFields() map[string]resolver {
	return map[string]resolver{
		"PlanRevision.plan": objectIn(nodeid.Plan, "PlanID"),
		"Plan.revisions":    listOf(nodeid.PlanRevision, func(q fieldRequest, r *db.PlanRevision) bool { return r.PlanID == q.parent.(*db.Plan).ID }),
		"PlanRevision.charge": func(q fieldRequest) (any, error) {
			calls, _ := q.number("calls")
			charge, err := catalog.ChargeByRevision(q.parent.(*db.PlanRevision), calls)
			if charge == nil {
				return nil, err
			}
			return charge, nil
		},
		"PlanRevision.subscriptionCount": func(q fieldRequest) (any, error) {
			r := q.parent.(*db.PlanRevision)
			n, err := q.w.Portal.Apps.SubscriptionsOfRevisions(q.ctx, []uuid.UUID{r.ID})
			return n[r.ID], err
		},
	}
}

// revisionOf returns the only revision of a plan.
func (w *world) revisionOf(plan string) string {
	id, _ := nodeid.Decode(nodeid.Plan, plan)
	return w.Client.PlanRevision.Query().Where(planrevision.PlanID(id)).OnlyX(portaltest.System(w.t)).GlobalID()
}

// revisedPlan makes a plan with a subscription by its first revision, and another revision.
func (w *world) revisedPlan() string {
	product := w.freshOffer()
	id := w.make("admin", "createPlan", arguments{"productId": product, "name": "revised", "approval": "AUTO"}, "plan")
	w.mustSucceed("admin", "register", arguments{"appId": w.freshApp(), "productId": product, "planId": id}, "productSubscription { id }")
	w.mustSucceed("admin", "updatePlan", arguments{"planId": id, "quota": arguments{"limit": 5, "per": "DAY"}}, "plan { id }")
	return id
}
