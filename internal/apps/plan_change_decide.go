package apps

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
)

// DecidePlanChangeInput is the input of ApprovePlanChange, RejectPlanChange and
// CancelPlanChange.
type DecidePlanChangeInput struct {
	SubscriptionID string
	// Version is that of the subscription that was decided about, so that nobody approves
	// a plan that has taken the place of the one they saw; nil for whichever it has.
	Version *int
	Reason  *string
}

// ApprovePlanChange approves a change of plan that waits: it takes effect at once, or at
// the end of the present month if that was asked for.
func (svc *Service) ApprovePlanChange(ctx context.Context, in DecidePlanChangeInput) (*db.Subscription, error) {
	return svc.decidePlanChange(ctx, in, lifecycle.ApprovePlanChange, func(ctx context.Context, tx *change.Tx, s *db.Subscription) (*db.Subscription, error) {
		if *s.PendingWhen == domain.PlanChangeNow {
			return takePlan(ctx, tx, s, *s.PendingPlanID, s.PendingPlanRevisionID, input.OrZero(in.Reason))
		}
		next, err := pendingPlan{plan: *s.PendingPlanID, revision: s.PendingPlanRevisionID, when: *s.PendingWhen}.scheduled(tx.Viewer, tx.Now)
		if err != nil {
			return nil, err
		}
		u := tx.Subscription.UpdateOne(s)
		next.set(u)
		return savePlan(ctx, tx, s, u, next.event(), input.OrZero(in.Reason))
	})
}

// RejectPlanChange rejects a change of plan that waits. The reason must not be empty. The
// subscription keeps its plan.
func (svc *Service) RejectPlanChange(ctx context.Context, in DecidePlanChangeInput) (*db.Subscription, error) {
	if err := input.RequireReason("reason", in.Reason, "the developer"); err != nil {
		return nil, err
	}
	return svc.decidePlanChange(ctx, in, lifecycle.RejectPlanChange, dropPlanChange(eventlog.SubscriptionPlanRejected, in.Reason))
}

// CancelPlanChange takes back a change of plan that waits or is scheduled.
func (svc *Service) CancelPlanChange(ctx context.Context, in DecidePlanChangeInput) (*db.Subscription, error) {
	return svc.decidePlanChange(ctx, in, lifecycle.CancelPlanChange, dropPlanChange(eventlog.SubscriptionPlanCancelled, in.Reason))
}

// planDecision is what a decision makes of a subscription that is locked.
type planDecision func(ctx context.Context, tx *change.Tx, s *db.Subscription) (*db.Subscription, error)

// dropPlanChange returns the decision that a subscription keeps its plan.
func dropPlanChange(t eventlog.Type, reason *string) planDecision {
	return func(ctx context.Context, tx *change.Tx, s *db.Subscription) (*db.Subscription, error) {
		u := tx.Subscription.UpdateOne(s)
		clearPlanChange(u.Mutation())
		return savePlan(ctx, tx, s, u, t, input.OrZero(reason))
	}
}

// decidePlanChange decides about the change of plan of a subscription. Of concurrent
// requests, one wins; the others, and any later one, get WRONG_STATUS.
func (svc *Service) decidePlanChange(ctx context.Context, in DecidePlanChangeInput, a lifecycle.SubscriptionAction, decide planDecision) (*db.Subscription, error) {
	if err := input.CheckReason("reason", in.Reason); err != nil {
		return nil, err
	}
	subID, err := input.DecodeID(nodeid.ProductSubscription, in.SubscriptionID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Subscription, error) {
		s, err := change.LockRowForUpdate(ctx, tx, tx.Subscription, subID)
		if err != nil {
			return nil, err
		}
		if err := authorizePlanChange(tx, s, a); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, s.Version); err != nil {
			return nil, err
		}
		return decide(ctx, tx, s)
	})
}

// PlanChangeDue matches subscriptions whose scheduled change of plan is to take effect. It
// is written so that the index of such changes serves it.
func PlanChangeDue(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.LTE(s.C(subscription.FieldPendingEffectiveAt), now),
			sql.EQ(s.C(subscription.FieldStatus), string(access.SubscriptionApproved)),
			sql.IsNull(s.C(subscription.FieldDeletedAt)),
		))
	}
}

// TakeDuePlans gives up to n subscriptions of an organization the plans that are due now, or
// lets them wait again, and returns how many. They are locked in the order in which the
// retirement of a product locks them.
func TakeDuePlans(ctx context.Context, tx *change.Tx, now time.Time, n int) (int, error) {
	due, err := change.LockForUpdate(tx, tx.Subscription.Query().Where(PlanChangeDue(now)).
		Order(subscription.ByAppID(), subscription.ByID()).Limit(n)).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range due {
		waits, err := sanctionedSince(ctx, tx, s)
		if err != nil {
			return 0, err
		}
		if waits {
			_, err = waitAgain(ctx, tx, s)
		} else {
			_, err = takePlanSince(ctx, tx, s, *s.PendingEffectiveAt, *s.PendingPlanID, s.PendingPlanRevisionID, s.PendingReason)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// sanctionedSince reports whether a subscription of the same account with the same product
// was suspended after a change of plan was asked for or decided about, and still is: nobody
// has agreed to the change under that sanction. Not an older one: whoever approved the
// change knew of it.
func sanctionedSince(ctx context.Context, tx *change.Tx, s *db.Subscription) (bool, error) {
	agreed := *s.PendingRequestedAt
	if s.DecidedAt != nil && s.DecidedAt.After(agreed) { // a transition would have ended the change
		agreed = *s.DecidedAt
	}
	return sanctioned(ctx, tx.Subscription.Query().Where(subscription.DecidedAtGTE(agreed)), s.AccountID, s.ProductID)
}

// waitAgain lets a scheduled change of plan wait for a decision.
func waitAgain(ctx context.Context, tx *change.Tx, s *db.Subscription) (*db.Subscription, error) {
	u := tx.Subscription.UpdateOne(s).SetPendingWaitsSince(tx.Now)
	next := pendingPlan{plan: *s.PendingPlanID, revision: s.PendingPlanRevisionID, status: lifecycle.PlanChangeWaiting, when: *s.PendingWhen}
	next.set(u)
	return savePlan(ctx, tx, s, u, next.event(), "A subscription of the account with the product has been suspended since.")
}

// PendingChange is a change of a subscription's plan that has not taken effect.
type PendingChange struct {
	PlanID uuid.UUID
	// PlanRevisionID is of the revision that was asked for; nil: the plan as it is.
	PlanRevisionID *uuid.UUID
	Status         lifecycle.PlanChangeStatus
	When           domain.PlanChangeTime
	EffectiveAt    *time.Time
	RequestedAt    time.Time
	RequestedBy    *uuid.UUID
	Reason         string
}

// PendingChangeOf returns the change of plan of a subscription; nil if it has none, or is
// not approved, so that it has no effect.
func PendingChangeOf(s *db.Subscription) *PendingChange {
	if s.Status != access.SubscriptionApproved || s.PendingPlanID == nil {
		return nil
	}
	return &PendingChange{
		PlanID: *s.PendingPlanID, PlanRevisionID: s.PendingPlanRevisionID, Status: *s.PendingStatus, When: *s.PendingWhen, EffectiveAt: s.PendingEffectiveAt,
		RequestedAt: *s.PendingRequestedAt, RequestedBy: s.PendingRequestedBy, Reason: s.PendingReason,
	}
}
