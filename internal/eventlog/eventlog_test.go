package eventlog_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/ent/db"
	_ "portico/ent/db/runtime" // the schema's defaults
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

func at() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC) }

// organizations creates n organizations.
func organizations(t testing.TB, d *database.DB, n int) []uuid.UUID {
	t.Helper()
	client := db.NewClient(db.Driver(d.Driver()))
	ctx := viewer.NewContext(context.Background(), viewer.ForSystem(uuid.Nil))
	all := make([]uuid.UUID, n)
	for i := range all {
		id := uuid.New()
		if err := client.Organization.Create().SetID(id).SetSlug(id.String()).SetName("Tenant").Exec(ctx); err != nil {
			t.Fatal(err)
		}
		all[i] = id
	}
	return all
}

func entry() eventlog.Entry {
	return eventlog.Entry{Type: eventlog.AppUpdated, Subject: nodeid.App, SubjectID: uuid.New()}
}

func entries(n int) []eventlog.Entry {
	out := make([]eventlog.Entry, n)
	for i := range out {
		out[i] = entry()
	}
	return out
}

func mustAppend(t *testing.T, d *database.DB, organization uuid.UUID, e ...eventlog.Entry) {
	t.Helper()
	err := d.InTx(t.Context(), func(tx *database.Tx) error {
		return eventlog.Append(t.Context(), tx, d.Dialect(), organization, at(), e...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnEventIsReadAsItWasWritten(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d := testdb.Open(t, url)
		organization := organizations(t, d, 1)[0]
		account, app, user := uuid.New(), uuid.New(), uuid.New()
		before, after := `"a"`, `"b"`
		ctx := viewer.NewContext(t.Context(), viewer.Viewer{
			Role: viewer.Admin, OrganizationID: organization, UserID: user, Name: "Staff", Address: "192.0.2.7", RequestID: "r1",
		})
		e := eventlog.Entry{
			Type: eventlog.AppUpdated, Subject: nodeid.App, SubjectID: app, SubjectName: "Åpp", AccountID: &account, AppID: &app,
			Reason: "because", Changes: []domain.Change{{Field: "name", Before: &before, After: &after}},
		}
		if err := d.InTx(ctx, func(tx *database.Tx) error {
			return eventlog.Append(ctx, tx, d.Dialect(), organization, at(), e, entry())
		}); err != nil {
			t.Fatal(err)
		}
		lines, err := eventlog.Read(t.Context(), d, organization, 0, 10)
		if err != nil || len(lines) != 2 {
			t.Fatalf("%v %v", lines, err)
		}
		l := lines[0]
		if l.Position != 1 || l.Type != e.Type || !l.At.Equal(at()) || l.SubjectID != app || *l.AccountID != account || *l.AppID != app {
			t.Errorf("read back %+v", l)
		}
		if l := lines[1]; l.Position != 2 || l.AccountID != nil || l.AppID != nil {
			t.Errorf("read back %+v", l)
		}
		client := db.NewClient(db.Driver(d.Driver()))
		row := client.Event.Query().FirstX(ctx)
		if row.ActorRole != "ADMIN" || *row.ActorID != user || row.ActorName != "Staff" || row.Address != "192.0.2.7" || row.RequestID != "r1" ||
			row.SubjectType != "App" || row.SubjectName != "Åpp" || row.Reason != "because" || len(row.Changes) != 1 || *row.Changes[0].After != after {
			t.Errorf("stored as %+v", row)
		}
	})
}

func TestConcurrentWritersKeepOrder(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d := testdb.Open(t, url)
		organization := organizations(t, d, 1)[0]
		written := entries(250) // more than one statement takes
		mustAppend(t, d, organization, entries(3)...)
		mustAppend(t, d, organization, written...)
		mustAppend(t, d, organization)
		var got []eventlog.Line
		for after := int64(3); ; after = got[len(got)-1].Position {
			some, err := eventlog.Read(t.Context(), d, organization, after, 60)
			if err != nil {
				t.Fatal(err)
			}
			if len(some) == 0 {
				break
			}
			if len(some) > 60 {
				t.Fatalf("asked for 60 and got %d", len(some))
			}
			got = append(got, some...)
		}
		if len(got) != len(written) {
			t.Fatalf("wrote %d and read %d", len(written), len(got))
		}
		for i, l := range got {
			if l.Position != int64(i)+4 || l.SubjectID != written[i].SubjectID {
				t.Fatalf("event %d is at %d", i, l.Position)
			}
		}
		if n, err := eventlog.Head(t.Context(), d, organization); err != nil || n != 253 {
			t.Errorf("the log's head is %d %v", n, err)
		}
		if n, err := eventlog.Head(t.Context(), d, uuid.New()); err != nil || n != 0 {
			t.Errorf("the head of no log is %d %v", n, err)
		}
	})
}

