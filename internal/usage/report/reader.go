// Package report answers how many calls there were: series for charts, the apps with
// the most calls, the responses that gateways reported, the calls of the last 24
// hours, and the rows of exports.
//
// It only reads. Each answer is one statement over the tables of package counts and
// thus exact for what is stored at one moment, whatever has been rolled up so far.
package report

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// Reader answers queries. It is safe for concurrent use.
type Reader struct {
	db    *database.DB
	clock clock.Clock
}

// NewReader returns a Reader for a migrated database.
func NewReader(db *database.DB, c clock.Clock) *Reader { return &Reader{db: db, clock: c} }

// pageAge is the maximum age of the calls of a page of the journal when it is stored.
// They are older if the database was unavailable, which the node's own row shows.
const pageAge = time.Second

// state is what a query depends on besides the counts.
type state struct {
	kept domain.UsageRetention
	// asOf is the time before which all calls are stored in the tables.
	asOf time.Time
}

// limitTo moves asOf back to a time.
func (s *state) limitTo(at time.Time) {
	if at.Before(s.asOf) {
		s.asOf = at
	}
}

const (
	// flushedBefore selects the time up to which the counts of all nodes are part of
	// reports: of the nodes that are alive, and of those that have pages in the
	// journal, which are not folded yet. With LIMIT, Postgres looks for one page
	// instead of reading all.
	flushedBefore = `SELECT MIN(n.flushed_at) FROM gate_nodes n WHERE n.seen_at >= $2
		OR (SELECT 1 FROM usage_journal j WHERE j.node_id = n.id AND j.part >= 0 LIMIT 1) IS NOT NULL`
	// oldestPage selects when the oldest page was stored: a node may have ended before
	// it wrote its row.
	oldestPage = `SELECT MIN(j.taken_at) FROM usage_journal j WHERE j.part >= 0`
)

// readState reads the state, or returns fault.NotFound for an unknown organization. It
// must be called before the counts are read: otherwise asOf would include counts that
// were stored in between.
func (s *Reader) readState(ctx context.Context, organization uuid.UUID) (*state, error) {
	now := s.clock.Now()
	var kept sql.NullString
	var flushed, paged sql.Null[usagesql.Time]
	err := s.db.QueryRowContext(ctx, `SELECT o.usage_retention, (`+flushedBefore+`), (`+oldestPage+`)
		FROM organizations o WHERE o.id = $1`, organization, now.Add(-usage.NodeTimeout)).Scan(&kept, &flushed, &paged)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.NotFound()
	}
	if err != nil {
		return nil, database.Fault(err)
	}
	out := &state{asOf: now}
	if flushed.Valid {
		out.limitTo(flushed.V.Time)
	}
	if paged.Valid {
		out.limitTo(paged.V.Add(-pageAge))
	}
	out.kept, err = usagesql.ParseRetention(kept)
	return out, err
}

// plan returns the plan to read a query's spans.
func (s *Reader) plan(ctx context.Context, q *usage.Query, spans ...span) (*plan, error) {
	st, err := s.readState(ctx, q.Organization)
	if err != nil {
		return nil, err
	}
	return newCalendar(q.OrganizationLocation, st.kept, s.clock.Now()).planOf(spans)
}
