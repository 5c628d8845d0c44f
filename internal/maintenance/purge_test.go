package maintenance_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/membership"
	"portico/ent/db/subscription"
	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/auth"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/maintenance"
	"portico/internal/portal/portaltest"
	kept "portico/internal/retention"
	"portico/internal/testdb"
)

const day = 24 * time.Hour

// fullApp creates an app with all that can belong to one.
func fullApp(t *testing.T, f *portaltest.Fixture, tenant portaltest.Tenant, product *db.Product, plan *db.Plan) *db.App {
	t.Helper()
	created := f.MustApp(t, tenant.Developer, "Full")
	id, listed := created.App.GlobalID(), access.ListedProducts
	f.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: &id, Access: &listed, AccessControlList: []string{product.GlobalID()}})
	f.MustRegister(t, tenant.Developer, created.App, product, plan)
	return created.App
}

// A deleted app is purged after 30 days with all that belongs to it; its row stays,
// without its content.
func TestPurge_Apps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		tenant := f.MustTenant(t, "one")
		product, plan := f.MustProduct(t, tenant.Admin, "maps")
		gone, kept := fullApp(t, f, tenant, product, plan), fullApp(t, f, tenant, product, plan)
		// More keys than one transaction takes.
		manyKeys(t, f, gone, 501, func(*db.CredentialCreate) {})
		if _, err := f.Portal.Apps.DeleteApp(tenant.Developer, gone.GlobalID(), nil); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(30*day - time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{})
		f.Clock.Advance(time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{Apps: 1})
		f.RequirePurge(t, maintenance.Purged{})

		if n := portaltest.Count(t, f.Client.Credential.Query().Where(credential.AppID(gone.ID))); n != 0 {
			t.Errorf("%d keys are left", n)
		}
		if n := portaltest.Count(t, f.Client.Subscription.Query().Where(subscription.AppID(gone.ID))); n != 0 {
			t.Errorf("%d subscriptions are left", n)
		}
		if n := portaltest.Count(t, f.Client.AccessEntry.Query()); n != 1 {
			t.Errorf("%d access entries are left, want the other app's one", n)
		}
		row, err := f.Client.App.Get(portaltest.System(t), gone.ID)
		if err != nil {
			t.Fatal(err)
		}
		if row.Name != "" || row.NameFolded != "" || row.Description != "" || len(row.Labels) != 0 || row.PurgedAt == nil || row.ReferenceID != gone.ReferenceID {
			t.Errorf("what is left of the app: %+v", row)
		}
		f.RequirePurged(t, tenant.Admin, gone)
		if n := portaltest.Count(t, f.Client.Credential.Query().Where(credential.AppID(kept.ID))); n != 2 {
			t.Errorf("a living app has %d keys, want 2", n)
		}
	})
}

// A deleted account is purged after 30 days with all that belongs to it; its row
// stays, without its content.
func TestPurge_Accounts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		tenant := f.MustTenant(t, "one")
		other := f.MustAccount(t, tenant.Admin, "Other")
		f.MustDeveloper(t, tenant.Admin, other)
		product, plan := f.MustProduct(t, tenant.Admin, "maps")
		a := fullApp(t, f, tenant, product, plan)
		id := tenant.Account.GlobalID()
		f.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AccountID: &id})
		if _, err := f.Portal.Identity.DeleteAccount(tenant.Admin, id, nil); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(30*day - time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{})
		f.Clock.Advance(time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{Apps: 1, Accounts: 1})
		f.RequirePurge(t, maintenance.Purged{})

		row, err := f.Client.Account.Query().Where(account.ID(tenant.Account.ID)).Only(portaltest.System(t))
		if err != nil {
			t.Fatal(err)
		}
		if row.Name != "" || row.NameFolded != "" || row.DeletedAt == nil {
			t.Errorf("what is left of the account: %+v", row)
		}
		for what, n := range map[string]int{
			"keys":        portaltest.Count(t, f.Client.Credential.Query()),
			"memberships": portaltest.Count(t, f.Client.Membership.Query().Where(membership.AccountID(tenant.Account.ID))),
			"apps":        portaltest.Count(t, f.Client.App.Query().Where(app.PurgedAtIsNil())),
		} {
			if n != 0 {
				t.Errorf("%d %s are left", n, what)
			}
		}
		if n := portaltest.Count(t, f.Client.Membership.Query()); n != 1 {
			t.Errorf("the other account has %d members, want 1", n)
		}
		f.RequirePurged(t, tenant.Admin, a)
	})
}

