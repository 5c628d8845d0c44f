package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/statements"
	"portico/internal/viewer"
)

// ChangePlanInput is the input of ChangePlan.
type ChangePlanInput struct {
	SubscriptionID string
	PlanID         string
	When           domain.PlanChangeTime
	Reason         *string
}

// ChangePlan gives an approved subscription another plan of its product: at once or at the
// end of the month, or once somebody has approved it. It stays the same subscription. A
// change that was asked for before is replaced.
func (svc *Service) ChangePlan(ctx context.Context, in ChangePlanInput) (*db.Subscription, error) {
	if err := input.CheckReason("reason", in.Reason); err != nil {
		return nil, err
	}
	subID, err := input.DecodeID(nodeid.ProductSubscription, in.SubscriptionID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Subscription, error) {
		// The account first, as Suspend does: of the two, one sees the other.
		s, err := lockWithAccount(ctx, tx, subID)
		if err != nil {
			return nil, err
		}
		if err := authorizePlanChange(tx, s, lifecycle.ChangePlan); err != nil {
			return nil, err
		}
		return changePlan(ctx, tx, s, in)
	})
}

// authorizePlanChange asks whether the viewer may do an action on the plan of a locked
// subscription.
func authorizePlanChange(tx *change.Tx, s *db.Subscription, a lifecycle.SubscriptionAction) error {
	status := string(s.Status)
	if s.Status == access.SubscriptionApproved && s.PendingStatus != nil {
		status = string(*s.PendingStatus)
	}
	return tx.AuthorizeInState(onSubscription(s, a), "subscriptionId", status)
}

func changePlan(ctx context.Context, tx *change.Tx, s *db.Subscription, in ChangePlanInput) (*db.Subscription, error) {
	planID, _ := nodeid.Decode(nodeid.Plan, in.PlanID)
	to, err := change.LockForShare(tx, tx.Plan.Query().Where(plan.ID(planID), plan.ProductID(s.ProductID))).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.Input(fault.UnknownReference, "planId", "The product has no such plan.")
	}
	if err != nil {
		return nil, err
	}
	revision, err := catalog.NewestRevision(ctx, tx, to)
	if err != nil {
		return nil, err
	}
	offers, err := offersAnother(ctx, tx.PlanRevision, s, to, revision)
	if err != nil {
		return nil, err
	}
	if !offers {
		return nil, fault.Input(fault.AlreadyRegistered, "planId", "The subscription has this plan already, by its newest terms.")
	}
	prod, err := tx.Product.Get(ctx, s.ProductID)
	if err != nil {
		return nil, err
	}
	waits, err := planWaits(ctx, tx.Subscription, tx.Viewer, s, prod, to)
	if err != nil {
		return nil, err
	}
	next, reason := pendingPlan{plan: to.ID, revision: idOfRevision(revision), status: lifecycle.PlanChangeWaiting, when: in.When}, input.OrZero(in.Reason)
	switch {
	case waits:
	case in.When == domain.PlanChangeNow:
		return takePlan(ctx, tx, s, to.ID, next.revision, reason)
	default:
		if next, err = next.scheduled(tx.Viewer, tx.Now); err != nil {
			return nil, err
		}
	}
	if next.is(s) {
		return s, nil
	}
	u := tx.Subscription.UpdateOne(s).SetPendingRequestedAt(tx.Now).ClearPendingWaitsSince().SetPendingReason(reason)
	if tx.Viewer.SignedIn() {
		u.SetPendingRequestedBy(tx.Viewer.UserID)
	} else {
		u.ClearPendingRequestedBy()
	}
	next.set(u)
	return savePlan(ctx, tx, s, u, next.event(), reason)
}

// planWaits reports whether a change of a subscription's plan waits for a decision: unless
// staff ask for it, it does wherever a new subscription by that plan would.
func planWaits(ctx context.Context, all *db.SubscriptionClient, v viewer.Viewer, s *db.Subscription, prod *db.Product, to *db.Plan) (bool, error) {
	if v.ActsForOrganization() {
		return false, nil
	}
	return NeedsApproval(ctx, all, s.AccountID, prod, to)
}

// periodEnd returns the end of the calendar month in the organization's time zone.
func periodEnd(v viewer.Viewer, now time.Time) (time.Time, error) {
	location, err := zone.Load(v.TimeZone)
	if err != nil {
		return time.Time{}, err
	}
	_, end := limits.Quota{Per: access.PerMonth}.Period(now, location)
	return end, nil
}

// pendingPlan is a change of plan that has not taken effect.
type pendingPlan struct {
	plan        uuid.UUID
	revision    *uuid.UUID // that was asked for; nil: the plan as it will be
	status      lifecycle.PlanChangeStatus
	when        domain.PlanChangeTime
	effectiveAt *time.Time
}

