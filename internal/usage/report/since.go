package report

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// longestSince is how far back CallsSince counts.
const longestSince = 30 * 24 * time.Hour

// CallsSince counts calls of credentials, each since a time of its own, to the minute and
// at most those of the last 30 days, by one statement for all. What is not stored any
// more is not counted. zone is the organization's time zone.
func (s *Reader) CallsSince(ctx context.Context, organization uuid.UUID, zone *time.Location, since []usage.Since) ([]int64, error) {
	out := make([]int64, len(since))
	hours, minutes, err := s.spansSince(zone, since)
	if err != nil || len(hours)+len(minutes) == 0 {
		return out, err
	}
	sel := newSelection(s.db, "v.slot AS slot")
	of := "u.organization_id = " + sel.Add(organization)
	sel.addOwnSpans(sourceOf("usage_hours", usage.Hour), hours, of)
	sel.addOwnSpans(sourceOf("usage_minutes", usage.Minute), minutes, of)
	sel.addOwnSpans(notRolledUp(), hours, of)
	rows, err := s.db.QueryContext(ctx, `SELECT u.slot, `+usagesql.Sum(s.db, "u.n")+` FROM `+sel.union()+` GROUP BY u.slot`, sel.Values...)
	if err != nil {
		return nil, database.Fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var slot int
		var n int64
		if err := rows.Scan(&slot, &n); err != nil {
			return nil, err
		}
		out[slot] = n
	}
	return out, database.Fault(rows.Err())
}

// ownSpan is a time of one credential, and the place of its count in the result.
type ownSpan struct {
	span
	slot       int
	credential uuid.UUID
}

// spansSince returns what is read of the hours and of the minutes.
func (s *Reader) spansSince(zone *time.Location, since []usage.Since) (hours, minutes []ownSpan, err error) {
	now := s.clock.Now()
	to, earliest := usage.Minute.Ceil(now, time.UTC), usage.Minute.Start(now.Add(-longestSince), time.UTC)
	c := &calendar{zone: zone, coarsest: usage.Hour}
	for slot, of := range since {
		from := usage.Minute.Start(of.From, time.UTC)
		if from.Before(earliest) {
			from = earliest
		}
		p, err := c.planOf([]span{{from, to}})
		if err != nil {
			return nil, nil, err
		}
		for _, at := range p.hours {
			hours = append(hours, ownSpan{at, slot, of.Credential})
		}
		for _, at := range p.minutes {
			minutes = append(minutes, ownSpan{at, slot, of.Credential})
		}
	}
	return hours, minutes, nil
}

// addOwnSpans selects the rows of a source in spans, each of its own credential.
func (s *selection) addOwnSpans(t source, spans []ownSpan, organization string) {
	if len(spans) == 0 {
		return
	}
	b := usagesql.NewBulk(s.DB, len(spans), usagesql.Column{Name: "slot", Type: usagesql.BigInt}, usagesql.Column{Name: "credential", Type: usagesql.UUID},
		usagesql.Column{Name: "lo", Type: t.keyType()}, usagesql.Column{Name: "hi", Type: t.keyType()})
	for _, at := range spans {
		b.Int(int64(at.slot))
		b.ID(at.credential)
		if t.byID() {
			b.ID(usage.FirstID(at.from), usage.FirstID(at.to))
			continue
		}
		b.Time(at.from)
		b.Time(at.to)
	}
	s.addBranch(t, s.AddBulk(b)+" CROSS JOIN ", "v.lo", "v.hi", []condition{
		{"credential_id", "u.credential_id = v.credential"}, {"organization_id", organization},
	})
}