// retention sets an organization's retention of deleted objects and of events, in
// days.
func retention(t *testing.T, f *portaltest.Fixture, tenant portaltest.Tenant, deleted, events int) {
	t.Helper()
	_, err := f.Portal.Identity.UpdateOrganization(tenant.Admin, identity.UpdateOrganizationInput{
		DeletedRetentionDays: input.Patch[int]{Set: true, Value: &deleted},
		EventRetentionDays:   input.Patch[int]{Set: true, Value: &events},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The retention is each organization's own.
func TestPurge_RetentionOfEachOrganization(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		short, long := f.MustTenant(t, "short"), f.MustTenant(t, "long")
		retention(t, f, short, 1, 3650)
		retention(t, f, long, 10, 3650)
		for _, tenant := range []portaltest.Tenant{short, long} {
			a := f.MustApp(t, tenant.Developer, "App").App
			if _, err := f.Portal.Apps.DeleteApp(tenant.Developer, a.GlobalID(), nil); err != nil {
				t.Fatal(err)
			}
		}
		f.Clock.Advance(day)
		f.RequirePurge(t, maintenance.Purged{Apps: 1})
		left, err := f.Client.App.Query().Where(app.PurgedAtIsNil()).Only(portaltest.System(t))
		if err != nil || left.OrganizationID != long.Organization.ID {
			t.Errorf("the wrong organization's app was purged: %v", err)
		}
		f.Clock.Advance(9 * day)
		f.RequirePurge(t, maintenance.Purged{Apps: 1})
	})
}

// Failed sign-ins are purged after an hour, idempotency keys after a day.
func TestPurge_IdempotencyKeysAndAttempts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		tenant := f.MustTenant(t, "one")
		key := "once"
		if _, err := f.Portal.Apps.CreateApp(tenant.Developer, apps.CreateAppInput{Name: "App", IdempotencyKey: &key}); err != nil {
			t.Fatal(err)
		}
		_, err := f.Portal.Identity.SignIn(tenant.Developer, identity.SignInInput{Email: address.ParseEmail("nobody@example.com"), Password: "wrong"})
		if !fault.Is(err, fault.CodeUnauthenticated) {
			t.Fatal(err)
		}
		attempts := f.Rows(t, "sign_in_attempts")
		f.Clock.Advance(time.Hour - time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{})
		f.Clock.Advance(time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{SignInAttempts: attempts})
		f.Clock.Advance(day - time.Hour - time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{})
		f.Clock.Advance(time.Microsecond)
		f.RequirePurge(t, maintenance.Purged{IdempotencyKeys: 1})
		if attempts == 0 || f.Rows(t, "sign_in_attempts")+f.Rows(t, "idempotency_keys") != 0 {
			t.Error("something was left, or never was")
		}
	})
}

// When several nodes purge at once, each object is purged once.
func TestPurge_OnManyNodes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		tenant := f.MustTenant(t, "one")
		retention(t, f, tenant, 1, 30)
		for range 10 {
			a := f.MustApp(t, tenant.Developer, "App").App
			if _, err := f.Portal.Apps.DeleteApp(tenant.Developer, a.GlobalID(), nil); err != nil {
				t.Fatal(err)
			}
		}
		events := portaltest.Count(t, f.Client.Event.Query())
		f.Clock.Advance(31 * day)
		var mu sync.Mutex
		var total maintenance.Purged
		var nodes sync.WaitGroup
		for range 4 {
			nodes.Go(func() {
				got, err := f.Portal.Maintenance.Purge(t.Context())
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				total.Apps += got.Apps
				total.Events += got.Events
			})
		}
		nodes.Wait()
		if total.Apps != 10 || total.Events != events {
			t.Errorf("four nodes purged %+v, want 10 apps and %d events", total, events)
		}
	})
}

// A purge that is cancelled returns why.
func TestPurge_ErrUnavailable(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	f.MustTenant(t, "one")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := f.Portal.Maintenance.Purge(ctx); !fault.Is(err, fault.CodeUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("a purge that was broken off: %v", err)
	}
	if _, err := f.Portal.Maintenance.RecordExpiries(ctx); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("a recording that was broken off: %v", err)
	}
}

// Failed sign-ins are kept for as long as they count.
func TestPurge_KeepsFailuresThatCount(t *testing.T) {
	require.GreaterOrEqual(t, kept.RuleOf("sign_in_attempts").For, max(auth.AddressWindow, auth.AttemptWindow))
}
