package catalog

import (
	"context"
	"encoding/json"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/planrevision"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/viewer"
)

// Terms is what a developer agrees to with a plan: a change of one of them is another
// revision. Its fields are those of schema.PlanTerms.
type Terms struct {
	Kind      domain.PlanKind
	RateLimit *access.RateLimit
	Quota     *access.Quota
	QuotaPer  access.QuotaPer
	Price     *domain.Price

	EndpointLimits []access.EndpointLimit
	Overage        access.Overage
	SpendingCap    *string
	CallsWithinCap *int64
}

// TermsOf returns the terms of a plan as it is now.
func TermsOf(x *db.Plan) Terms {
	return Terms{
		Kind: x.Kind, RateLimit: x.RateLimit, Quota: x.Quota, QuotaPer: x.QuotaPer, Price: x.Price,
		EndpointLimits: x.EndpointLimits, Overage: x.Overage, SpendingCap: x.SpendingCap, CallsWithinCap: x.CallsWithinCap,
	}
}

// TermsBy returns the terms of a subscription to a plan: those of its revision, or those of the
// plan as it is if it has none of this plan. The SQL for the same is domain.TermsJoin.
func TermsBy(x *db.Plan, revision *db.PlanRevision) Terms {
	if revision != nil && revision.PlanID == x.ID {
		return TermsOfRevision(revision)
	}
	return TermsOf(x)
}

// TermsOfRevision returns the terms of a revision.
func TermsOfRevision(r *db.PlanRevision) Terms {
	return Terms{
		Kind: r.Kind, RateLimit: r.RateLimit, Quota: r.Quota, QuotaPer: r.QuotaPer, Price: r.Price,
		EndpointLimits: r.EndpointLimits, Overage: r.Overage, SpendingCap: r.SpendingCap, CallsWithinCap: r.CallsWithinCap,
	}
}

// Same reports whether nothing would change for a subscription that gets the other terms.
func (t Terms) Same(other Terms) (bool, error) {
	a, err := json.Marshal(t)
	if err != nil {
		return false, err
	}
	b, err := json.Marshal(other)
	return string(a) == string(b), err
}

// set copies the terms to a new revision.
func (t Terms) set(c *db.PlanRevisionCreate) {
	c.SetKind(t.Kind).SetQuotaPer(t.QuotaPer).SetOverage(t.Overage).SetNillableSpendingCap(t.SpendingCap).SetNillableCallsWithinCap(t.CallsWithinCap)
	if t.EndpointLimits != nil {
		c.SetEndpointLimits(t.EndpointLimits)
	}
	if t.RateLimit != nil {
		c.SetRateLimit(t.RateLimit)
	}
	if t.Quota != nil {
		c.SetQuota(t.Quota)
	}
	if t.Price != nil {
		c.SetPrice(t.Price)
	}
}

// NewestRevision returns the revision whose terms are those of a locked plan. It is nil if
// there is none: the release before may run on the same database, and makes no revisions. A
// subscription without one goes by the plan as it is, until the next change of the plan
// gives it one.
func NewestRevision(ctx context.Context, tx *change.Tx, x *db.Plan) (*db.PlanRevision, error) {
	r, err := tx.PlanRevision.Query().Where(planrevision.PlanID(x.ID), planrevision.Number(x.Revision)).
		Only(viewer.AsSystem(ctx, tx.OrganizationID()))
	if db.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	is, err := IsNewest(x, r)
	if !is {
		r = nil
	}
	return r, err
}

// IsNewest reports whether a revision is that of its plan as it is: the release before changes
// plans without making one.
func IsNewest(x *db.Plan, r *db.PlanRevision) (bool, error) {
	if r.PlanID != x.ID || r.Number != x.Revision {
		return false, nil
	}
	return TermsOfRevision(r).Same(TermsOf(x))
}

// revise makes the next revision of a locked plan, whose row has the new terms already, and
// returns the plan with its number. before is the plan as it was: what goes by that gets the
// revision of it first.
func revise(ctx context.Context, tx *change.Tx, before, after *db.Plan) (*db.Plan, error) {
	old, err := ensureRevision(ctx, tx, before)
	if err != nil {
		return nil, err
	}
	r, err := addRevision(ctx, tx, after, old.Number+1)
	if err != nil {
		return nil, err
	}
	return tx.Plan.UpdateOne(after).SetRevision(r.Number).Save(ctx)
}

// EnsureRevision returns the revision with the terms of a locked plan. If the release before
// has left none, it is made and recorded, and the subscriptions that go by the plan without a
// revision get it.
func EnsureRevision(ctx context.Context, tx *change.Tx, x *db.Plan) (*db.PlanRevision, error) {
	r, err := ensureRevision(ctx, tx, x)
	if err != nil || r.Number == x.Revision {
		return r, err
	}
	tx.Record(planEvent(eventlog.PlanUpdated, x, []domain.Change{{Field: "revision", Before: domain.Text(x.Revision), After: domain.Text(r.Number)}}))
	return r, tx.Plan.UpdateOne(x).SetRevision(r.Number).AddVersion(1).SetUpdatedAt(tx.Now).Exec(ctx)
}

// ensureRevision is EnsureRevision without the number in the plan's row.
func ensureRevision(ctx context.Context, tx *change.Tx, x *db.Plan) (*db.PlanRevision, error) {
	r, err := NewestRevision(ctx, tx, x)
	if err != nil {
		return nil, err
	}
	if r == nil {
		taken, err := tx.PlanRevision.Query().Where(planrevision.PlanID(x.ID)).Count(ctx)
		if err != nil {
			return nil, err
		}
		if r, err = addRevision(ctx, tx, x, taken+1); err != nil {
			return nil, err
		}
	}
	return r, bindUnbound(ctx, tx, x, r)
}

func addRevision(ctx context.Context, tx *change.Tx, x *db.Plan, number int) (*db.PlanRevision, error) {
	c := tx.PlanRevision.Create().SetOrganizationID(x.OrganizationID).SetPlanID(x.ID).SetProductID(x.ProductID).
		SetNumber(number).SetCreatedAt(tx.Now)
	TermsOf(x).set(c)
	return c.Save(ctx)
}

// ChargeByRevision is Charge by the terms of a revision.
func ChargeByRevision(r *db.PlanRevision, calls int) (*domain.Charge, error) {
	return TermsOfRevision(r).Charge(calls)
}
