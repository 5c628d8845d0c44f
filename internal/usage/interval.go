package usage

import (
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// Interval is a length of time by which calls are counted.
type Interval string

// The intervals.
const (
	Minute Interval = "MINUTE"
	Hour   Interval = "HOUR"
	Day    Interval = "DAY"
	Month  Interval = "MONTH"
)

// Bucket returns the minute, hour, day or month that contains t in a time zone,
// end not included, in UTC. Where the clock changes within an hour, the hour ends
// there, so that every moment is in exactly one hour and hours never overlap.
func (i Interval) Bucket(t time.Time, loc *time.Location) (start, end time.Time) {
	switch i {
	case Minute:
		start = t.UTC().Truncate(time.Minute)
		return start, start.Add(time.Minute)
	case Hour:
		return hour(t.In(loc))
	case Month:
		return limits.Quota{Per: access.PerMonth}.Period(t, loc)
	default:
		return limits.Quota{Per: access.PerDay}.Period(t, loc)
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

// Start returns the start of the bucket that contains t, in UTC.
func (i Interval) Start(t time.Time, loc *time.Location) time.Time {
	start, _ := i.Bucket(t, loc)
	return start
}

// Ceil returns t if a bucket starts there, and else the start of the next bucket,
// in UTC.
func (i Interval) Ceil(t time.Time, loc *time.Location) time.Time {
	start, end := i.Bucket(t, loc)
	if start.Equal(t) {
		return start
	}
	return end
}
