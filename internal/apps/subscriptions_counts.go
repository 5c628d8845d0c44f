package apps

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/input"
	"portico/internal/lifecycle"
)

// SubscriptionCounts says how many subscriptions there are, by status.
type SubscriptionCounts struct {
	Total, Waiting, Approved, Rejected, Suspended, Unsubscribed int
	// PlanChangesWaiting are those of Approved whose change of plan waits for a decision.
	PlanChangesWaiting int
}

// CountSubscriptions counts, with one statement, the subscriptions that Subscriptions
// returns by the same filter.
func (svc *Service) CountSubscriptions(ctx context.Context, f SubscriptionFilter) (*SubscriptionCounts, error) {
	if err := input.CheckSearch(f.Search); err != nil {
		return nil, err
	}
	const count, plans = "subscriptions", "plan_changes"
	var rows []struct {
		Status        access.SubscriptionStatus `json:"status"`
		Subscriptions int                       `json:"subscriptions"`
		PlanChanges   int                       `json:"plan_changes"`
	}
	err := svc.filteredSubscriptions(f).GroupBy(subscription.FieldStatus).
		Aggregate(db.As(db.Count(), count), func(s *sql.Selector) string {
			waits := s.C(subscription.FieldPendingStatus) + " = '" + string(lifecycle.PlanChangeWaiting) + "'" // a constant
			return sql.As("COUNT(*) FILTER (WHERE "+waits+")", plans)
		}).Scan(ctx, &rows)
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := &SubscriptionCounts{}
	for _, r := range rows {
		out.add(r.Status, r.Subscriptions)
		if r.Status == access.SubscriptionApproved { // in every other state a change of plan has no effect
			out.PlanChangesWaiting = r.PlanChanges
		}
	}
	return out, nil
}

func (c *SubscriptionCounts) add(s access.SubscriptionStatus, n int) {
	c.Total += n
	switch s {
	case access.SubscriptionWaiting:
		c.Waiting += n
	case access.SubscriptionApproved:
		c.Approved += n
	case access.SubscriptionRejected:
		c.Rejected += n
	case access.SubscriptionSuspended:
		c.Suspended += n
	case access.SubscriptionEnded:
		c.Unsubscribed += n
	}
}
