package usage

import (
	"fmt"
	"time"

	"portico/internal/domain"
	"portico/internal/fault"
)

// span is a time from from on, before to.
type span struct{ from, to time.Time }

// plan says from which table which time is read. Days and hours hold only what
// was rolled up; what was not is read from the minutes as well.
type plan struct{ days, hours, minutes []span }

// calendar is by what plans are made.
type calendar struct {
	// zone is the organization's, by which days and hours begin.
	zone *time.Location
	// coarsest is the longest bucket that may be read.
	coarsest Interval
	// keptFrom is how far back each table goes.
	keptFrom map[Interval]time.Time
}

// newCalendar returns the calendar of an organization.
func newCalendar(zone *time.Location, kept domain.UsageRetention, now time.Time) *calendar {
	return &calendar{zone: zone, coarsest: Day, keptFrom: map[Interval]time.Time{
		Minute: now.AddDate(0, 0, -kept.Minutes), Hour: now.AddDate(0, 0, -kept.Hours), Day: now.AddDate(0, 0, -kept.Days),
	}}
}

// add plans to read a time, each part of it from the coarsest table that has
// exactly that part. It fails when that table does not reach back so far.
func (c *calendar) add(p *plan, s span) error {
	first, last := s.to, s.to
	if c.coarsest == Day {
		first, last = Day.ceil(s.from, c.zone), Day.floor(s.to, c.zone)
	}
	if !first.Before(last) {
		return c.addHours(p, s)
	}
	if err := c.addHours(p, span{s.from, first}); err != nil {
		return err
	}
	if err := c.put(&p.days, Day, span{first, last}); err != nil {
		return err
	}
	return c.addHours(p, span{last, s.to})
}

func (c *calendar) addHours(p *plan, s span) error {
	first, last := s.to, s.to
	if c.coarsest != Minute {
		first, last = Hour.ceil(s.from, c.zone), Hour.floor(s.to, c.zone)
	}
	if !first.Before(last) {
		return c.put(&p.minutes, Minute, s)
	}
	if err := c.put(&p.minutes, Minute, span{s.from, first}); err != nil {
		return err
	}
	if err := c.put(&p.hours, Hour, span{first, last}); err != nil {
		return err
	}
	return c.put(&p.minutes, Minute, span{last, s.to})
}

// put adds a span to a table's, joined to the one before if they touch.
func (c *calendar) put(to *[]span, table Interval, s span) error {
	if !s.from.Before(s.to) {
		return nil
	}
	if kept := c.keptFrom[table]; s.from.Before(kept) {
		return tooOld(table, kept)
	}
	if n := len(*to); n > 0 && (*to)[n-1].to.Equal(s.from) {
		(*to)[n-1].to = s.to
		return nil
	}
	*to = append(*to, s)
	return nil
}

// tooOld says how far back a table goes, and what to ask for instead.
func tooOld(table Interval, kept time.Time) error {
	since := kept.Format(time.RFC3339)
	switch table {
	case Minute:
		return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, fmt.Sprintf("Calls of single minutes are kept since %s. "+
			"Before that, ask for full hours or days of the organization's time zone.", since))
	case Hour:
		return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, fmt.Sprintf("Calls of single hours are kept since %s. "+
			"Before that, ask for full days of the organization's time zone.", since))
	default:
		return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, fmt.Sprintf("Calls are kept since %s.", since))
	}
}

// whole returns the query's time in full minutes.
func (q *Query) whole() (span, error) {
	s := span{Minute.floor(q.From, time.UTC), Minute.ceil(q.To, time.UTC)}
	switch {
	case q.From.Year() < 1970 || q.To.Year() < 1970 || q.From.Year() > 9999 || q.To.Year() > 9999:
		return s, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "The time must be within the years 1970 to 9999.")
	case !q.From.Before(q.To):
		return s, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "The end of the time must be after its beginning.")
	case q.Location == nil || q.OrganizationLocation == nil:
		return s, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "The time zone is missing.")
	}
	return s, nil
}

// spans returns the times of the query's points. The first and the last may be
// parts of an interval.
func (q *Query) spans() ([]span, error) {
	all, err := q.whole()
	if err != nil {
		return nil, err
	}
	switch q.Interval {
	case Minute, Hour, Day, Month:
	default:
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "The interval must be MINUTE, HOUR, DAY or MONTH.")
	}
	var out []span
	for from := all.from; from.Before(all.to); {
		if len(out) == MaxPoints {
			return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, fmt.Sprintf(
				"That would be more than %d points. Ask for a shorter time or a longer interval.", MaxPoints))
		}
		_, to := q.Interval.bucket(from, q.Location)
		if to.After(all.to) {
			to = all.to
		}
		out = append(out, span{from, to})
		from = to
	}
	return out, nil
}
