package apps

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/planrevision"
	"portico/ent/db/predicate"
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
	// SubscriptionIDs are those to move; nil for the first.
	SubscriptionIDs []string
	// First is how many are moved where none are named, those by the oldest terms first, and of
	// these the oldest; nil for MaxMoved.
	First  *int
	Reason *string
}

// MovedSubscriptions is what MovePlanSubscriptions has done.
type MovedSubscriptions struct {
	Plan *db.Plan
	// Moved are those that have got the newest terms, and Remaining is how many of the plan go
	// by older ones still.
	Moved     []*db.Subscription
	Remaining int
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
	return q.Where(subscription.PlanID(x.ID), subscription.DeletedAtIsNil(), func(s *sql.Selector) {
		s.Where(catalog.Live(s.C(subscription.FieldStatus)))
	})
}

// older matches the revisions of a plan before one.
func older(x *db.Plan, number int) []predicate.PlanRevision {
	return []predicate.PlanRevision{planrevision.PlanID(x.ID), planrevision.NumberLT(number)}
}

// countOlder counts the subscriptions that go by a revision of a plan before one. The revisions
// are listed one by one, for databases to know that these are few.
func countOlder(ctx context.Context, tx *change.Tx, x *db.Plan, number int) (int, error) {
	ids, err := tx.PlanRevision.Query().Where(older(x, number)...).Where(goneBy).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return ofPlan(tx.Subscription.Query(), x).Where(subscription.PlanRevisionIDIn(ids...)).Count(ctx)
}

// oldest returns subscriptions that go by older revisions: those by the oldest of these first,
// and of each the oldest, so that no step reads those that another has moved.
func oldest(ctx context.Context, tx *change.Tx, x *db.Plan, limit int) (out []uuid.UUID, err error) {
	revisions, err := tx.PlanRevision.Query().Where(older(x, x.Revision)...).Where(goneBy).Order(planrevision.ByNumber()).IDs(ctx)
	for _, r := range revisions {
		if len(out) >= limit {
			break
		}
		ids, err := ofPlan(tx.Subscription.Query(), x).Where(subscription.PlanRevisionID(r)).
			Order(subscription.ByCreatedAt(), subscription.ByID()).Limit(limit - len(out)).IDs(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, ids...)
	}
	return out, err
}

// goneBy matches the revisions by which a live subscription goes.
func goneBy(s *sql.Selector) { s.Where(catalog.GoneBy(s)) }

// lockOlder locks the subscriptions that are named, or else the oldest that go by an older
// revision, in the order in which the retirement of a product locks them.
func lockOlder(ctx context.Context, tx *change.Tx, x *db.Plan, in MovePlanSubscriptionsInput) ([]*db.Subscription, error) {
	ids, err := toMove(ctx, tx, x, in)
	if err != nil {
		return nil, err
	}
	return change.LockForUpdate(tx, ofPlan(tx.Subscription.Query(), x).Where(database.AnyOf(subscription.FieldID, ids)).
		Order(subscription.ByAppID(), subscription.ByID())).All(ctx)
}

func toMove(ctx context.Context, tx *change.Tx, x *db.Plan, in MovePlanSubscriptionsInput) ([]uuid.UUID, error) {
	if in.SubscriptionIDs == nil {
		limit := MaxMoved
		if in.First != nil {
			limit = *in.First
		}
		return oldest(ctx, tx, x, limit)
	}
	ids, err := ofPlan(tx.Subscription.Query(), x).Where(database.AnyOf(subscription.FieldID, input.DecodeIDs(nodeid.ProductSubscription, in.SubscriptionIDs))).IDs(ctx)
	if err != nil {
		return nil, err
	}
	return ids, input.CheckReferences(nodeid.ProductSubscription, "subscriptionIds", in.SubscriptionIDs, ids, "The plan has no such running subscription.")
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
		after, err := savePlan(ctx, tx, s, u, eventlog.SubscriptionPlanChanged, reason)
		if err != nil {
			return nil, err
		}
		out.Moved = append(out.Moved, after)
	}
	out.Remaining, err = countOlder(ctx, tx, x, newest.Number)
	return out, err
}
