package report

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// maxTop is the maximum number of apps that TopApps returns.
const maxTop = 100

// TopApps returns the n apps (1–100) with the most calls in the query's time, in
// descending order. Its errors are those of Report.
func (s *Reader) TopApps(ctx context.Context, q usage.Query, n int) ([]usage.AppCalls, error) {
	if n < 1 || n > maxTop {
		return nil, badQuery("Ask for 1 to 100 apps.")
	}
	all, err := timeOf(&q)
	if err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, &q, all)
	if err != nil {
		return nil, err
	}
	sel := newSelection(s.db, "u.app_id")
	sel.read(p, sel.conditions(&q))
	none, limit := sel.Add(uuid.Nil), sel.Add(n)
	rows, err := s.db.QueryContext(ctx, `SELECT u.app_id, `+usagesql.Sum(s.db, "u.n")+` AS n FROM `+sel.union()+
		` WHERE u.app_id <> `+none+` GROUP BY u.app_id ORDER BY 2 DESC, 1 LIMIT `+limit, sel.Values...)
	if err != nil {
		return nil, database.Fault(err)
	}
	defer rows.Close()
	var out []usage.AppCalls
	for rows.Next() {
		var a usage.AppCalls
		if err := rows.Scan(&a.App, &a.Calls); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, database.Fault(rows.Err())
}

// Upstream sums by status class what gateways reported about responses in the query's
// time. Reports are stored by hours of UTC: an hour counts if it begins in that time.
func (s *Reader) Upstream(ctx context.Context, q usage.Query) ([]usage.Upstream, error) {
	all, err := timeOf(&q)
	if err != nil {
		return nil, err
	}
	sel := newSelection(s.db, "")
	where := sel.where(source{table: "usage_upstreams"}, sel.conditions(&q))
	from, to := sel.Add(all.from), sel.Add(all.to)
	rows, err := s.db.QueryContext(ctx, `SELECT u.status_class, `+usagesql.Sum(s.db, "u.calls")+`, `+usagesql.Mean(s.db, "u.latency_us", "u.calls")+`
		FROM usage_upstreams u WHERE u.at >= `+from+` AND u.at < `+to+` AND `+where+` GROUP BY u.status_class ORDER BY 1`, sel.Values...)
	if err != nil {
		return nil, database.Fault(err)
	}
	defer rows.Close()
	var out []usage.Upstream
	for rows.Next() {
		var u usage.Upstream
		var micros float64
		if err := rows.Scan(&u.StatusClass, &u.Calls, &micros); err != nil {
			return nil, err
		}
		// A mean is at most usage.MaxMeanLatency, unless an older version stored more.
		u.Latency = time.Duration(min(micros, 1e15) * float64(time.Microsecond))
		out = append(out, u)
	}
	return out, database.Fault(rows.Err())
}
