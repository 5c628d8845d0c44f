package report

import (
	"context"
	"sort"
	"time"

	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// Report counts the calls of a time, point by point. It returns fault.CodeBadUserInput for
// more than usage.MaxPoints points, and for a time whose counts are no longer stored
// finely enough; fault.NotFound for an unknown organization.
func (s *Reader) Report(ctx context.Context, q usage.Query) (*usage.Report, error) {
	points, err := pointsOf(&q)
	if err != nil {
		return nil, err
	}
	st, err := s.readState(ctx, q.Organization)
	if err != nil {
		return nil, err
	}
	first, last := points[0].from, points[len(points)-1].to
	before := span{first.Add(-last.Sub(first)), first}
	var found *series
	for _, coarsest := range []usage.Interval{usage.Day, usage.Hour, usage.Minute} {
		c := newCalendar(q.OrganizationLocation, st.kept, s.clock.Now())
		c.coarsest = coarsest
		next, err := s.series(ctx, &q, c, before, points)
		if err != nil && (found == nil || !fault.Is(err, fault.CodeBadUserInput)) {
			return nil, err
		}
		// If finer counts are no longer stored, rows of an earlier time zone of the
		// organization count where they start.
		if err != nil {
			break
		}
		if found = next; found.aligned {
			break
		}
	}
	out := found.report(points)
	out.AsOf = st.asOf
	return out, nil
}

// series are counts by bucket and code.
type series struct {
	rows []seriesRow
	// aligned is false if a day or an hour was rolled up in another time zone.
	aligned bool
	// before is true if the rows include those of the time before.
	before bool
}

type seriesRow struct {
	source usage.Interval
	at     usagesql.Time
	code   string
	calls  int64
}

// series reads the points and, if it is stored finely enough, the time before them.
func (s *Reader) series(ctx context.Context, q *usage.Query, c *calendar, before span, points []span) (*series, error) {
	out := &series{aligned: true, before: true}
	p, err := c.planOf(append([]span{before}, points...))
	if err != nil {
		out.before = false
		if p, err = c.planOf(points); err != nil {
			return nil, err
		}
	}
	text, args := s.seriesStatement(q, p)
	rows, err := s.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, database.Fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r seriesRow
		if err := rows.Scan(&r.source, &r.at, &r.code, &r.calls); err != nil {
			return nil, err
		}
		out.aligned = out.aligned && (r.source == usage.Minute || r.source.Start(r.at.Time, c.zone).Equal(r.at.Time))
		out.rows = append(out.rows, r)
	}
	return out, database.Fault(rows.Err())
}

// seriesStatement returns the statement that reads a plan.
func (s *Reader) seriesStatement(q *usage.Query, p *plan) (text string, args []any) {
	sel := newSelection(s.db, "u.code")
	sel.read(p, sel.conditions(q))
	return `SELECT u.source, u.at, u.code, ` + usagesql.Sum(s.db, "u.n") + ` FROM ` + sel.union() + ` GROUP BY u.source, u.at, u.code`, sel.Values
}

// report sums the rows by points.
func (s *series) report(points []span) *usage.Report {
	out := &usage.Report{Points: make([]usage.Point, len(points)), Totals: map[string]int64{}}
	for i, p := range points {
		out.Points[i] = usage.Point{Start: p.from, End: p.to, Codes: map[string]int64{}}
	}
	var before int64
	for _, r := range s.rows {
		i := pointOf(points, r.at.Time)
		if i < 0 {
			before = usage.Add(before, r.calls)
			continue
		}
		p := &out.Points[i]
		p.Calls = usage.Add(p.Calls, r.calls)
		p.Codes[r.code] = usage.Add(p.Codes[r.code], r.calls)
		out.Totals[r.code] = usage.Add(out.Totals[r.code], r.calls)
		out.Total = usage.Add(out.Total, r.calls)
	}
	if s.before {
		out.Previous = &before
	}
	return out
}

// pointOf returns the index of the point that contains a time; -1 if it is before all.
func pointOf(points []span, at time.Time) int {
	return sort.Search(len(points), func(i int) bool { return points[i].from.After(at) }) - 1
}
