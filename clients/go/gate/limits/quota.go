package limits

import (
	"time"

	"portico/clients/go/gate/access"
)

// Quota is the number of calls allowed in each calendar period. The zero Quota
// means no limit.
type Quota struct {
	Limit int64
	Per   access.QuotaPeriod
}

// QuotaOf converts the stored form; nil means no limit.
func QuotaOf(q *access.Quota) Quota {
	if q == nil {
		return Quota{}
	}
	return Quota{Limit: int64(q.Limit), Per: q.Per}
}

// None reports whether there is no limit.
func (q Quota) None() bool { return q.Limit <= 0 }

// Period returns the period that contains now, from start up to but not including
// end, both in UTC. Days begin at midnight in loc (nil: UTC), or at the first moment
// after it where a change of the clocks skips midnight; weeks begin on Monday. The
// periods of a Quota follow one another without gap or overlap.
func (q Quota) Period(now time.Time, loc *time.Location) (start, end time.Time) {
	if loc == nil {
		loc = time.UTC
	}
	year, month, day := now.In(loc).Date()
	months, days := 0, 1
	switch q.Per {
	case access.PerWeek:
		day -= (int(now.In(loc).Weekday()) + 6) % 7
		days = 7
	case access.PerMonth:
		day, months, days = 1, 1, 0
	}
	at := func(n int) time.Time { return midnight(year, month+time.Month(n*months), day+n*days, loc) }
	start, end = at(0), at(1)
	// If clocks are set back over midnight, a date occurs twice: its second part
	// belongs to the period that has already begun.
	for i := 1; !now.Before(end); i++ {
		start, end = end, at(i+1)
	}
	return start, end
}

// midnight returns the first moment of a date in loc, in UTC. The date may be
// out of range, as for time.Date.
func midnight(year int, month time.Month, day int, loc *time.Location) time.Time {
	year, month, day = time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Date()
	t := time.Date(year, month, day, 0, 0, 0, 0, loc)
	if t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Day() == day {
		return earlier(t, year, month, day, loc)
	}
	// The clocks skip midnight: the day begins with the change. time.Date returned
	// a moment on one side of it.
	before, after := t.ZoneBounds()
	if civil(t).Before(time.Date(year, month, day, 0, 0, 0, 0, time.UTC)) {
		return after.UTC()
	}
	return before.UTC()
}

// earlier returns the first of two midnights if clocks are set back over midnight,
// else t.
func earlier(t time.Time, year int, month time.Month, day int, loc *time.Location) time.Time {
	change, _ := t.ZoneBounds()
	if change.IsZero() {
		return t.UTC()
	}
	_, offset := change.Add(-time.Second).Zone()
	first := time.Date(year, month, day, 0, 0, 0, 0, time.FixedZone("", offset))
	if first.Before(change) && civil(first.In(loc)).Equal(civil(t)) {
		return first.UTC()
	}
	return t.UTC()
}

// civil returns the local date and time of t, as if it were UTC.
func civil(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
