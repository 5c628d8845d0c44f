package usage

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/fault"
)

// mostTop is the most apps that TopApps gives.
const mostTop = 100

// plan plans to read a query's whole time.
func (s *Store) plan(ctx context.Context, q *Query, spans ...span) (*plan, error) {
	st, err := s.stateOf(ctx, q.Organization)
	if err != nil {
		return nil, err
	}
	return newCalendar(q.OrganizationLocation, st.kept, s.clock.Now()).planOf(spans)
}

// TopApps returns the n apps (1–100) that made the most calls in the query's
// time, the busiest first. Its errors are those of Report.
func (s *Store) TopApps(ctx context.Context, q Query, n int) ([]AppCalls, error) {
	if n < 1 || n > mostTop {
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "Ask for 1 to 100 apps.")
	}
	all, err := q.whole()
	if err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, &q, all)
	if err != nil {
		return nil, err
	}
	sel := &selection{db: s.db, dimensions: "u.app_id"}
	sel.read(p, sel.conditions(&q))
	none, most := sel.arg(uuid.Nil), sel.arg(n)
	rows, err := s.db.QueryContext(ctx, `SELECT u.app_id, `+sumOf(s.db, "u.n")+` AS n FROM `+sel.union()+
		` WHERE u.app_id <> `+none+` GROUP BY u.app_id ORDER BY 2 DESC, 1 LIMIT `+most, sel.args...)
	if err != nil {
		return nil, database.Fault(err)
	}
	defer rows.Close()
	var out []AppCalls
	for rows.Next() {
		var a AppCalls
		if err := rows.Scan(&a.App, &a.Calls); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, database.Fault(rows.Err())
}

// Upstream sums up by class of status what gateways reported of answers in the
// query's time. Reports are kept by hours of UTC: an hour counts if it begins
// within the time.
func (s *Store) Upstream(ctx context.Context, q Query) ([]Upstream, error) {
	all, err := q.whole()
	if err != nil {
		return nil, err
	}
	sel := &selection{db: s.db}
	where := sel.where(source{table: "usage_upstreams"}, sel.conditions(&q))
	from, to := sel.arg(all.from), sel.arg(all.to)
	rows, err := s.db.QueryContext(ctx, `SELECT u.status_class, `+sumOf(s.db, "u.calls")+`, `+meanOf(s.db, "u.latency_us", "u.calls")+`
		FROM usage_upstreams u WHERE u.at >= `+from+` AND u.at < `+to+` AND `+where+` GROUP BY u.status_class ORDER BY 1`, sel.args...)
	if err != nil {
		return nil, database.Fault(err)
	}
	defer rows.Close()
	var out []Upstream
	for rows.Next() {
		var u Upstream
		var micros float64
		if err := rows.Scan(&u.StatusClass, &u.Calls, &micros); err != nil {
			return nil, err
		}
		// A mean is at most slowest, unless an older program stored more.
		u.Latency = time.Duration(min(micros, 1e15) * float64(time.Microsecond))
		out = append(out, u)
	}
	return out, database.Fault(rows.Err())
}

// CallsLast24h counts the calls of the last 24 hours, to the minute, for a whole
// page in one statement. Ids without calls are missing in the answer. zone is
// the organization's time zone.
func (s *Store) CallsLast24h(ctx context.Context, organization uuid.UUID, zone *time.Location, by Dimension, ids []uuid.UUID) (map[uuid.UUID]int64, error) {
	if len(ids) == 0 {
		return map[uuid.UUID]int64{}, nil
	}
	now := s.clock.Now()
	to := Minute.ceil(now, time.UTC)
	c := &calendar{zone: zone, coarsest: Hour}
	p, err := c.planOf([]span{{to.Add(-24 * time.Hour), to}})
	if err != nil {
		return nil, err
	}
	q := &Query{Organization: organization}
	sel := &selection{db: s.db, dimensions: "u.app_id AS id"}
	join, id := "", "u.id"
	var all []condition
	switch by {
	case ByApp:
		q.Apps = ids
	case ByCredential:
		q.Credentials, sel.dimensions = ids, "u.credential_id AS id"
	default:
		sel.dimensions = "u.app_id, u.product_id"
		of := sel.anyOf("s.id", ids)
		all = append(all, condition{"app_id", "u.app_id IN (SELECT s.app_id FROM subscriptions s WHERE " + of + ")"})
		join, id = " JOIN subscriptions s ON s.app_id = u.app_id AND s.product_id = u.product_id AND "+of, "s.id"
	}
	sel.read(p, append(all, sel.conditions(q)...))
	rows, err := s.db.QueryContext(ctx, `SELECT `+id+`, `+sumOf(s.db, "u.n")+` FROM `+sel.union()+join+` GROUP BY `+id, sel.args...)
	if err != nil {
		return nil, database.Fault(err)
	}
	out, err := numbers(rows)
	return out, database.Fault(err)
}
