package report

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// last24h returns the bounds of the last 24 hours, to the minute.
func last24h(now time.Time) (from, to time.Time) {
	to = usage.Minute.Ceil(now, time.UTC)
	return to.Add(-24 * time.Hour), to
}

// TotalLast24h counts the calls of the last 24 hours, to the minute, that a query selects;
// it sets the query's times. zone is the organization's time zone.
func (s *Reader) TotalLast24h(ctx context.Context, q usage.Query, zone *time.Location) (int64, error) {
	q.From, q.To = last24h(s.clock.Now())
	q.Location, q.OrganizationLocation, q.Interval = time.UTC, zone, usage.Hour
	r, err := s.Report(ctx, q)
	if err != nil {
		return 0, err
	}
	return r.Total, nil
}

// CallsLast24h counts the calls of the last 24 hours, to the minute, by one statement
// for all ids. Ids without calls are missing in the result. zone is the organization's
// time zone.
func (s *Reader) CallsLast24h(ctx context.Context, organization uuid.UUID, zone *time.Location, by usage.Dimension, ids []uuid.UUID) (map[uuid.UUID]int64, error) {
	if len(ids) == 0 {
		return map[uuid.UUID]int64{}, nil
	}
	now := s.clock.Now()
	from, to := last24h(now)
	c := &calendar{zone: zone, coarsest: usage.Hour}
	p, err := c.planOf([]span{{from, to}})
	if err != nil {
		return nil, err
	}
	q := &usage.Query{Organization: organization}
	sel := newSelection(s.db, "u.app_id AS id")
	join, id := "", "u.id"
	var conditions []condition
	switch by {
	case usage.ByApp:
		q.Apps = ids
	case usage.ByCredential:
		q.Credentials, sel.dimensions = ids, "u.credential_id AS id"
	case usage.ByProduct:
		q.Products, sel.dimensions = ids, "u.product_id AS id"
	default:
		sel.dimensions = "u.app_id, u.product_id"
		of := sel.AnyOf("s.id", ids)
		conditions = append(conditions, condition{"app_id", "u.app_id IN (SELECT s.app_id FROM subscriptions s WHERE " + of + ")"})
		join, id = " JOIN subscriptions s ON s.app_id = u.app_id AND s.product_id = u.product_id AND "+of, "s.id"
	}
	sel.read(p, append(conditions, sel.conditions(q)...))
	rows, err := s.db.QueryContext(ctx, `SELECT `+id+`, `+usagesql.Sum(s.db, "u.n")+` FROM `+sel.union()+join+` GROUP BY `+id, sel.Values...)
	if err != nil {
		return nil, database.Fault(err)
	}
	out, err := usagesql.ScanCounts(rows)
	return out, database.Fault(err)
}
