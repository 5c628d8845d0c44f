package apps

import (
	"context"

	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// Approve approves a waiting subscription, which may then be used.
func (svc *Service) Approve(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return svc.Decide(ctx, DecideInput{SubscriptionID: id, Decision: domain.ApproveSubscription, Reason: reason})
}

// Reject rejects a waiting subscription. The reason must not be empty.
func (svc *Service) Reject(ctx context.Context, id, reason string) (*db.Subscription, error) {
	return svc.Decide(ctx, DecideInput{SubscriptionID: id, Decision: domain.RejectSubscription, Reason: &reason})
}

// Withdraw withdraws a waiting subscription.
func (svc *Service) Withdraw(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return svc.transition(ctx, id, nil, lifecycle.Withdraw, reason)
}

// Unregister ends a live subscription.
func (svc *Service) Unregister(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return svc.transition(ctx, id, nil, lifecycle.Unregister, reason)
}

// Suspend interrupts an approved subscription.
func (svc *Service) Suspend(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return svc.transition(ctx, id, nil, lifecycle.Suspend, reason)
}

// Resume ends the suspension of a subscription.
func (svc *Service) Resume(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return svc.transition(ctx, id, nil, lifecycle.Resume, reason)
}

// transition applies an action to a subscription's status, if it has the version; nil for
// whichever it has. Of concurrent requests, one wins; the others, and any later one, get
// WRONG_STATUS.
func (svc *Service) transition(ctx context.Context, id string, version *int, a lifecycle.SubscriptionAction, reason *string) (*db.Subscription, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	subID, err := input.DecodeID(nodeid.ProductSubscription, id)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Subscription, error) {
		var s *db.Subscription
		if a == lifecycle.Suspend {
			s, err = lockWithAccount(ctx, tx, subID)
		} else {
			s, err = change.LockRowForUpdate(ctx, tx, tx.Subscription, subID)
		}
		if err != nil {
			return nil, err
		}
		if err := tx.AuthorizeInState(onSubscription(s, a), "subscriptionId", string(s.Status)); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(version, s.Version); err != nil {
			return nil, err
		}
		if s.DeletedAt != nil {
			return endSanction(ctx, tx, s, a, input.OrZero(reason))
		}
		if err := applyTransition(ctx, tx, s, a, input.OrZero(reason)); err != nil {
			return nil, err
		}
		return tx.Subscription.Get(ctx, s.ID)
	})
}

func onSubscription(s *db.Subscription, a lifecycle.SubscriptionAction) policy.Request {
	return policy.OnSubscription(a, s.OrganizationID, s.AccountID, s.Status, input.OrZero(s.PendingStatus), s.KeyRequestID != nil)
}

// applyTransition changes the status by compare-and-set, and records the event, with what
// else it is to tell. A change of plan that has not taken effect ends with it: it was one of
// the subscription as it was.
func applyTransition(ctx context.Context, tx *change.Tx, s *db.Subscription, a lifecycle.SubscriptionAction, reason string, also ...domain.Change) error {
	to, ok := lifecycle.Next(s.Status, a)
	if !ok {
		return change.WrongStatus("subscriptionId", "The subscription is "+string(s.Status)+".", string(s.Status))
	}
	u := tx.Subscription.Update().Where(subscription.ID(s.ID), subscription.StatusEQ(s.Status), subscription.Version(s.Version)).
		SetStatus(to).SetUpdatedAt(tx.Now).AddVersion(1)
	setDecision(tx, u.Mutation(), reason)
	clearPlanChange(u.Mutation())
	if err := change.ExpectOneRow(u.Save(ctx)); err != nil {
		return err
	}
	changes := []domain.Change{{Field: "status", Before: domain.Text(s.Status), After: domain.Text(to)}}
	if s.PendingPlanID != nil {
		ended, err := planChanges(ctx, tx, s, &db.Subscription{PlanID: s.PlanID, PlanRevisionID: s.PlanRevisionID})
		if err != nil {
			return err
		}
		changes = append(changes, ended...)
	}
	name, err := productTitle(ctx, tx, s)
	if err != nil {
		return err
	}
	e := subscriptionEvent(transitionEvent(a), s, name, append(changes, also...))
	e.Reason = reason
	tx.Record(e)
	return nil
}

// setDecision sets what a subscription tells of the last decision about it or its plan.
func setDecision(tx *change.Tx, m *db.SubscriptionMutation, reason string) {
	m.SetReason(reason)
	m.SetDecidedAt(tx.Now)
	if tx.Viewer.SignedIn() {
		m.SetDecidedBy(tx.Viewer.UserID)
	} else {
		m.ClearDecidedBy()
	}
}

func productTitle(ctx context.Context, tx *change.Tx, s *db.Subscription) (string, error) {
	// With the subscription ends that its developer sees a private product.
	prod, err := tx.Product.Get(viewer.AsSystem(ctx, tx.OrganizationID()), s.ProductID)
	if db.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return prod.Title, nil
}

// endAll applies the same action to many subscriptions.
func endAll(ctx context.Context, tx *change.Tx, all []*db.Subscription, a lifecycle.SubscriptionAction, reason string) error {
	for _, s := range all {
		if s.DeletedAt != nil {
			if _, err := endSanction(ctx, tx, s, a, reason); err != nil {
				return err
			}
		} else if err := applyTransition(ctx, tx, s, a, reason); err != nil {
			return err
		}
	}
	return nil
}

// transitionEvent returns the type of the event that records an action.
func transitionEvent(a lifecycle.SubscriptionAction) eventlog.Type {
	switch a {
	case lifecycle.Approve:
		return eventlog.SubscriptionApproved
	case lifecycle.Reject:
		return eventlog.SubscriptionRejected
	case lifecycle.Expire:
		return eventlog.SubscriptionExpired
	case lifecycle.Withdraw:
		return eventlog.SubscriptionWithdrawn
	case lifecycle.Suspend:
		return eventlog.SubscriptionSuspended
	case lifecycle.Resume:
		return eventlog.SubscriptionResumed
	default:
		return eventlog.SubscriptionUnregistered
	}
}
