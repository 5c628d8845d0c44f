package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/plan"
	"portico/ent/db/predicate"
	"portico/ent/db/subscription"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// PlanChangePreview is what a change of plan would bring.
type PlanChangePreview struct {
	PlanID, NewPlanID uuid.UUID
	PlanRevisionID    *uuid.UUID
	// PriceDifference is as of domain.PriceDifference.
	PriceDifference *domain.Price
	NeedsApproval   bool
	// EffectiveAt is nil if nobody knows, or it has no effect.
	EffectiveAt *time.Time
	Impact      *Impact
}

// PreviewChangePlan returns what ChangePlan would bring. The viewer must be allowed to do
// it; the plan must be one of the product's.
func (svc *Service) PreviewChangePlan(ctx context.Context, in ChangePlanInput) (*PlanChangePreview, error) {
	subID, err := input.DecodeID(nodeid.ProductSubscription, in.SubscriptionID)
	if err != nil {
		return nil, err
	}
	s, err := svc.client.Subscription.Query().Where(subscription.ID(subID)).WithProduct().WithPlan().WithPlanRevision().Only(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	if err := mayPreview(ctx, onSubscription(s, lifecycle.ChangePlan)); err != nil {
		return nil, err
	}
	planID, _ := nodeid.Decode(nodeid.Plan, in.PlanID)
	to, err := svc.client.Plan.Query().Where(plan.ID(planID), plan.ProductID(s.ProductID)).Only(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := &PlanChangePreview{PlanID: s.PlanID, PlanRevisionID: s.PlanRevisionID, NewPlanID: to.ID, Impact: &Impact{},
		PriceDifference: domain.PriceDifference(charged(termsOf(s)), charged(catalog.TermsOf(to)))}
	newest, err := svc.catalogRevision(ctx, to)
	if err != nil {
		return nil, err
	}
	if offers, err := offersAnother(ctx, svc.client.PlanRevision, s, to, newest); err != nil || !offers || s.Status != access.SubscriptionApproved {
		return out, change.PublicError(err)
	}
	if err := svc.foresee(ctx, out, s, to, in.When); err != nil {
		return nil, err
	}
	out.Impact, err = svc.impact(ctx, planHit(s), ImpactCalls{Apps: []uuid.UUID{s.AppID}, Products: []uuid.UUID{s.ProductID}})
	return out, err
}

// foresee adds whether a change of plan would wait, and else when it would take effect.
func (svc *Service) foresee(ctx context.Context, out *PlanChangePreview, s *db.Subscription, to *db.Plan, when domain.PlanChangeTime) (err error) {
	v := viewer.Current(ctx)
	if s.Edges.Product == nil {
		return fault.NotFound()
	}
	if out.NeedsApproval, err = planWaits(ctx, svc.client.Subscription, v, s, s.Edges.Product, to); err != nil {
		return change.PublicError(err)
	}
	if out.NeedsApproval {
		return nil
	}
	at := svc.clock.Now()
	if when == domain.PlanChangePeriodEnd {
		if at, err = periodEnd(v, at); err != nil {
			return err
		}
	}
	out.EffectiveAt = &at
	return nil
}

// planHit returns what a change of a subscription's plan would hit: it, its app, and the
// keys with which the app reaches the product.
func planHit(s *db.Subscription) hit {
	return hit{
		credentials: []predicate.Credential{
			credential.StatusNEQ(access.CredentialRevoked),
			credential.Or(credential.AppID(s.AppID), credential.And(credential.AppIDIsNil(), credential.AccountID(s.AccountID))),
			credential.Or(credential.AccessEQ(access.AllProducts), lists(s.ProductID)),
		},
		apps:          []predicate.App{app.ID(s.AppID)},
		subscriptions: []predicate.Subscription{subscription.ID(s.ID)},
	}
}

// charged returns the price by which terms are charged: that of a FREE plan is not.
func charged(t catalog.Terms) *domain.Price {
	if t.Kind == domain.PlanFree {
		return nil
	}
	return t.Price
}
