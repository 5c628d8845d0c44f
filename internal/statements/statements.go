// Package statements owns what subscriptions cost: the lines that tell by which terms each ran
// from when to when, the statements into which an account's lines of a month are closed, and
// their corrections. It follows subscriptions, which package apps owns and which know nothing of
// prices, and counts no calls itself: it reads those that package usage describes.
//
// A line begins and ends in the transaction of the change that causes it (Follow). A job cuts
// lines at the end of the month, counts their calls once no gateway can report further ones,
// settles them, and closes the months whose lines are all settled (Run). What is closed is
// never changed: triggers of the database forbid it.
package statements

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/usage"
)

// Lag is how long after its end a time is counted. Gateways report calls up to 24 hours late,
// and minutes are kept at least an hour longer than that.
const Lag = 24*time.Hour + 30*time.Minute

// Calls reads how many calls there were.
type Calls interface {
	// CallsOf counts the calls that were let through, and returns the time before which all
	// are stored.
	CallsOf(ctx context.Context, organization uuid.UUID, zone *time.Location, of []usage.Of) ([]int64, time.Time, error)
}

// Options configures a Service. All fields are required.
type Options struct {
	Client   *db.Client
	Database *database.DB
	Changes  *change.Runner
	Entities entity.Reader
	// Clock is what the jobs follow.
	Clock clock.Clock
	Calls Calls
}

// Service closes and corrects statements, and reads them. It is safe for concurrent use, on
// several nodes at once.
type Service struct{ Options }

// New returns a Service.
func New(o Options) *Service { return &Service{o} }

// monthOf returns the calendar month that contains a time.
func monthOf(t time.Time, in *time.Location) (from, to time.Time) {
	return limits.Quota{Per: access.PerMonth}.Period(t, in)
}

// zoneOf returns the time zone of an organization.
func zoneOf(ctx context.Context, organizations *db.OrganizationClient, id uuid.UUID) (*time.Location, error) {
	org, err := organizations.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return zone.Load(org.TimeZone)
}

// countedNext returns up to when the calls of a line are counted next, after those before a
// full minute: the first part of an hour is read from minutes, which are kept for days only,
// so soon; then whole days.
func countedNext(until time.Time, in *time.Location) time.Time {
	if hour := usage.Hour.Ceil(until, in); hour.After(until) {
		return hour
	}
	_, end := usage.Day.Bucket(until, in)
	return end
}

// minuteOf returns the beginning of the minute of a time.
func minuteOf(t time.Time) time.Time { return usage.Minute.Start(t, time.UTC) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
