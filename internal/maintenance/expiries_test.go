package maintenance_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/eventlog"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// mustKeyFor creates a credential of an app that expires after a while; never if
// life is 0.
func mustKeyFor(t *testing.T, f *portaltest.Fixture, ctx context.Context, a *db.App, life time.Duration) *db.Credential {
	t.Helper()
	id := a.GlobalID()
	in := apps.GenerateKeyInput{AppID: &id}
	if life != 0 {
		end := f.Clock.Now().Add(life)
		in.ExpiresAt = &end
	}
	return f.MustKey(t, ctx, in).Credential
}

// expiries returns the events of expired credentials, by credential.
func expiries(t *testing.T, f *portaltest.Fixture) map[uuid.UUID][]*db.Event {
	t.Helper()
	all, err := f.Client.Event.Query().Where(event.Type(string(eventlog.CredentialExpired))).All(portaltest.System(t))
	if err != nil {
		t.Fatal(err)
	}
	byKey := map[uuid.UUID][]*db.Event{}
	for _, e := range all {
		byKey[e.SubjectID] = append(byKey[e.SubjectID], e)
	}
	return byKey
}

// mustRecord records expiries, and requires their number.
func mustRecord(t *testing.T, f *portaltest.Fixture, want int) {
	t.Helper()
	if n, err := f.Portal.Maintenance.RecordExpiries(t.Context()); err != nil || n != want {
		t.Fatalf("recorded %d expiries (%v), want %d", n, err, want)
	}
}

// Each expired credential gets one event at its time, unless it is revoked.
func TestRecordExpiries(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one, two := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		app := f.MustApp(t, one.Developer, "App").App
		due := mustKeyFor(t, f, one.Developer, app, time.Hour)
		disabled := mustKeyFor(t, f, one.Developer, app, time.Hour)
		revoked := mustKeyFor(t, f, one.Developer, app, time.Hour)
		later := mustKeyFor(t, f, one.Developer, app, 2*time.Hour)
		foreign := mustKeyFor(t, f, two.Developer, f.MustApp(t, two.Developer, "App").App, time.Hour)
		if _, err := f.Portal.Apps.DisableKey(one.Admin, disabled.GlobalID(), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Portal.Apps.RevokeKey(one.Developer, revoked.GlobalID(), nil, nil); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(time.Hour - time.Microsecond)
		mustRecord(t, f, 0)
		f.Clock.Advance(time.Microsecond)
		mustRecord(t, f, 3)
		mustRecord(t, f, 0)
		got := expiries(t, f)
		for _, k := range []*db.Credential{due, disabled, foreign} {
			checkExpiry(t, got[k.ID], k)
		}
		if len(got) != 3 {
			t.Errorf("%d keys have an expiry, want 3", len(got))
		}
		if *got[disabled.ID][0].Changes[0].Before != `DISABLED` {
			t.Error("the event does not have the state before")
		}
		f.Clock.Advance(time.Hour)
		mustRecord(t, f, 1)
		checkExpiry(t, expiries(t, f)[later.ID], later)
	})
}

// checkExpiry checks the one event of a credential's expiry.
func checkExpiry(t *testing.T, events []*db.Event, k *db.Credential) {
	t.Helper()
	if len(events) != 1 {
		t.Fatalf("a key has %d expiries", len(events))
	}
	e := events[0]
	if e.OrganizationID != k.OrganizationID || *e.AccountID != k.AccountID || *e.AppID != *k.AppID ||
		e.ActorRole != string(viewer.System) || e.ActorID != nil || e.ActorName != "Portico" ||
		len(e.Changes) != 1 || e.Changes[0].Field != "status" || *e.Changes[0].After != `EXPIRED` {
		t.Errorf("the expiry is told as %+v", e)
	}
}

// manyKeys stores n credentials of an app, without their events.
func manyKeys(t *testing.T, f *portaltest.Fixture, a *db.App, n int, with func(*db.CredentialCreate)) {
	t.Helper()
	const chunk = 500
	for n > 0 {
		m := min(n, chunk)
		err := f.Client.Credential.MapCreateBulk(make([]struct{}, m), func(c *db.CredentialCreate, _ int) {
			c.SetOrganizationID(a.OrganizationID).SetAccountID(a.AccountID).SetAppID(a.ID).SetUsername(uuid.New()).
				SetSecretHash([]byte("hash")).SetStatus(access.CredentialActive)
			with(c)
		}).Exec(portaltest.System(t))
		if err != nil {
			t.Fatal(err)
		}
		n -= m
	}
}

// When several nodes record expiries at once, each is recorded once.
func TestRecordExpiries_OnManyNodes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		tenant := f.MustTenant(t, "one")
		app := f.MustApp(t, tenant.Developer, "App").App
		const keys = 1201 // more than two portions
		manyKeys(t, f, app, keys, func(c *db.CredentialCreate) { c.SetExpiresAt(f.Clock.Now()) })
		var total atomic.Int64
		var nodes sync.WaitGroup
		for range 4 {
			nodes.Go(func() {
				n, err := f.Portal.Maintenance.RecordExpiries(t.Context())
				if err != nil {
					t.Error(err)
				}
				total.Add(int64(n))
			})
		}
		nodes.Wait()
		rest, err := f.Portal.Maintenance.RecordExpiries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := expiries(t, f); total.Load()+int64(rest) != keys || len(got) != keys {
			t.Errorf("%d expiries were counted, %d keys have one, want %d", total.Load()+int64(rest), len(got), keys)
		}
		for _, events := range expiries(t, f) {
			if len(events) != 1 {
				t.Fatal("an expiry was recorded twice")
			}
		}
	})
}
