package usage

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/limits"
)

// QuotasUsed gives what is used of registrations' quotas in every period that
// holds a time: more than one where a plan's period was changed. Registrations
// of which nothing is used are missing.
func (s *Store) QuotasUsed(ctx context.Context, subscriptions []uuid.UUID, at time.Time) (map[uuid.UUID][]limits.Used, error) {
	out := map[uuid.UUID][]limits.Used{}
	if len(subscriptions) == 0 {
		return out, nil
	}
	sel := &selection{db: s.db}
	of, now := sel.anyOf("subscription_id", subscriptions), sel.arg(at)
	rows, err := s.db.QueryContext(ctx, `SELECT organization_id, subscription_id, period_start, period_end, `+atMost(s.db, "used")+` FROM quota_counts
		WHERE `+of+` AND period_start <= `+now+` AND period_end > `+now+` ORDER BY period_start`, sel.args...)
	if err != nil {
		return nil, database.Fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var u limits.Used
		if err := rows.Scan(&u.Organization, &u.Subscription, &u.PeriodStart, &u.PeriodEnd, &u.N); err != nil {
			return nil, err
		}
		u.PeriodStart, u.PeriodEnd = u.PeriodStart.UTC(), u.PeriodEnd.UTC()
		out[u.Subscription] = append(out[u.Subscription], u)
	}
	return out, database.Fault(rows.Err())
}
