package usage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
)

const (
	// nodeSilence is after what time a node that has stopped writing is taken for
	// one that has ended. Only what it left in the journal is waited for.
	nodeSilence = 65 * time.Second
	// pageSpan is how old a page's calls are at most when it is stored. They are
	// older where the database was away, which the node's own row tells.
	pageSpan = time.Second
)

// state is what a report must know of the organization and the nodes.
type state struct {
	kept domain.UsageRetention
	asOf time.Time
}

// bound takes asOf back to a time.
func (s *state) bound(at time.Time) {
	if at.Before(s.asOf) {
		s.asOf = at
	}
}

const (
	// flushedBefore is up to when the counts of all nodes are there: of those that
	// live, and of those that left pages in the journal, which nobody has folded
	// yet. With a LIMIT Postgres looks for one instead of reading all.
	flushedBefore = `SELECT MIN(n.flushed_at) FROM gate_nodes n WHERE n.seen_at >= $2
		OR (SELECT 1 FROM usage_journal j WHERE j.node_id = n.id AND j.part >= 0 LIMIT 1) IS NOT NULL`
	// oldestPage is when the oldest of them was stored. A node may have ended
	// before it wrote down that it is there.
	oldestPage = `SELECT MIN(j.taken_at) FROM usage_journal j WHERE j.part >= 0`
)

// stateOf reads it. asOf is read before the counts, or it would promise counts
// that were stored between the two.
func (s *Store) stateOf(ctx context.Context, organization uuid.UUID) (*state, error) {
	now := s.clock.Now()
	var kept sql.NullString
	var flushed, paged sql.Null[moment]
	err := s.db.QueryRowContext(ctx, `SELECT o.usage_retention, (`+flushedBefore+`), (`+oldestPage+`)
		FROM organizations o WHERE o.id = $1`, organization, now.Add(-nodeSilence)).Scan(&kept, &flushed, &paged)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.NotFound()
	}
	if err != nil {
		return nil, database.Fault(err)
	}
	out := &state{asOf: now}
	if flushed.Valid {
		out.bound(flushed.V.Time)
	}
	if paged.Valid {
		out.bound(paged.V.Add(-pageSpan))
	}
	out.kept, err = retentionOf(kept)
	return out, err
}

// retentionOf reads an organization's column; NULL is the default.
func retentionOf(column sql.NullString) (domain.UsageRetention, error) {
	kept := domain.DefaultUsageRetention()
	if !column.Valid || column.String == "null" {
		return kept, nil
	}
	if err := json.Unmarshal([]byte(column.String), &kept); err != nil {
		return kept, fmt.Errorf("usage: an organization's retention cannot be read: %w", err)
	}
	return kept, nil
}

// Report counts the calls of a time, point by point. It gives
// fault.BadUserInput for more than MaxPoints points, and for a time from which
// counts that are fine enough are no longer kept.
func (s *Store) Report(ctx context.Context, q Query) (*Report, error) {
	points, err := q.spans()
	if err != nil {
		return nil, err
	}
	st, err := s.stateOf(ctx, q.Organization)
	if err != nil {
		return nil, err
	}
	first, last := points[0].from, points[len(points)-1].to
	before := span{first.Add(-last.Sub(first)), first}
	var found *series
	for _, coarsest := range []Interval{Day, Hour, Minute} {
		c := newCalendar(q.OrganizationLocation, st.kept, s.clock.Now())
		c.coarsest = coarsest
		next, err := s.series(ctx, &q, c, before, points)
		if err != nil && (found == nil || !fault.Is(err, fault.CodeBadUserInput)) {
			return nil, err
		}
		// Rows of a time zone that the organization has left count by their start,
		// unless there are finer ones.
		if err != nil {
			break
		}
		if found = next; found.fits {
			break
		}
	}
	out := found.report(points)
	out.AsOf = st.asOf
	return out, nil
}

// series are counts by bucket and code, as they were read.
type series struct {
	rows []seriesRow
	// fits is false when a day or an hour was rolled up by another time zone.
	fits bool
	// before tells that the rows begin with those of the time before.
	before bool
}

type seriesRow struct {
	source Interval
	at     moment
	code   string
	calls  int64
}

// series reads the points and, if it is kept, the time before them.
func (s *Store) series(ctx context.Context, q *Query, c *calendar, before span, points []span) (*series, error) {
	out := &series{fits: true, before: true}
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
		out.fits = out.fits && (r.source == Minute || r.source.floor(r.at.Time, c.zone).Equal(r.at.Time))
		out.rows = append(out.rows, r)
	}
	return out, database.Fault(rows.Err())
}

func (s *Store) seriesStatement(q *Query, p *plan) (text string, args []any) {
	sel := &selection{db: s.db, dimensions: "u.code"}
	sel.read(p, sel.conditions(q))
	return `SELECT u.source, u.at, u.code, ` + sumOf(s.db, "u.n") + ` FROM ` + sel.union() + ` GROUP BY u.source, u.at, u.code`, sel.args
}

// planOf plans to read all spans.
func (c *calendar) planOf(spans []span) (*plan, error) {
	p := &plan{}
	for _, s := range spans {
		if err := c.add(p, s); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// report puts the rows into points.
func (s *series) report(points []span) *Report {
	out := &Report{Points: make([]Point, len(points)), Totals: map[string]int64{}}
	for i, p := range points {
		out.Points[i] = Point{Start: p.from, End: p.to, Codes: map[string]int64{}}
	}
	var before int64
	for _, r := range s.rows {
		i := pointOf(points, r.at.Time)
		if i < 0 {
			before = plus(before, r.calls)
			continue
		}
		p := &out.Points[i]
		p.Calls = plus(p.Calls, r.calls)
		p.Codes[r.code] = plus(p.Codes[r.code], r.calls)
		out.Totals[r.code] = plus(out.Totals[r.code], r.calls)
		out.Total = plus(out.Total, r.calls)
	}
	if s.before {
		out.Previous = &before
	}
	return out
}

// pointOf finds the point that holds a time; -1: it is before all.
func pointOf(points []span, at time.Time) int {
	return sort.Search(len(points), func(i int) bool { return points[i].from.After(at) }) - 1
}
