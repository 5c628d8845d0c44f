package usage

import (
	"time"

	"portico/clients/go/gate/limits"
	"portico/internal/domain"
)

// bucket returns the minute, hour, day or month that contains t in a time zone: from
// start up to but not including end, in UTC. Where the clocks are changed within an hour, an
// hour ends, so that every moment is in one hour and hours never go back.
func (i Interval) bucket(t time.Time, loc *time.Location) (start, end time.Time) {
	switch i {
	case Minute:
		start = t.UTC().Truncate(time.Minute)
		return start, start.Add(time.Minute)
	case Hour:
		return hour(t.In(loc))
	case Month:
		return limits.Quota{Per: domain.PerMonth}.Period(t, loc)
	default:
		return limits.Quota{Per: domain.PerDay}.Period(t, loc)
	}
}

func hour(t time.Time) (start, end time.Time) {
	start = t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	end = start.Add(time.Hour)
	from, until := t.ZoneBounds()
	if start.Before(from) {
		start = from
	}
	if !until.IsZero() && until.Before(end) {
		end = until
	}
	return start.UTC(), end.UTC()
}

// floor returns the start of t's bucket, ceil that of the next unless t is one.
func (i Interval) floor(t time.Time, loc *time.Location) time.Time {
	start, _ := i.bucket(t, loc)
	return start
}

func (i Interval) ceil(t time.Time, loc *time.Location) time.Time {
	start, end := i.bucket(t, loc)
	if start.Equal(t) {
		return start
	}
	return end
}
