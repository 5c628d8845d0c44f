package mail

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/predicate"
	"portico/ent/db/productapprover"
	"portico/ent/db/subscription"
	"portico/ent/db/user"
	"portico/internal/domain"
	"portico/internal/lifecycle"
)

// deciders returns who may decide about the requests for some products, each once: the
// active administrators, and the active approvers of one of the products.
func (r *reader) deciders(ctx context.Context, products ...uuid.UUID) ([]uuid.UUID, error) {
	out, err := r.administrators(ctx)
	if err != nil {
		return nil, err
	}
	var approvers []uuid.UUID
	err = r.client.ProductApprover.Query().Where(productapprover.ProductIDIn(products...), productapprover.HasUserWith(user.RoleEQ(domain.RoleApprover), user.StatusEQ(domain.UserActive))).
		Order(productapprover.ByUserID()).Unique(true).Select(productapprover.FieldUserID).Scan(ctx, &approvers)
	return append(out[:len(out):len(out)], approvers...), err
}

// waits returns the conditions for subscriptions that wait for a decision, or whose change
// of plan does.
func waits() []predicate.Subscription {
	return []predicate.Subscription{
		subscription.Or(subscription.StatusEQ(access.SubscriptionWaiting), subscription.And(subscription.StatusEQ(access.SubscriptionApproved), subscription.PendingStatusEQ(lifecycle.PlanChangeWaiting))),
		subscription.DeletedAtIsNil(),
	}
}

// waitingProducts returns the products that somebody waits for.
func (r *reader) waitingProducts(ctx context.Context) (out []uuid.UUID, err error) {
	err = r.client.Subscription.Query().Where(waits()...).Unique(true).Select(subscription.FieldProductID).Scan(ctx, &out)
	return out, err
}

// decidesSignUps reports whether the recipient decides about sign-ups.
func (r *reader) decidesSignUps() bool { return r.to != nil && r.to.Role == domain.RoleAdmin }

// waiting returns the query for the subscriptions that wait for the recipient's decision;
// nil if the recipient decides nothing any more.
func (r *reader) waiting(ctx context.Context) (*db.SubscriptionQuery, error) {
	q := r.client.Subscription.Query().Where(waits()...)
	switch {
	case r.to == nil:
		return nil, nil
	case r.to.Role == domain.RoleAdmin:
		return q, nil
	case r.to.Role != domain.RoleApprover:
		return nil, nil
	}
	var products []uuid.UUID
	err := r.client.ProductApprover.Query().Where(productapprover.UserID(r.to.ID)).Select(productapprover.FieldProductID).Scan(ctx, &products)
	return q.Where(subscription.ProductIDIn(products...), notOfOthers(products)), err
}

// notOfOthers leaves out the subscriptions of requests for keys that ask for other products
// than some: who may not decide about all of a request decides about none of it.
func notOfOthers(products []uuid.UUID) predicate.Subscription {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(subscription.Table)
		others := sql.Dialect(s.Dialect()).Select(t.C(subscription.FieldKeyRequestID)).From(t).Where(sql.NotNull(t.C(subscription.FieldKeyRequestID)))
		subscription.ProductIDNotIn(products...)(others)
		s.Where(sql.Or(sql.IsNull(s.C(subscription.FieldKeyRequestID)), sql.NotIn(s.C(subscription.FieldKeyRequestID), others)))
	}
}

// mayDecide reports whether the recipient may decide about a request for a key.
func (r *reader) mayDecide(ctx context.Context, k *db.KeyRequest) (bool, error) {
	switch {
	case r.to == nil || k.Status != domain.KeyRequestPending:
		return false, nil
	case r.to.Role == domain.RoleAdmin:
		return true, nil
	case r.to.Role != domain.RoleApprover:
		return false, nil
	}
	var own []uuid.UUID
	if err := r.client.ProductApprover.Query().Where(productapprover.UserID(r.to.ID)).Select(productapprover.FieldProductID).Scan(ctx, &own); err != nil {
		return false, err
	}
	foreign, err := r.client.Subscription.Query().Where(subscription.KeyRequestID(k.ID), subscription.ProductIDNotIn(own...)).Exist(ctx)
	return !foreign, err
}
