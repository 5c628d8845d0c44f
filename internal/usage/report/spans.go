package report

import (
	"fmt"
	"time"

	"portico/internal/fault"
	"portico/internal/usage"
)

// timeOf returns the query's time in full minutes.
func timeOf(q *usage.Query) (span, error) {
	s := span{usage.Minute.Start(q.From, time.UTC), usage.Minute.Ceil(q.To, time.UTC)}
	switch {
	case q.From.Year() < 1970 || q.To.Year() < 1970 || q.From.Year() > 9999 || q.To.Year() > 9999:
		return s, badQuery("The time must be within the years 1970 to 9999.")
	case !q.From.Before(q.To):
		return s, badQuery("The end of the time must be after its beginning.")
	case q.Location == nil || q.OrganizationLocation == nil:
		return s, badQuery("The time zone is missing.")
	}
	return s, nil
}

// pointsOf returns the times of the query's points. The first and the last may be
// parts of an interval.
func pointsOf(q *usage.Query) ([]span, error) {
	all, err := timeOf(q)
	if err != nil {
		return nil, err
	}
	switch q.Interval {
	case usage.Minute, usage.Hour, usage.Day, usage.Month:
	default:
		return nil, badQuery("The interval must be MINUTE, HOUR, DAY or MONTH.")
	}
	var out []span
	for from := all.from; from.Before(all.to); {
		if len(out) == usage.MaxPoints {
			return nil, badQuery(fmt.Sprintf("That would be more than %d points. Ask for a shorter time or a longer interval.", usage.MaxPoints))
		}
		_, to := q.Interval.Bucket(from, q.Location)
		if to.After(all.to) {
			to = all.to
		}
		out = append(out, span{from, to})
		from = to
	}
	return out, nil
}

// isWhole reports whether a point is a whole interval, of which another query has the same.
func isWhole(q *usage.Query, p span) bool {
	from, to := q.Interval.Bucket(p.from, q.Location)
	return p.from.Equal(from) && p.to.Equal(to)
}

func badQuery(message string) error {
	return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, message)
}
