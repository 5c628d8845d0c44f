package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// leak reports a key of an app, and does what follows.
func (w *world) leak(key apps.CreatedCredential, url, note string) {
	w.t.Helper()
	nobody := portaltest.As(w.t, viewer.Viewer{Address: "198.51.100.7"})
	require.NoError(w.t, w.Portal.Apps.ReportLeakedKey(nobody, apps.ReportLeakedKeyInput{Key: key.Secret.RawKey, URL: &url, Note: &note}))
	require.NoError(w.t, w.Portal.Apps.AnswerLeakReports(w.t.Context()))
}

// The first report of a key and day is told at once, in a letter which says what has become
// of the key, and shows strangers' words as theirs.
func TestLeakReported(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		app := w.MustApp(t, w.Developer, "Weather map").App.GlobalID()
		made := func() apps.CreatedCredential {
			return w.MustKey(t, w.Developer, apps.GenerateKeyInput{AppID: &app, Name: new("Server")})
		}
		w.step()
		w.leak(made(), "https://git.example/x", "Line 7.\nSign in at https://evil.example")
		to, subject, text := w.one()
		require.Equal(t, w.email(w.developer()), to)
		require.Equal(t, "An API key of Weather map may be known to others", subject)
		require.Contains(t, text, "The API key “Server” of the app “Weather map” was reported as leaked on 1 March 2026, 09:00 (UTC), by somebody who has the whole of it. It is revoked:")
		require.Contains(t, text, "as we were told; we have not looked at it:\n\n> https://git.example/x\n")
		require.Contains(t, text, "whom we do not know:\n\n> Line 7.\n> Sign in at https://evil.example\n")

		_, err := w.Portal.Identity.UpdateOrganization(w.Admin, identity.UpdateOrganizationInput{LeakedKeys: input.SetTo(domain.NotifyLeaked)})
		require.NoError(t, err)
		kept := made()
		w.leak(kept, "https://git.example/y", "")
		w.leak(kept, "https://git.example/z", "")
		_, _, text = w.one()
		require.Contains(t, text, "It still works: whoever has it can use it.")
		require.Contains(t, text, "> https://git.example/y\n")
		require.NotContains(t, text, "finder wrote")
		w.Clock.Advance(24 * time.Hour)
		_, _, text = w.one()
		require.Contains(t, text, "was reported as leaked again on 1 March 2026, 09:00 (UTC), by somebody who has the whole of it. It still works:")
		require.Contains(t, text, "we have not looked at it:\n\n> https://git.example/z\n")
		require.NotContains(t, text, "git.example/y")
		w.leak(kept, "", "")
		_, _, text = w.one()
		require.NotContains(t, text, "Where it was found", "the next day, without a place")
		paused := made()
		_, err = w.Portal.Apps.DisableKey(w.Developer, paused.Credential.GlobalID(), nil)
		require.NoError(t, err)
		w.leak(paused, "", "")
		_, _, text = w.one()
		require.Contains(t, text, "Calls with it are refused at the moment. Revoke it all the same")
		require.NotContains(t, text, "still works")
		_, err = w.Portal.Apps.RevokeKey(w.Admin, kept.Credential.GlobalID(), new(domain.KeyCompromise), nil)
		require.NoError(t, err)
		_, _, text = w.one()
		require.Contains(t, text, "by an administrator, because somebody else may know its secret")
	})
}

// What is reported of a key after the first letter of a day is told in one letter when the
// day is over, of each key; but not if it was revoked by then.
func TestLeakReported_Again(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		_, err := w.Portal.Identity.UpdateOrganization(w.Admin, identity.UpdateOrganizationInput{LeakedKeys: input.SetTo(domain.NotifyLeaked)})
		require.NoError(t, err)
		app := w.MustApp(t, w.Developer, "Weather map").App.GlobalID()
		made := func(name string) apps.CreatedCredential {
			return w.MustKey(t, w.Developer, apps.GenerateKeyInput{AppID: &app, Name: &name})
		}
		kept, ended := made("Kept"), made("Ended")
		w.step()
		for _, key := range []apps.CreatedCredential{kept, ended} {
			for _, place := range []string{"first", "second", "", "third", "third"} {
				if place != "" {
					place = "https://git.example/" + place
				}
				w.leak(key, place, "")
			}
		}
		require.Len(t, w.sent(), 2, "one for each key")
		w.Clock.Advance(14 * time.Hour)
		require.Empty(t, w.sent(), "the day is not over")
		_, err = w.Portal.Apps.RevokeKey(w.Developer, ended.Credential.GlobalID(), nil, nil)
		require.NoError(t, err)
		w.Clock.Advance(time.Hour)
		_, _, text := w.one()
		require.Contains(t, text, "The API key “Kept” of the app “Weather map” was reported as leaked again 3 times since 1 March 2026")
		require.Contains(t, text, "> https://git.example/second\n\n> https://git.example/third\n")
		w.Clock.Advance(24 * time.Hour)
		require.Empty(t, w.sent())
	})
}
