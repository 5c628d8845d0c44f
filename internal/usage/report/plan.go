package report

import (
	"fmt"
	"time"

	"portico/internal/domain"
	"portico/internal/usage"
)

// span is the time from from to to, which is not included.
type span struct{ from, to time.Time }

// plan lists the times that are read from each table. Days and hours contain only what
// was rolled up; for their times the rest is read from the minutes.
type plan struct{ days, hours, minutes []span }

// calendar makes plans.
type calendar struct {
	// zone is the organization's time zone, in which days and hours begin.
	zone *time.Location
	// coarsest is the longest bucket that may be read.
	coarsest usage.Interval
	// keptFrom is the time since which each table is complete.
	keptFrom map[usage.Interval]time.Time
}

// newCalendar returns the calendar of an organization.
func newCalendar(zone *time.Location, kept domain.UsageRetention, now time.Time) *calendar {
	return &calendar{zone: zone, coarsest: usage.Day, keptFrom: map[usage.Interval]time.Time{
		usage.Minute: now.AddDate(0, 0, -kept.Minutes), usage.Hour: now.AddDate(0, 0, -kept.Hours), usage.Day: now.AddDate(0, 0, -kept.Days),
	}}
}

// planOf returns the plan to read all spans.
func (c *calendar) planOf(spans []span) (*plan, error) {
	p := &plan{}
	for _, s := range spans {
		if err := c.add(p, s); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add plans to read a time, each part of it from the coarsest table whose buckets
// cover exactly that part. It returns an error if that table does not go back so far.
func (c *calendar) add(p *plan, s span) error {
	first, last := s.to, s.to
	if c.coarsest == usage.Day {
		first, last = usage.Day.Ceil(s.from, c.zone), usage.Day.Start(s.to, c.zone)
	}
	if !first.Before(last) {
		return c.addHours(p, s)
	}
	if err := c.addHours(p, span{s.from, first}); err != nil {
		return err
	}
	if err := c.put(&p.days, usage.Day, span{first, last}); err != nil {
		return err
	}
	return c.addHours(p, span{last, s.to})
}

func (c *calendar) addHours(p *plan, s span) error {
	first, last := s.to, s.to
	if c.coarsest != usage.Minute {
		first, last = usage.Hour.Ceil(s.from, c.zone), usage.Hour.Start(s.to, c.zone)
	}
	if !first.Before(last) {
		return c.put(&p.minutes, usage.Minute, s)
	}
	if err := c.put(&p.minutes, usage.Minute, span{s.from, first}); err != nil {
		return err
	}
	if err := c.put(&p.hours, usage.Hour, span{first, last}); err != nil {
		return err
	}
	return c.put(&p.minutes, usage.Minute, span{last, s.to})
}

// put adds a span to those of a table, merged with the one before if they touch.
func (c *calendar) put(to *[]span, table usage.Interval, s span) error {
	if !s.from.Before(s.to) {
		return nil
	}
	if kept := c.keptFrom[table]; s.from.Before(kept) {
		return errTooOld(table, kept)
	}
	if n := len(*to); n > 0 && (*to)[n-1].to.Equal(s.from) {
		(*to)[n-1].to = s.to
		return nil
	}
	*to = append(*to, s)
	return nil
}

// errTooOld returns the error for a time before a table was kept, with what to ask for
// instead.
func errTooOld(table usage.Interval, kept time.Time) error {
	since := kept.Format(time.RFC3339)
	switch table {
	case usage.Minute:
		return badQuery(fmt.Sprintf("Calls of single minutes are kept since %s. "+
			"Before that, ask for full hours or days of the organization's time zone.", since))
	case usage.Hour:
		return badQuery(fmt.Sprintf("Calls of single hours are kept since %s. "+
			"Before that, ask for full days of the organization's time zone.", since))
	default:
		return badQuery(fmt.Sprintf("Calls are kept since %s.", since))
	}
}
