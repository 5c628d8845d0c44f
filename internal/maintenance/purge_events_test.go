package maintenance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/maintenance"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// positions returns where an organization's log begins and ends.
func positions(t *testing.T, f *portaltest.Fixture, organization uuid.UUID) (first, last int64, dense bool) {
	t.Helper()
	var n int64
	err := f.Database.QueryRowContext(t.Context(), `SELECT coalesce(min(position), 0), coalesce(max(position), 0), count(*) FROM events WHERE organization_id = $1`, organization).Scan(&first, &last, &n)
	if err != nil {
		t.Fatal(err)
	}
	return first, last, n == 0 || last-first == n-1
}

// mustAppend appends n events of one time.
func mustAppend(t *testing.T, f *portaltest.Fixture, organization uuid.UUID, at time.Time, n int) {
	t.Helper()
	entries := make([]eventlog.Entry, n)
	for i := range entries {
		entries[i] = eventlog.Entry{Type: eventlog.AppUpdated, Subject: nodeid.App, SubjectID: uuid.New()}
	}
	err := f.Database.InTx(t.Context(), func(tx *database.Tx) error {
		return eventlog.Append(t.Context(), tx, f.Database.Dialect(), organization, at, entries...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Events are purged from the beginning of the log, which goes on without a gap.
func TestPurge_Events(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one, two := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		retention(t, f, one, 30, 30)
		id := one.Organization.ID
		head := func() int64 {
			n, err := eventlog.Head(t.Context(), f.Database, id)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		mustAppend(t, f, id, f.Clock.Now(), 1100) // more than two portions
		old := head()
		f.Clock.Advance(time.Microsecond)
		mustAppend(t, f, id, f.Clock.Now(), 3)
		last := head()

		f.Clock.Advance(30*day - time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{})
		f.Clock.Advance(time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{Events: int(old)})
		if first, end, dense := positions(t, f, id); !dense || first != old+1 || end != last {
			t.Errorf("%d to %d are left (dense: %v), want %d to %d", first, end, dense, old+1, last)
		}
		if first, _, dense := positions(t, f, two.Organization.ID); !dense || first != 1 {
			t.Error("another organization's events were purged")
		}
		f.Clock.Advance(day)
		f.RequirePurge(t, maintenance.Purged{Events: 3})
		if _, err := eventlog.Read(t.Context(), f.Database, id, last-1, 10); !errors.Is(err, eventlog.ErrGap) {
			t.Errorf("who has not read all that was purged was told %v", err)
		}
		if lines, err := eventlog.Read(t.Context(), f.Database, id, last, 10); err != nil || len(lines) > 0 {
			t.Errorf("who has read all was told %v, %v", lines, err)
		}
		if _, err := eventlog.Read(t.Context(), f.Database, id, last+1, 10); !errors.Is(err, eventlog.ErrGap) {
			t.Errorf("who has read what is not there was told %v", err)
		}
		mustAppend(t, f, id, f.Clock.Now(), 1)
		if first, _, _ := positions(t, f, id); first != last+1 {
			t.Errorf("after the purge the log goes on at %d, want %d", first, last+1)
		}
		if n := f.Rows(t, "leases"); n != 0 {
			t.Error("the purge's mark was left behind")
		}
		if _, err := f.Database.ExecContext(t.Context(), `DELETE FROM events`); err == nil {
			t.Error("after a purge the log may be changed")
		}
	})
}

// An old event that follows a younger one is kept until that one is purged, or the
// log would have a gap.
func TestPurge_EventsLeaveNoGap(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one := f.MustTenant(t, "one")
		retention(t, f, one, 30, 30)
		id, start := one.Organization.ID, f.Clock.Now()
		before, err := eventlog.Head(context.Background(), f.Database, id)
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, f, id, start.Add(day), 1)
		mustAppend(t, f, id, start, 1)
		f.Clock.Advance(30*day + time.Hour)
		f.RequirePurge(t, maintenance.Purged{Events: int(before)})
		if first, last, dense := positions(t, f, id); !dense || first != before+1 || last != before+2 {
			t.Errorf("%d to %d are left (dense: %v)", first, last, dense)
		}
		f.Clock.Advance(day)
		f.RequirePurge(t, maintenance.Purged{Events: 2})
	})
}
