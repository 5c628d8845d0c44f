package apps_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

func requireInput(t *testing.T, err error, code fault.ProblemCode, field string) {
	t.Helper()
	var invalid *fault.Invalid
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, code, invalid.Problems[0].Code, invalid.Problems)
	require.Equal(t, []string{field}, invalid.Problems[0].Field)
}

func eventsOf(t *testing.T, f *portaltest.Fixture, id uuid.UUID, of eventlog.Type) []*db.Event {
	t.Helper()
	all, err := f.Client.Event.Query().Where(event.SubjectID(id), event.Type(string(of))).All(portaltest.System(t))
	require.NoError(t, err)
	return all
}

// The successor is like the key that is rotated, which then ends with the overlap.
func TestRotateKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, _ := f.MustProduct(t, x.Admin, "weather")
		a := f.MustApp(t, x.Developer, "App").App
		now := f.Clock.Now()
		old := f.MustKey(t, x.Developer, apps.GenerateKeyInput{
			AppID: new(a.GlobalID()), Name: new("Server"), Environment: new(access.Staging), ExpiresAt: new(now.Add(10 * 24 * time.Hour)),
			AccessControlList: []string{product.GlobalID()}, AllowedAddresses: []string{"192.0.2.0/24"}, RateLimit: &access.RateLimit{Limit: 5, Per: access.PerSecond},
		}).Credential
		f.Clock.Advance(time.Hour)
		now = f.Clock.Now()
		got, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: old.GlobalID(), Reason: new("Yearly."), IdempotencyKey: new("once")})
		require.NoError(t, err)
		fresh := got.Credential
		require.NotNil(t, got.Secret)
		require.NotEqual(t, old.Username, fresh.Username)
		for name, pair := range map[string][2]any{
			"app": {old.AppID, fresh.AppID}, "account": {old.AccountID, fresh.AccountID}, "name": {old.Name, fresh.Name}, "environment": {old.Environment, fresh.Environment},
			"access": {old.Access, fresh.Access}, "addresses": {old.AllowedAddresses, fresh.AllowedAddresses}, "limit": {old.RateLimit, fresh.RateLimit},
			"predecessor": {&old.ID, fresh.PredecessorID}, "expiry": {now.Add(10 * 24 * time.Hour), *fresh.ExpiresAt},
		} {
			require.Equal(t, pair[0], pair[1], name)
		}
		entries, err := f.Client.AccessEntry.Query().All(portaltest.System(t))
		require.NoError(t, err)
		require.Len(t, entries, 2)
		require.Equal(t, entries[0].ProductID, entries[1].ProductID)

		require.Equal(t, old.ID, got.Predecessor.ID)
		require.Equal(t, now.Add(24*time.Hour), *got.Predecessor.ExpiresAt)
		require.Equal(t, fresh.ID, *got.Predecessor.SuccessorID)
		require.Equal(t, old.Version+1, got.Predecessor.Version)

		events := eventsOf(t, f, old.ID, eventlog.CredentialRotated)
		require.Len(t, events, 1)
		require.Equal(t, "Yearly.", events[0].Reason)
		require.Equal(t, []domain.Change{
			{Field: "expiresAt", Before: domain.Text(old.ExpiresAt), After: domain.Text(got.Predecessor.ExpiresAt)}, {Field: "successor", After: new(fresh.GlobalID())},
		}, events[0].Changes)
		require.Len(t, eventsOf(t, f, fresh.ID, eventlog.CredentialCreated), 1)

		again, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: old.GlobalID(), Reason: new("Yearly."), IdempotencyKey: new("once")})
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Nil(t, again.Secret)
		require.Equal(t, fresh.ID, again.Credential.ID)
		require.Equal(t, old.ID, again.Predecessor.ID)
	})
}

