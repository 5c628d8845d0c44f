package apps

import (
	"context"
	"strconv"
	"time"

	"entgo.io/ent/dialect/sql"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
)

// Requests are subscriptions, and changes of their plans, that wait for a decision. They
// expire where the organization says after how many days.

// ExpiredAfter is the attribute by which the event of an expired request says within how
// many days nobody decided about it: the organization's.
const ExpiredAfter = "requestsExpireAfterDays"

// RequestExpired matches subscriptions that have waited since before a time. It is written so
// that the index by organization, status and time of creation serves it.
func RequestExpired(before time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.EQ(s.C(subscription.FieldStatus), string(access.SubscriptionWaiting)),
			sql.LTE(s.C(subscription.FieldCreatedAt), before),
			sql.IsNull(s.C(subscription.FieldDeletedAt)),
			sql.IsNull(s.C(subscription.FieldKeyRequestID)), // that expires as a whole
		))
	}
}

// PlanRequestExpired matches subscriptions whose change of plan has waited since before a
// time. It is written so that the index of such changes by their time serves it. A change
// that was scheduled and waits again does so from then on: nobody could decide before.
func PlanRequestExpired(before time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.LTE(s.C(subscription.FieldPendingRequestedAt), before),
			sql.Or(sql.IsNull(s.C(subscription.FieldPendingWaitsSince)), sql.LTE(s.C(subscription.FieldPendingWaitsSince), before)),
			sql.EQ(s.C(subscription.FieldPendingStatus), string(lifecycle.PlanChangeWaiting)),
			sql.EQ(s.C(subscription.FieldStatus), string(access.SubscriptionApproved)),
			sql.IsNull(s.C(subscription.FieldDeletedAt)),
		))
	}
}

// ExpiresBefore returns the time before which requests must have been made to have expired
// after some days.
func ExpiresBefore(now time.Time, days int) time.Time { return now.AddDate(0, 0, -days) }

// ExpireRequests rejects up to n subscriptions of an organization that have waited for more
// days than it allows, and returns how many.
func ExpireRequests(ctx context.Context, tx *change.Tx, now time.Time, n int) (int, error) {
	return expire(ctx, tx, now, n, RequestExpired, func(s *db.Subscription, reason string, days domain.Change) error {
		return applyTransition(ctx, tx, s, lifecycle.Expire, reason, days)
	})
}

// ExpirePlanRequests ends up to n changes of plan of an organization that have waited for
// more days than it allows, and returns how many. The subscriptions keep their plans.
func ExpirePlanRequests(ctx context.Context, tx *change.Tx, now time.Time, n int) (int, error) {
	return expire(ctx, tx, now, n, PlanRequestExpired, func(s *db.Subscription, reason string, days domain.Change) error {
		u := tx.Subscription.UpdateOne(s)
		clearPlanChange(u.Mutation())
		setDecision(tx, u.Mutation(), reason) // which nobody has made: savePlan leaves it alone
		_, err := savePlan(ctx, tx, s, u, eventlog.SubscriptionPlanExpired, reason, days)
		return err
	})
}

// expire ends up to n requests, which are locked in the order in which the retirement of a
// product locks them. The number of days is read again, with a lock: whoever has changed it
// finds nothing ended by the old one after the answer.
func expire(ctx context.Context, tx *change.Tx, now time.Time, n int, due func(time.Time) func(*sql.Selector),
	end func(s *db.Subscription, reason string, days domain.Change) error,
) (int, error) {
	o, err := change.LockRowForShare(ctx, tx, tx.Organization, tx.OrganizationID())
	if err != nil || o.RequestsExpireAfterDays == nil {
		return 0, err
	}
	days := *o.RequestsExpireAfterDays
	all, err := change.LockForUpdate(tx, tx.Subscription.Query().Where(due(ExpiresBefore(now, days))).
		Order(subscription.ByAppID(), subscription.ByID()).Limit(n)).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range all {
		if err := end(s, Undecided(days), domain.Change{Field: ExpiredAfter, After: domain.Text(days)}); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// Undecided is the reason of requests that expire after some days.
func Undecided(days int) string {
	if days == 1 {
		return "Nobody decided within a day."
	}
	return "Nobody decided within " + strconv.Itoa(days) + " days."
}
