package usage

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
)

// QuotasUsed returns what is used by counters, of apps (limits.ByApp) and of
// accounts (limits.ByAccount) alike, in every period that holds a time: more
// than one where a plan's period was changed. Counters by which nothing is used
// are missing. In what it gives, Subscription is the counter.
func (s *Store) QuotasUsed(ctx context.Context, counters []uuid.UUID, at time.Time) (map[uuid.UUID][]limits.Used, error) {
	out := map[uuid.UUID][]limits.Used{}
	if len(counters) == 0 {
		return out, nil
	}
	sel := &selection{db: s.db}
	of, now := sel.anyOf("subscription_id", counters), sel.arg(at)
	err := sel.eachUsed(ctx, s.db, `SELECT organization_id, subscription_id, period_start, period_end, `+atMost(s.db, "used")+` FROM quota_counts
		WHERE `+of+` AND period_start <= `+now+` AND period_end > `+now+`
		UNION ALL `+sel.accounts(counters, now)+` ORDER BY 3`, func(u limits.Used) { out[u.Subscription] = append(out[u.Subscription], u) })
	return out, database.Fault(err)
}

// accountsUsed returns what all apps used of each account, in the periods that
// hold a time.
func accountsUsed(ctx context.Context, db *database.DB, tx *database.Tx, counters []uuid.UUID, at time.Time) (out []limits.Used, err error) {
	sel := &selection{db: db}
	err = sel.eachUsed(ctx, tx, sel.accounts(counters, sel.arg(at)), func(u limits.Used) { out = append(out, u) })
	return out, err
}

// accounts sums up what the apps of accounts used.
func (s *selection) accounts(counters []uuid.UUID, now string) string {
	return `SELECT organization_id, account_counter, period_start, MAX(period_end), ` + sumOf(s.db, "used") + ` FROM quota_counts
		WHERE ` + s.anyOf("account_counter", counters) + ` AND period_start <= ` + now + ` AND period_end > ` + now + `
		GROUP BY organization_id, account_counter, period_start`
}

// querier is a database, or a transaction in one.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (s *selection) eachUsed(ctx context.Context, q querier, query string, yield func(limits.Used)) error {
	rows, err := q.QueryContext(ctx, query, s.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var u limits.Used
		var start, end moment
		if err := rows.Scan(&u.Organization, &u.Subscription, &start, &end, &u.N); err != nil {
			return err
		}
		u.PeriodStart, u.PeriodEnd = start.Time, end.Time
		yield(u)
	}
	return rows.Err()
}
