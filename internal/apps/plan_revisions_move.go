package apps

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/planrevision"
	"portico/ent/db/subscription"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// MaxMoved is the maximum number of subscriptions that MovePlanSubscriptions moves at once.
const MaxMoved = 100

// MovePlanSubscriptionsInput is the input of MovePlanSubscriptions.
type MovePlanSubscriptionsInput struct {
	PlanID string
	// Version is that of the plan whose terms they are to get; nil for whichever it has.
	Version *int
	// SubscriptionIDs are those to move; nil for the oldest.
	SubscriptionIDs []string
	// First is how many are moved where none are named; nil for MaxMoved.
	First  *int
	Reason *string
}

// MovedSubscriptions is what MovePlanSubscriptions has done.
type MovedSubscriptions struct {
	Plan *db.Plan
	// Moved is how many have got the newest terms, and Remaining how many of the plan go by
	// older ones still.
	Moved, Remaining int
}

// MovePlanSubscriptions gives live subscriptions of a plan that go by an older revision its
// newest one, each with its event. Of those that are named, the ones that have it stay as they
// are. Keys, history and what was used of quotas stay, and so does a change to another plan
// that has not taken effect; one to a revision of this plan ends, since it would bring back
// older terms.
func (svc *Service) MovePlanSubscriptions(ctx context.Context, in MovePlanSubscriptionsInput) (*MovedSubscriptions, error) {
	id, err := in.check()
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*MovedSubscriptions, error) {
		x, err := tx.Plan.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := tx.Authorize(policy.MovePlanSubscriptions(x.OrganizationID)); err != nil {
			return nil, err
		}
		// The subscriptions before the plan, as ChangePlan locks them.
		all, err := lockOlder(ctx, tx, x, in)
		if err != nil {
			return nil, err
		}
		if x, err = change.LockRowForUpdate(ctx, tx, tx.Plan, id); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, x.Version); err != nil {
			return nil, err
		}
		return moveAll(ctx, tx, x, all, input.OrZero(in.Reason))
	})
}

func (in *MovePlanSubscriptionsInput) check() (uuid.UUID, error) {
	errs := []error{input.CheckReason("reason", in.Reason)}
	if in.SubscriptionIDs != nil {
		errs = append(errs, input.Each("subscriptionIds", in.SubscriptionIDs, MaxMoved, "Name at least one subscription.", "This subscription is named twice."))
	}
	if in.First != nil {
		errs = append(errs, input.CheckRange("first", *in.First, 1, MaxMoved))
	}
	if err := fault.Collect(errs...); err != nil {
		return uuid.Nil, err
	}
	return input.DecodeID(nodeid.Plan, in.PlanID)
}

// ofPlan matches the live subscriptions of a plan. Of a deleted app, a suspended one is left,
// which nothing will be called with any more.
func ofPlan(q *db.SubscriptionQuery, x *db.Plan) *db.SubscriptionQuery {
	return q.Where(subscription.PlanID(x.ID), subscription.DeletedAtIsNil(),
		subscription.StatusIn(access.SubscriptionWaiting, access.SubscriptionApproved, access.SubscriptionSuspended))
}

// older matches the subscriptions that go by a revision of the plan before one.
func older(x *db.Plan, number int) func(*sql.Selector) {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(planrevision.Table)
		before := sql.Dialect(s.Dialect()).Select(t.C(planrevision.FieldID)).From(t).
			Where(sql.And(sql.EQ(t.C(planrevision.FieldPlanID), x.ID), sql.LT(t.C(planrevision.FieldNumber), number)))
		s.Where(sql.In(s.C(subscription.FieldPlanRevisionID), before))
	}
}

// lockOlder locks the subscriptions that are named, or else the oldest that go by an older
// revision, in the order in which the retirement of a product locks them.
func lockOlder(ctx context.Context, tx *change.Tx, x *db.Plan, in MovePlanSubscriptionsInput) ([]*db.Subscription, error) {
	q := ofPlan(tx.Subscription.Query(), x)
	if in.SubscriptionIDs != nil {
		q.Where(database.AnyOf(subscription.FieldID, input.DecodeIDs(nodeid.ProductSubscription, in.SubscriptionIDs)))
	} else {
		limit := MaxMoved
		if in.First != nil {
			limit = *in.First
		}
		q.Where(older(x, x.Revision)).Order(subscription.ByCreatedAt(), subscription.ByID()).Limit(limit)
	}
	ids, err := q.IDs(ctx)
	if err != nil {
		return nil, err
	}
	if in.SubscriptionIDs != nil {
		if err := input.CheckReferences(nodeid.ProductSubscription, "subscriptionIds", in.SubscriptionIDs, ids, "The plan has no such running subscription."); err != nil {
			return nil, err
		}
	}
	return change.LockForUpdate(tx, ofPlan(tx.Subscription.Query(), x).Where(database.AnyOf(subscription.FieldID, ids)).
		Order(subscription.ByAppID(), subscription.ByID())).All(ctx)
}

// moveAll gives locked subscriptions of a locked plan its newest revision.
func moveAll(ctx context.Context, tx *change.Tx, x *db.Plan, all []*db.Subscription, reason string) (*MovedSubscriptions, error) {
	newest, err := catalog.EnsureRevision(ctx, tx, x)
	if err != nil {
		return nil, err
	}
	out := &MovedSubscriptions{}
	if out.Plan, err = tx.Plan.Get(ctx, x.ID); err != nil {
		return nil, err
	}
	for _, s := range all {
		yes, err := offersAnother(ctx, tx.PlanRevision, s, x, newest)
		if err != nil {
			return nil, err
		}
		if !yes {
			continue
		}
		u := tx.Subscription.UpdateOne(s).SetPlanRevisionID(newest.ID)
		if s.PendingPlanID != nil && *s.PendingPlanID == x.ID {
			clearPlanChange(u.Mutation())
		}
		if _, err := savePlan(ctx, tx, s, u, eventlog.SubscriptionPlanChanged, reason); err != nil {
			return nil, err
		}
		out.Moved++
	}
	out.Remaining, err = ofPlan(tx.Subscription.Query(), x).Where(older(x, newest.Number)).Count(ctx)
	return out, err
}