// An overlap never goes beyond the key's own life, and 0 ends it at once.
func TestRotateKey_Overlap(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	a := f.MustApp(t, x.Developer, "App").App
	key := func(life time.Duration) *db.Credential {
		in := apps.GenerateKeyInput{AppID: new(a.GlobalID())}
		if life > 0 {
			in.ExpiresAt = new(f.Clock.Now().Add(life))
		}
		return f.MustKey(t, x.Developer, in).Credential
	}
	for name, c := range map[string]struct {
		life, want time.Duration
		minutes    *int
	}{
		"a day":                        {0, 24 * time.Hour, nil},
		"what is left":                 {time.Hour, time.Hour, nil},
		"at once":                      {time.Hour, 0, new(0)},
		"all that is left":             {time.Hour, time.Hour, new(60)},
		"the longest":                  {0, 30 * 24 * time.Hour, new(43200)},
		"the longest of one that ends": {60 * 24 * time.Hour, 30 * 24 * time.Hour, new(43200)},
	} {
		got, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: key(c.life).GlobalID(), OverlapMinutes: c.minutes})
		require.NoError(t, err, name)
		require.Equal(t, f.Clock.Now().Add(c.want), *got.Predecessor.ExpiresAt, name)
		require.Equal(t, c.life > 0, got.Credential.ExpiresAt != nil, name)
		require.Equal(t, c.want > 0, got.Predecessor.StillUsedFrom != nil, name)
		if c.want == 0 {
			require.Equal(t, access.CredentialExpired, got.Predecessor.Status, name)
		}
	}
	for minutes, code := range map[int]fault.ProblemCode{-1: fault.InvalidValue, 43201: fault.InvalidValue, 61: fault.TooFar, 1 << 40: fault.InvalidValue} {
		_, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: key(time.Hour).GlobalID(), OverlapMinutes: &minutes})
		requireInput(t, err, code, "overlapMinutes")
	}
}

// Only an active key is rotated, and only while it has no successor that is in force.
func TestRotateKey_ErrStatus(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		a := f.MustApp(t, x.Developer, "App").App
		key := func(life time.Duration) string { return mustKeyOf(t, f, x, a, life).GlobalID() }
		rotate := func(id string) (apps.RotatedCredential, error) {
			return f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: id})
		}
		disabled, revoked, expired := key(0), key(0), key(time.Minute)
		_, err := f.Portal.Apps.DisableKey(x.Admin, disabled, nil)
		require.NoError(t, err)
		_, err = f.Portal.Apps.RevokeKey(x.Developer, revoked, nil, nil)
		require.NoError(t, err)
		f.Clock.Advance(time.Minute)
		for id, code := range map[string]fault.ProblemCode{disabled: fault.WrongStatus, revoked: fault.KeyRevoked, expired: fault.KeyExpired} {
			_, err := rotate(id)
			requireInput(t, err, code, "credentialId")
		}
		for _, id := range []string{nodeid.Encode(nodeid.Credential, uuid.New()), "cred_none", a.GlobalID()} {
			_, err := rotate(id)
			require.True(t, fault.Is(err, fault.CodeNotFound), "%s: %v", id, err)
		}

		old := key(10 * 24 * time.Hour)
		first, err := rotate(old)
		require.NoError(t, err)
		_, err = rotate(old)
		requireInput(t, err, fault.WrongStatus, "credentialId")
		require.False(t, f.Portal.Apps.CredentialPermissions(x.Developer, first.Predecessor, true).Rotate.Allowed)
		// Without the successor it can be rotated anew; the next one lives as long as the first.
		_, err = f.Portal.Apps.RevokeKey(x.Developer, first.Credential.GlobalID(), nil, nil)
		require.NoError(t, err)
		second, err := rotate(old)
		require.NoError(t, err)
		require.Equal(t, first.Credential.ExpiresAt, second.Credential.ExpiresAt)
		// And the successor itself can be rotated: a chain.
		third, err := rotate(second.Credential.GlobalID())
		require.NoError(t, err)
		require.Equal(t, second.Credential.ID, third.Predecessor.ID)
	})
}

func mustKeyOf(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, a *db.App, life time.Duration) *db.Credential {
	t.Helper()
	in := apps.GenerateKeyInput{AppID: new(a.GlobalID())}
	if life > 0 {
		in.ExpiresAt = new(f.Clock.Now().Add(life))
	}
	return f.MustKey(t, x.Developer, in).Credential
}

