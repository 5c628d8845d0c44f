package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// The owners are told once that a rotated key is still used, and nothing when it ends.
func TestKeyStillUsed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		key := w.key(w.MustApp(t, w.Developer, "Weather map").App, "Laptop", 40*day)
		_, err := w.Portal.Apps.RotateKey(w.Developer, apps.RotateKeyInput{CredentialID: key.GlobalID(), OverlapMinutes: new(60)})
		require.NoError(t, err)
		use := func() {
			t.Helper()
			require.NoError(t, w.Client.Credential.UpdateOneID(key.ID).SetLastUsedAt(w.Clock.Now()).Exec(portaltest.System(t)))
			_, err := w.Portal.Maintenance.RecordNotices(t.Context())
			require.NoError(t, err)
		}
		require.Empty(t, w.sent())
		w.Clock.Advance(50 * time.Minute)
		use()
		to, subject, text := w.one()
		require.Equal(t, w.email(w.developer()), to)
		require.Equal(t, "An API key of Weather map that was replaced is still in use", subject)
		require.Contains(t, text, "The API key “Laptop” of the app “Weather map” was rotated: another key has taken its place.")
		require.Contains(t, text, "from 1 March 2026, 10:00 (UTC) on they are refused")

		// A notice about an end that is no longer so has nothing to say.
		_, err = w.Portal.Apps.UpdateKey(w.Developer, apps.UpdateKeyInput{CredentialID: key.GlobalID(), ExpiresAt: input.SetTo(w.Clock.Now().Add(15 * time.Minute))})
		require.NoError(t, err)
		w.Clock.Advance(5 * time.Minute)
		use()
		_, err = w.Portal.Apps.UpdateKey(w.Developer, apps.UpdateKeyInput{CredentialID: key.GlobalID(), ExpiresAt: input.SetTo(w.Clock.Now().Add(20 * time.Minute))})
		require.NoError(t, err)
		require.Empty(t, w.sent())
		w.Clock.Advance(day)
		n, err := w.Portal.Maintenance.RecordExpiries(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Empty(t, w.sent(), "somebody has chosen that end")
	})
}

// Once the successor is revoked, nothing has taken the key's place: its owners hear that it
// expires instead.
func TestKeyStillUsed_WithoutASuccessor(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		key := w.key(w.MustApp(t, w.Developer, "Weather map").App, "Laptop", 40*day)
		rotated, err := w.Portal.Apps.RotateKey(w.Developer, apps.RotateKeyInput{CredentialID: key.GlobalID(), OverlapMinutes: new(60)})
		require.NoError(t, err)
		_, err = w.Portal.Apps.RevokeKey(w.Developer, rotated.Credential.GlobalID(), nil, nil)
		require.NoError(t, err)
		w.Clock.Advance(50 * time.Minute)
		require.NoError(t, w.Client.Credential.UpdateOneID(key.ID).SetLastUsedAt(w.Clock.Now()).Exec(portaltest.System(t)))
		_, err = w.Portal.Maintenance.RecordNotices(t.Context())
		require.NoError(t, err)
		_, subject, text := w.one()
		require.Contains(t, subject, "expires")
		require.NotContains(t, text, "has taken its place")
	})
}
