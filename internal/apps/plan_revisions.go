package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/planrevision"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/viewer"
)

func idOfRevision(r *db.PlanRevision) *uuid.UUID {
	if r == nil {
		return nil
	}
	return &r.ID
}

func sameRevision(a, b *uuid.UUID) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// offersAnother reports whether a subscription would get other terms by a plan, whose newest
// revision is given: by another plan, or by its own if that has been changed since. One that
// goes by no revision of its plan goes by the plan as it is.
func offersAnother(ctx context.Context, all *db.PlanRevisionClient, s *db.Subscription, to *db.Plan, newest *db.PlanRevision) (bool, error) {
	switch {
	case to.ID != s.PlanID:
		return true, nil
	case newest == nil || s.PlanRevisionID == nil || *s.PlanRevisionID == newest.ID:
		return false, nil
	}
	return all.Query().Where(planrevision.ID(*s.PlanRevisionID), planrevision.PlanID(to.ID)).
		Exist(viewer.AsSystem(ctx, s.OrganizationID))
}

// catalogRevision returns the newest revision of a plan that the viewer may see; nil if it
// has none.
func (svc *Service) catalogRevision(ctx context.Context, x *db.Plan) (*db.PlanRevision, error) {
	r, err := svc.client.PlanRevision.Query().Where(planrevision.PlanID(x.ID), planrevision.Number(x.Revision)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return r, change.PublicError(err)
}

// termsOf returns the terms of a subscription that was read with its plan and its revision.
func termsOf(s *db.Subscription) catalog.Terms {
	return catalog.TermsBy(s.Edges.Plan, s.Edges.PlanRevision)
}

// planChanges returns what has changed of a subscription's plan and of its change of plan.
func planChanges(ctx context.Context, tx *change.Tx, before, after *db.Subscription) ([]domain.Change, error) {
	n, err := namePlans(ctx, tx, before, after)
	if err != nil {
		return nil, err
	}
	var d change.Diff
	d.Add("plan", n.of(before), n.of(after))
	d.Add("planRevision", n.revision(before), n.revision(after))
	d.Add("pendingPlan", n.pending(before), n.pending(after))
	d.Add("pendingStatus", before.PendingStatus, after.PendingStatus)
	d.Add("pendingWhen", before.PendingWhen, after.PendingWhen)
	d.Add("pendingEffectiveAt", before.PendingEffectiveAt, after.PendingEffectiveAt)
	return d.Changes, nil
}

// planNames are the names of the plans that an event tells of, and the numbers of their
// revisions.
type planNames struct {
	plans     map[uuid.UUID]*db.Plan
	revisions map[uuid.UUID]*db.PlanRevision
	// several are the plans that it tells two revisions of, by which they are named then.
	several map[uuid.UUID]bool
}

func namePlans(ctx context.Context, tx *change.Tx, of ...*db.Subscription) (*planNames, error) {
	n := &planNames{plans: map[uuid.UUID]*db.Plan{}, revisions: map[uuid.UUID]*db.PlanRevision{}, several: map[uuid.UUID]bool{}}
	var plans, revisions []uuid.UUID
	for _, s := range of {
		plans = append(plans, s.PlanID)
		if s.PendingPlanID != nil {
			plans = append(plans, *s.PendingPlanID)
		}
		for _, id := range []*uuid.UUID{s.PlanRevisionID, s.PendingPlanRevisionID} {
			if id != nil {
				revisions = append(revisions, *id)
			}
		}
	}
	system := viewer.AsSystem(ctx, tx.OrganizationID()) // which the developer may not see any more, as the subscription has ended
	found, err := tx.Plan.Query().Where(plan.IDIn(plans...)).Select(plan.FieldID, plan.FieldName).All(system)
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		n.plans[p.ID] = p
	}
	numbers, err := tx.PlanRevision.Query().Where(planrevision.IDIn(revisions...)).
		Select(planrevision.FieldID, planrevision.FieldNumber, planrevision.FieldPlanID).All(system)
	if err != nil {
		return nil, err
	}
	for _, r := range numbers {
		n.revisions[r.ID] = r
	}
	n.findSeveral(of)
	return n, nil
}

func (n *planNames) findSeveral(of []*db.Subscription) {
	first := map[uuid.UUID]int{}
	note := func(id uuid.UUID, revision *uuid.UUID) {
		number := n.number(id, revision)
		if seen, ok := first[id]; ok && seen != number {
			n.several[id] = true
		}
		first[id] = number
	}
	for _, s := range of {
		note(s.PlanID, s.PlanRevisionID)
		if s.PendingPlanID != nil {
			note(*s.PendingPlanID, s.PendingPlanRevisionID)
		}
	}
}

// number returns the number of the revision of a plan by which a subscription goes; 0 if it
// has none, and goes by the plan as it is.
func (n *planNames) number(id uuid.UUID, revision *uuid.UUID) int {
	if revision != nil {
		if r := n.revisions[*revision]; r != nil && r.PlanID == id {
			return r.Number
		}
	}
	return 0
}

// revision is number for an event; nil for none.
func (n *planNames) revision(s *db.Subscription) any {
	if number := n.number(s.PlanID, s.PlanRevisionID); number != 0 {
		return number
	}
	return nil
}

func (n *planNames) of(s *db.Subscription) string { return n.name(s.PlanID, s.PlanRevisionID) }

func (n *planNames) pending(s *db.Subscription) any {
	if s.PendingPlanID == nil {
		return nil
	}
	return n.name(*s.PendingPlanID, s.PendingPlanRevisionID)
}

// name returns what an event calls a plan: with the revision, where it tells of two.
func (n *planNames) name(id uuid.UUID, revision *uuid.UUID) string {
	p := n.plans[id]
	switch {
	case p == nil:
		return ""
	case n.several[id] && n.number(id, revision) != 0:
		return domain.PlanAndRevision(p.Name, n.number(id, revision))
	}
	return p.Name
}