// The organization's policies bind a rotation like the creation of a key.
func TestRotateKey_Policies(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	a := f.MustApp(t, x.Developer, "App").App
	production := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: new(a.GlobalID()), Environment: new(access.Production)}).Credential
	v := viewer.Current(x.Developer)
	v.Policy.ProductionKeys, v.AccountOwner = domain.OwnersOnly, false
	_, err := f.Portal.Apps.RotateKey(portaltest.As(t, v), apps.RotateKeyInput{CredentialID: production.GlobalID()})
	require.True(t, fault.Is(err, fault.CodeForbidden), "%v", err)

	v = viewer.Current(x.Developer)
	v.Policy.LongestKeyLife.Development = new(7)
	limited := portaltest.As(t, v)
	for name, life := range map[string]time.Duration{"without end": 0, "of a longer life": 20 * 24 * time.Hour} {
		got, err := f.Portal.Apps.RotateKey(limited, apps.RotateKeyInput{CredentialID: mustKeyOf(t, f, x, a, life).GlobalID()})
		require.NoError(t, err)
		require.Equal(t, f.Clock.Now().Add(7*24*time.Hour), *got.Credential.ExpiresAt, name)
	}
}

// A change of the expiry moves the end of the overlap within its bounds, and undoes a
// rotation whose successor was revoked.
func TestUpdateKey_OfARotatedKey(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	a := f.MustApp(t, x.Developer, "App").App
	move := func(id string, to *time.Time) (*db.Credential, error) {
		return f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: id, ExpiresAt: input.Patch[time.Time]{Set: true, Value: to}})
	}
	for name, life := range map[string]time.Duration{"without end": 0, "of 10 days": 10 * 24 * time.Hour} {
		old := mustKeyOf(t, f, x, a, life)
		got, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: old.GlobalID()})
		require.NoError(t, err)
		latest := f.Clock.Now().Add(30 * 24 * time.Hour)
		if life > 0 {
			latest = *old.ExpiresAt
		}
		_, err = move(old.GlobalID(), nil)
		requireInput(t, err, fault.TooFar, "expiresAt")
		_, err = move(old.GlobalID(), new(latest.Add(time.Second)))
		requireInput(t, err, fault.TooFar, "expiresAt")
		for _, end := range []time.Time{latest, f.Clock.Now().Add(time.Hour)} {
			moved, err := move(old.GlobalID(), &end)
			require.NoError(t, err, name)
			require.Equal(t, end, *moved.ExpiresAt)
			require.True(t, moved.StillUsedFrom.Before(end) && moved.StillUsedFrom.After(f.Clock.Now()), name)
			require.Equal(t, 1, *moved.ExpiryNotice, name)
		}

		_, err = f.Portal.Apps.RevokeKey(x.Developer, got.Credential.GlobalID(), nil, nil)
		require.NoError(t, err)
		back, err := move(old.GlobalID(), nil)
		require.NoError(t, err)
		require.Nil(t, back.ExpiresAt)
		require.Nil(t, back.StillUsedFrom)
		require.Nil(t, back.SuccessorID)
		require.Nil(t, back.ExpiryNotice)
		// Both keys are told of in what ended the one, and in what undid the rotation.
		revoked := eventsOf(t, f, got.Credential.ID, eventlog.CredentialRevoked)
		require.Contains(t, revoked[0].Changes, domain.Change{Field: "predecessor", After: new(old.GlobalID())}, name)
		undone := eventsOf(t, f, old.ID, eventlog.CredentialUpdated)
		require.Contains(t, undone[len(undone)-1].Changes, domain.Change{Field: "successor", Before: new(got.Credential.GlobalID())}, name)
		again, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: old.GlobalID()})
		require.NoError(t, err)
		require.Nil(t, again.Credential.ExpiresAt, name)
		_, err = f.Portal.Apps.RevokeKey(x.Developer, old.GlobalID(), nil, nil)
		require.NoError(t, err)
		require.Contains(t, eventsOf(t, f, old.ID, eventlog.CredentialRevoked)[0].Changes, domain.Change{Field: "successor", After: new(again.Credential.GlobalID())}, name)
	}
}

// A key of a whole account is rotated like one of an app.
func TestRotateKey_OfAnAccount(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	old := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AccountID: new(x.Account.GlobalID())}).Credential
	got, err := f.Portal.Apps.RotateKey(x.Admin, apps.RotateKeyInput{CredentialID: old.GlobalID()})
	require.NoError(t, err)
	require.Nil(t, got.Credential.AppID)
	require.Equal(t, old.AccountID, got.Credential.AccountID)
}
