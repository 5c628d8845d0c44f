package seed

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/viewer"
)

// How long ago an organization's story begins, and how long a step of it takes.
// It is complete before the first calls that charts show.
const (
	age  = 8 * 7 * 24 * time.Hour
	pace = 7 * time.Hour
)

// story is the clock of an organization's data and its events. today is the
// present time.
type story struct {
	now, today time.Time
	told       []moment
}

// moment is an event with its time and its actor.
type moment struct {
	at    time.Time
	by    viewer.Viewer
	entry eventlog.Entry
}

// newStory returns a story that begins in the past, at a full hour.
func newStory(now time.Time) story {
	return story{now: now.Truncate(time.Hour).Add(-age), today: now}
}

// pass advances the clock by one step.
func (s *story) pass() { s.now = s.now.Add(pace) }

// tell records an event at the present time.
func (s *story) tell(by viewer.Viewer, e eventlog.Entry) {
	s.told = append(s.told, moment{s.now, by, e})
}

// write appends the events to the organization's log, in order, and returns
// their number. It is the last step of the transaction for the organization.
func (s *story) write(ctx context.Context, tx eventlog.Tx, dialect string, organization uuid.UUID) (int, error) {
	for i := 0; i < len(s.told); {
		first := s.told[i]
		var entries []eventlog.Entry
		for ; i < len(s.told) && s.told[i].at.Equal(first.at) && s.told[i].by == first.by; i++ {
			entries = append(entries, s.told[i].entry)
		}
		by := viewer.NewContext(ctx, first.by)
		if err := eventlog.Append(by, tx, dialect, organization, first.at, entries...); err != nil {
			return 0, err
		}
	}
	return len(s.told), nil
}

// became returns the change of one attribute.
func became(field string, before, after any) []domain.Change {
	return []domain.Change{{Field: field, Before: domain.Text(before), After: domain.Text(after)}}
}
