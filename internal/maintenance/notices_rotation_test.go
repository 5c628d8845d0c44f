package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// rotated creates a key that is being rotated, with an overlap of some minutes.
func rotated(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, a *db.App, minutes int) apps.RotatedCredential {
	t.Helper()
	out, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: mustKeyFor(t, f, x.Developer, a, 60*day).GlobalID(), OverlapMinutes: &minutes})
	require.NoError(t, err)
	return out
}

// use notes that a call with a key passed now.
func use(t *testing.T, f *portaltest.Fixture, keys ...*db.Credential) {
	t.Helper()
	for _, k := range keys {
		require.NoError(t, f.Client.Credential.UpdateOneID(k.ID).SetLastUsedAt(f.Clock.Now()).Exec(portaltest.System(t)))
	}
}

// noticesOf returns the events of a type about a key.
func noticesOf(t *testing.T, f *portaltest.Fixture, k *db.Credential, of eventlog.Type) []*db.Event {
	t.Helper()
	all, err := f.Client.Event.Query().Where(event.SubjectID(k.ID), event.Type(string(of))).Order(event.ByPosition()).All(portaltest.System(t))
	require.NoError(t, err)
	return all
}

func recordNotices(t *testing.T, f *portaltest.Fixture) int {
	t.Helper()
	n, err := f.Portal.Maintenance.RecordNotices(t.Context())
	require.NoError(t, err)
	return n
}

// That a rotated key is still used is recorded once for each end of its overlap, of keys
// that are in force; the notices of other expiries do not concern it.
func TestRecordNotices_StillUsed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		a := f.MustApp(t, x.Developer, "App").App
		hot, quiet, revoked, disabled := rotated(t, f, x, a, 600), rotated(t, f, x, a, 600), rotated(t, f, x, a, 600), rotated(t, f, x, a, 600)
		foreign := f.MustTenant(t, "two")
		theirs := rotated(t, f, foreign, f.MustApp(t, foreign.Developer, "App").App, 600)
		all := []*db.Credential{hot.Predecessor, revoked.Predecessor, disabled.Predecessor, theirs.Predecessor}
		f.Clock.Advance(time.Minute)
		use(t, f, append(all, quiet.Predecessor)...)
		f.Clock.Advance(8*time.Hour - time.Minute) // the last fifth begins
		require.Zero(t, recordNotices(t, f), "no notice of an expiry, though it is within a day")
		use(t, f, all...)
		require.Zero(t, recordNotices(t, f), "not yet in the last part")
		_, err := f.Portal.Apps.RevokeKey(x.Developer, revoked.Predecessor.GlobalID(), nil, nil)
		require.NoError(t, err)
		_, err = f.Portal.Apps.DisableKey(x.Admin, disabled.Predecessor.GlobalID(), nil)
		require.NoError(t, err)
		f.Clock.Advance(time.Minute)
		use(t, f, all...)
		require.Equal(t, 2, recordNotices(t, f))
		require.Zero(t, recordNotices(t, f))
		told := noticesOf(t, f, hot.Predecessor, eventlog.CredentialStillUsed)
		require.Len(t, told, 1)
		require.Equal(t, "SYSTEM", told[0].ActorRole)
		require.Equal(t, []domain.Change{
			{Field: "expiresAt", After: domain.Text(hot.Predecessor.ExpiresAt)}, {Field: "lastUsedAt", After: domain.Text(new(f.Clock.Now()))},
			{Field: "successor", After: new(hot.Credential.GlobalID())},
		}, told[0].Changes)
		require.Len(t, noticesOf(t, f, theirs.Predecessor, eventlog.CredentialStillUsed), 1)

		// Another end has another notice.
		_, err = f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: hot.Predecessor.GlobalID(), ExpiresAt: input.SetTo(f.Clock.Now().Add(20 * day))})
		require.NoError(t, err)
		f.Clock.Advance(20*day - time.Hour)
		use(t, f, hot.Predecessor)
		require.Equal(t, 1, recordNotices(t, f))
		require.Len(t, noticesOf(t, f, hot.Predecessor, eventlog.CredentialStillUsed), 2)
		require.Empty(t, noticesOf(t, f, hot.Predecessor, eventlog.CredentialExpiring))
	})
}

// The end of an overlap is recorded as an expiry that names the successor.
func TestRecordExpiries_AfterARotation(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		a := f.MustApp(t, x.Developer, "App").App
		atOnce, later := rotated(t, f, x, a, 0), rotated(t, f, x, a, 60)
		mustRecord(t, f, 1)
		f.Clock.Advance(time.Hour)
		use(t, f, later.Predecessor)
		require.Zero(t, recordNotices(t, f), "it is over")
		mustRecord(t, f, 1)
		mustRecord(t, f, 0)
		for _, r := range []apps.RotatedCredential{atOnce, later} {
			told := noticesOf(t, f, r.Predecessor, eventlog.CredentialExpired)
			require.Len(t, told, 1)
			require.Equal(t, []domain.Change{
				{Field: "status", Before: new("ACTIVE"), After: new("EXPIRED")}, {Field: "successor", After: new(r.Credential.GlobalID())},
			}, told[0].Changes)
		}
	})
}

// Keys that refer to one another are purged with their app, in whatever portions.
func TestPurge_RotatedKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		a := f.MustApp(t, x.Developer, "App").App
		first := rotated(t, f, x, a, 60)
		_, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: first.Credential.GlobalID()})
		require.NoError(t, err)
		manyKeys(t, f, a, 1001, func(c *db.CredentialCreate) {
			c.SetPredecessorID(first.Predecessor.ID).SetStatus(access.CredentialRevoked).
				SetRevokedAt(f.Clock.Now()).SetRevokedReason(domain.Unspecified)
		})
		_, err = f.Portal.Apps.DeleteApp(x.Developer, a.GlobalID(), nil)
		require.NoError(t, err)
		f.Clock.Advance(30 * day)
		_, err = f.Portal.Maintenance.Purge(t.Context())
		require.NoError(t, err)
		left, err := f.Client.Credential.Query().Where(credential.AppID(a.ID)).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Zero(t, left)
	})
}
