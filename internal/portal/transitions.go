package portal

import (
	"context"

	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/unseen"
)

// Approve approves a waiting subscription, which may then be used.
func (p *Portal) Approve(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return p.transition(ctx, id, lifecycle.Approve, reason)
}

// Reject rejects a waiting subscription. The reason must not be empty.
func (p *Portal) Reject(ctx context.Context, id, reason string) (*db.Subscription, error) {
	if unseen.All(reason) {
		return nil, fault.Input(fault.Required, "reason", "The developer should learn why.")
	}
	return p.transition(ctx, id, lifecycle.Reject, &reason)
}

// Withdraw withdraws a waiting subscription.
func (p *Portal) Withdraw(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return p.transition(ctx, id, lifecycle.Withdraw, reason)
}

// Unregister ends a live subscription.
func (p *Portal) Unregister(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return p.transition(ctx, id, lifecycle.Unregister, reason)
}

// Suspend interrupts an approved subscription.
func (p *Portal) Suspend(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return p.transition(ctx, id, lifecycle.Suspend, reason)
}

// Resume ends the suspension of a subscription.
func (p *Portal) Resume(ctx context.Context, id string, reason *string) (*db.Subscription, error) {
	return p.transition(ctx, id, lifecycle.Resume, reason)
}

// transition applies an action to a subscription's status. Of concurrent
// requests, one wins; the others, and any later one, get WRONG_STATUS.
func (p *Portal) transition(ctx context.Context, id string, a lifecycle.SubscriptionAction, reason *string) (out *db.Subscription, err error) {
	if err := checkReason("reason", reason); err != nil {
		return nil, err
	}
	subID, err := decode(nodeid.ProductSubscription, id)
	if err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		if a == lifecycle.Suspend {
			s, err := c.Subscription.Get(ctx, subID)
			if err != nil {
				return err
			}
			if err := c.lockAccountOf(ctx, s.AccountID); err != nil {
				return err
			}
		}
		s, err := lockForUpdate(c, c.Subscription.Query().Where(subscription.ID(subID))).Only(ctx)
		if err != nil {
			return err
		}
		if err := c.authorizeInState(policy.SubscriptionAction(a), subscriptionObject(s, a), "subscriptionId", string(s.Status)); err != nil {
			return err
		}
		if s.DeletedAt != nil {
			out, err = c.endSanction(ctx, s, a, deref(reason))
			return err
		}
		if err := c.applyTransition(ctx, s, a, deref(reason)); err != nil {
			return err
		}
		out, err = c.Subscription.Get(ctx, s.ID)
		return err
	})
	return out, err
}

func subscriptionObject(s *db.Subscription, a lifecycle.SubscriptionAction) policy.Object {
	return policy.Object{OrganizationID: s.OrganizationID, AccountID: s.AccountID, Subscription: s.Status, SubscriptionAction: a}
}

// applyTransition changes the status by compare-and-set, and records the event.
func (c *change) applyTransition(ctx context.Context, s *db.Subscription, a lifecycle.SubscriptionAction, reason string) error {
	to, ok := lifecycle.Next(s.Status, a)
	if !ok {
		return errWrongStatus("subscriptionId", "The subscription is "+string(s.Status)+".", string(s.Status))
	}
	u := c.Subscription.Update().Where(subscription.ID(s.ID), subscription.StatusEQ(s.Status), subscription.Version(s.Version)).
		SetStatus(to).SetReason(reason).SetUpdatedAt(c.now).AddVersion(1).SetDecidedAt(c.now)
	if c.viewer.SignedIn() {
		u.SetDecidedBy(c.viewer.UserID)
	} else {
		u.ClearDecidedBy()
	}
	if err := expectOneRow(u.Save(ctx)); err != nil {
		return err
	}
	name, err := c.productTitle(ctx, s)
	if err != nil {
		return err
	}
	e := subscriptionEvent(transitionEvent(a), s, name, []domain.Change{{Field: "status", Before: text(s.Status), After: text(to)}})
	e.Reason = reason
	c.record(e)
	return nil
}

func (c *change) productTitle(ctx context.Context, s *db.Subscription) (string, error) {
	prod, err := c.Product.Get(ctx, s.ProductID)
	if db.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return prod.Title, nil
}

// endAll applies the same action to many subscriptions.
func (c *change) endAll(ctx context.Context, all []*db.Subscription, a lifecycle.SubscriptionAction, reason string) error {
	for _, s := range all {
		if s.DeletedAt != nil {
			if _, err := c.endSanction(ctx, s, a, reason); err != nil {
				return err
			}
		} else if err := c.applyTransition(ctx, s, a, reason); err != nil {
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