// scheduled returns the change that takes effect at the end of the month.
func (p pendingPlan) scheduled(v viewer.Viewer, now time.Time) (pendingPlan, error) {
	end, err := periodEnd(v, now)
	p.status, p.effectiveAt = lifecycle.PlanChangeScheduled, &end
	return p, err
}

// is reports whether it is what a subscription has already.
func (p pendingPlan) is(s *db.Subscription) bool {
	return s.PendingPlanID != nil && *s.PendingPlanID == p.plan && sameRevision(s.PendingPlanRevisionID, p.revision) && *s.PendingStatus == p.status && *s.PendingWhen == p.when &&
		(p.effectiveAt == nil || s.PendingEffectiveAt.Equal(*p.effectiveAt))
}

func (p pendingPlan) set(u *db.SubscriptionUpdateOne) {
	if u.SetNillablePendingPlanRevisionID(p.revision); p.revision == nil {
		u.ClearPendingPlanRevisionID()
	}
	u.SetPendingPlanID(p.plan).SetPendingStatus(p.status).SetPendingWhen(p.when).SetNillablePendingEffectiveAt(p.effectiveAt)
	if p.effectiveAt == nil {
		u.ClearPendingEffectiveAt()
	}
}

func (p pendingPlan) event() eventlog.Type {
	if p.status == lifecycle.PlanChangeWaiting {
		return eventlog.SubscriptionPlanRequested
	}
	return eventlog.SubscriptionPlanScheduled
}

// clearPlanChange removes the change of plan of a subscription.
func clearPlanChange(m *db.SubscriptionMutation) {
	m.ClearPendingPlanID()
	m.ClearPendingPlanRevisionID()
	m.ClearPendingStatus()
	m.ClearPendingWhen()
	m.ClearPendingEffectiveAt()
	m.ClearPendingRequestedAt()
	m.ClearPendingRequestedBy()
	m.ClearPendingWaitsSince()
	m.SetPendingReason("")
}

// takePlan gives a subscription another plan now, or another revision of its plan. Keys, history and what was used of
// quotas stay as they are: none of them follows the plan.
func takePlan(ctx context.Context, tx *change.Tx, s *db.Subscription, to uuid.UUID, revision *uuid.UUID, reason string) (*db.Subscription, error) {
	return takePlanSince(ctx, tx, s, tx.Now, to, revision, reason)
}

// takePlanSince is takePlan for a change that was to take effect at a time, since which it is
// charged.
func takePlanSince(ctx context.Context, tx *change.Tx, s *db.Subscription, since time.Time, to uuid.UUID, revision *uuid.UUID, reason string) (*db.Subscription, error) {
	u := tx.Subscription.UpdateOne(s).SetPlanID(to).SetNillablePlanRevisionID(revision)
	if revision == nil {
		u.ClearPlanRevisionID()
	}
	clearPlanChange(u.Mutation())
	return savePlanSince(ctx, tx, s, since, u, eventlog.SubscriptionPlanChanged, reason)
}

// savePlan saves a change of what is about a subscription's plan, and records the event, with
// what else it is to tell. A step of staff is a decision, and so is taking a change back. A
// change that a developer asks for is none, nor is one whose time has come.
func savePlan(ctx context.Context, tx *change.Tx, s *db.Subscription, u *db.SubscriptionUpdateOne, t eventlog.Type, reason string, also ...domain.Change) (*db.Subscription, error) {
	return savePlanSince(ctx, tx, s, tx.Now, u, t, reason, also...)
}

// savePlanSince is savePlan for a change since a time.
func savePlanSince(ctx context.Context, tx *change.Tx, s *db.Subscription, since time.Time, u *db.SubscriptionUpdateOne, t eventlog.Type, reason string, also ...domain.Change) (*db.Subscription, error) {
	if v := tx.Viewer; v.Role != viewer.System && (v.ActsForOrganization() || t == eventlog.SubscriptionPlanCancelled) {
		setDecision(tx, u.Mutation(), reason)
	}
	after, err := u.SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
	if err == nil && (after.PlanID != s.PlanID || !sameRevision(after.PlanRevisionID, s.PlanRevisionID)) {
		err = statements.FollowSince(ctx, tx, after, since)
	}
	if err != nil {
		return nil, err
	}
	title, err := productTitle(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	changes, err := planChanges(ctx, tx, s, after)
	if err != nil {
		return nil, err
	}
	e := subscriptionEvent(t, s, title, append(changes, also...))
	e.Reason = reason
	tx.Record(e)
	return after, nil
}