func TestTheLogRefusesChanges(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d := testdb.Open(t, url)
		organization := organizations(t, d, 1)[0]
		mustAppend(t, d, organization, entries(2)...)
		attempts := []string{
			`UPDATE events SET reason = 'other'`,
			`UPDATE events SET position = position + 10`,
			`DELETE FROM events`,
			`DELETE FROM events WHERE position = 1`,
			`DELETE FROM organizations`,
		}
		if d.Dialect() == dialect.Postgres {
			attempts = append(attempts, `TRUNCATE events`, `TRUNCATE organizations CASCADE`)
		} else {
			attempts = append(attempts, `REPLACE INTO events SELECT * FROM events`)
		}
		for _, attempt := range attempts {
			if _, err := d.ExecContext(t.Context(), attempt); err == nil {
				t.Errorf("%s went through", attempt)
			}
		}
		if lines, err := eventlog.Read(t.Context(), d, organization, 0, 10); err != nil || len(lines) != 2 {
			t.Errorf("%d events are left (%v)", len(lines), err)
		}
	})
}

const (
	mark   = `INSERT INTO leases (id, until) VALUES ('purging-events', '2026-01-01')`
	unmark = `DELETE FROM leases WHERE id = 'purging-events'`
)

func TestAPurgeMayDeleteButNotChange(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d := testdb.Open(t, url)
		organization := organizations(t, d, 1)[0]
		mustAppend(t, d, organization, entries(3)...)
		purge := func(statement string) error {
			return d.InTx(t.Context(), func(tx *database.Tx) error {
				for _, s := range []string{mark, statement, unmark} {
					if _, err := tx.ExecContext(t.Context(), s); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := purge(`UPDATE events SET reason = 'other'`); err == nil {
			t.Error("a purge changed an event")
		}
		if err := purge(`DELETE FROM events WHERE position = 1`); err != nil {
			t.Errorf("a purge could not delete: %v", err)
		}
		lines, err := eventlog.Read(t.Context(), d, organization, 1, 10)
		if err != nil || len(lines) != 2 || lines[0].Position != 2 {
			t.Errorf("left are %+v (%v)", lines, err)
		}
		if lines, err := eventlog.Read(t.Context(), d, organization, 0, 10); !errors.Is(err, eventlog.ErrGap) {
			t.Errorf("from the start there are %+v (%v)", lines, err)
		}
	})
}

// A purge under way allows deletions to its own transaction only.
func TestOnlyThePurgeMayDelete(t *testing.T) {
	url, ok := testdb.Postgres(t)
	if !ok {
		t.Skip("on SQLite there is only one writer")
	}
	d := testdb.Open(t, url)
	mustAppend(t, d, organizations(t, d, 1)[0], entry())
	errStop := errors.New("stop")
	err := d.InTx(t.Context(), func(tx *database.Tx) error {
		if _, err := tx.ExecContext(t.Context(), mark); err != nil {
			return err
		}
		if _, err := d.ExecContext(t.Context(), `DELETE FROM events`); err == nil {
			t.Error("another transaction deleted during a purge")
		}
		return errStop
	})
	if !errors.Is(err, errStop) {
		t.Fatal(err)
	}
}

func TestOrganizationsDoNotWaitForEachOther(t *testing.T) {
	url, ok := testdb.Postgres(t)
	if !ok {
		t.Skip("SQLite has one writer")
	}
	d := testdb.Open(t, url)
	two := organizations(t, d, 2)
	mustAppend(t, d, two[0], entry())
	mustAppend(t, d, two[1], entry())
	// appendWithoutWaiting appends without waiting for any lock.
	appendWithoutWaiting := func(organization uuid.UUID) error {
		return d.InTx(t.Context(), func(tx *database.Tx) error {
			if _, err := tx.ExecContext(t.Context(), `SET LOCAL lock_timeout = '20ms'`); err != nil {
				return err
			}
			return eventlog.Append(t.Context(), tx, d.Dialect(), organization, at(), entry())
		})
	}
	if err := d.InTx(t.Context(), func(tx *database.Tx) error {
		if err := eventlog.Append(t.Context(), tx, d.Dialect(), two[0], at(), entry()); err != nil {
			return err
		}
		if err := appendWithoutWaiting(two[0]); !database.IsUnavailable(err) {
			t.Errorf("a second writer did not wait for the first one's number: %v", err)
		}
		if err := appendWithoutWaiting(two[1]); err != nil {
			t.Errorf("another tenant's writer waited: %v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if lines, err := eventlog.Read(t.Context(), d, two[0], 0, 10); err != nil || len(lines) != 2 {
		t.Errorf("%+v %v", lines, err)
	}
}
