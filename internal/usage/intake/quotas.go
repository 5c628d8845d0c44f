package intake

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// addUsed adds what was used of quotas, and sets totals to what all nodes have used
// of them. If the period of a plan becomes longer at its start, the same row is used
// on, and ends later.
func addUsed(ctx context.Context, db *database.DB, tx querier, used []limits.Used, totals []int64) error {
	if len(used) == 0 {
		return nil
	}
	sums := map[uuid.UUID]limits.Used{}
	for _, u := range used {
		id := usage.QuotaID(u)
		u.N = usage.Add(u.N, sums[id].N)
		sums[id] = u
	}
	b := usagesql.NewBulk(db, len(sums), usagesql.Column{Name: "id", Type: usagesql.UUID}, usagesql.Column{Name: "organization_id", Type: usagesql.UUID},
		usagesql.Column{Name: "subscription_id", Type: usagesql.UUID}, usagesql.Column{Name: "account_counter", Type: usagesql.UUID},
		usagesql.Column{Name: "period_start", Type: usagesql.Timestamp}, usagesql.Column{Name: "period_end", Type: usagesql.Timestamp}, usagesql.Column{Name: "used", Type: usagesql.BigInt})
	for _, id := range sortedIDs(sums) {
		u := sums[id]
		b.ID(id, u.Organization, u.AppCounter, u.AccountCounter)
		b.Time(u.PeriodStart)
		b.Time(u.PeriodEnd)
		b.Int(u.N)
	}
	const names = `id, organization_id, subscription_id, account_counter, period_start, period_end, used`
	values := strings.Replace(names, "account_counter", "NULLIF(account_counter, '"+uuid.Nil.String()+"')", 1)
	found, err := tx.QueryContext(ctx, `INSERT INTO quota_counts AS q (`+names+`) SELECT `+values+` FROM `+b.Source(1)+
		` WHERE true ON CONFLICT (id) DO UPDATE SET `+usagesql.SetSum("q", "used", "used")+`, period_end = excluded.period_end,
			account_counter = COALESCE(excluded.account_counter, q.account_counter) RETURNING id, used`, b.Args()...)
	if err != nil {
		return err
	}
	known, err := usagesql.ScanCounts(found)
	for i, u := range used {
		totals[i] = known[usage.QuotaID(u)]
	}
	return err
}

// QuotasUsed returns what is used by counters, of apps (limits.ByApp) and of
// accounts (limits.ByAccount) alike, in every period that contains a time: more
// than one if the period of a plan was changed. Counters of which nothing is used
// are missing. The Subscription of a result is its counter.
func (s *Store) QuotasUsed(ctx context.Context, counters []uuid.UUID, at time.Time) (map[uuid.UUID][]limits.Used, error) {
	out := map[uuid.UUID][]limits.Used{}
	if len(counters) == 0 {
		return out, nil
	}
	args := &usagesql.Args{DB: s.db}
	of, now := args.AnyOf("subscription_id", counters), args.Add(at)
	text := `SELECT organization_id, subscription_id, period_start, period_end, ` + usagesql.Capped(s.db, "used") + ` FROM quota_counts
		WHERE ` + of + ` AND period_start <= ` + now + ` AND period_end > ` + now + `
		UNION ALL ` + selectAccounts(args, counters, now) + ` ORDER BY 3`
	err := eachUsed(ctx, s.db, text, args.Values, func(u limits.Used) { out[u.AppCounter] = append(out[u.AppCounter], u) })
	return out, database.Fault(err)
}

// readAccounts returns what all apps of each account have used in the periods that
// contain a time.
func readAccounts(ctx context.Context, db *database.DB, tx *database.Tx, counters []uuid.UUID, at time.Time) (out []limits.Used, err error) {
	args := &usagesql.Args{DB: db}
	text := selectAccounts(args, counters, args.Add(at))
	err = eachUsed(ctx, tx, text, args.Values, func(u limits.Used) { out = append(out, u) })
	return out, err
}

// selectAccounts returns a SELECT of what the apps of accounts have used at the time
// of the placeholder now.
func selectAccounts(args *usagesql.Args, counters []uuid.UUID, now string) string {
	return `SELECT organization_id, account_counter, period_start, MAX(period_end), ` + usagesql.Sum(args.DB, "used") + ` FROM quota_counts
		WHERE ` + args.AnyOf("account_counter", counters) + ` AND period_start <= ` + now + ` AND period_end > ` + now + `
		GROUP BY organization_id, account_counter, period_start`
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// eachUsed calls yield with each row of a query.
func eachUsed(ctx context.Context, q querier, query string, args []any, yield func(limits.Used)) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var u limits.Used
		var start, end usagesql.Time
		if err := rows.Scan(&u.Organization, &u.AppCounter, &start, &end, &u.N); err != nil {
			return err
		}
		u.PeriodStart, u.PeriodEnd = start.Time, end.Time
		yield(u)
	}
	return rows.Err()
}
