package apps_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// What servers of the release before write while an update goes on, which know nothing of
// keys that their owner paused, of rotations and of imports: docs/operating.md says what of
// it is refused. What is refused leaves the key as it was.
func TestPreviousReleaseWritesKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		a := f.MustApp(t, x.Developer, "App").App
		key := func() apps.CreatedCredential {
			return f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: new(a.GlobalID())})
		}
		paused, byStaff, rotated := key().Credential, key().Credential, key().Credential
		_, err := f.Portal.Apps.DisableKey(x.Developer, paused.GlobalID(), nil)
		require.NoError(t, err)
		_, err = f.Portal.Apps.DisableKey(x.Admin, byStaff.GlobalID(), nil)
		require.NoError(t, err)
		successor, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: rotated.GlobalID()})
		require.NoError(t, err)
		now := f.Clock.Now()
		for _, c := range []struct {
			name, text string
			id         any
			args       []any
			refused    bool
		}{
			{"enableKey", `status = 'ACTIVE'`, byStaff.ID, nil, false},
			{"enableKey of one that its owner paused", `status = 'ACTIVE'`, paused.ID, nil, true},
			{"updateKey: another end", `expires_at = $2, expiry_recorded_at = NULL, expiry_notice = NULL`, rotated.ID, []any{now.Add(time.Hour)}, false},
			{"updateKey: no end of one that is being rotated", `expires_at = NULL, expiry_recorded_at = NULL, expiry_notice = NULL`, rotated.ID, nil, true},
			{"disableKey", `status = 'DISABLED'`, rotated.ID, nil, false},
			{"revokeKey of one that its owner paused", `status = 'REVOKED', revoked_at = $2, revoked_reason = 'UNSPECIFIED'`, paused.ID, []any{now}, false},
			{"revokeKey of a successor", `status = 'REVOKED', revoked_at = $2, revoked_reason = 'UNSPECIFIED'`, successor.Credential.ID, []any{now}, false},
			{"recording an expiry", `expiry_recorded_at = $2`, rotated.ID, []any{now}, false},
		} {
			_, err := f.Database.ExecContext(t.Context(), `UPDATE credentials SET `+c.text+`, version = version + 1 WHERE id = $1`, append([]any{c.id}, c.args...)...)
			require.Equal(t, c.refused, err != nil, "%s: %v", c.name, err)
		}
		require.Equal(t, access.CredentialRevoked, f.Client.Credential.GetX(portaltest.System(t), paused.ID).Status)

		// This release makes do with what they leave: the key can be rotated again.
		_, err = f.Portal.Apps.EnableKey(x.Admin, rotated.GlobalID(), nil)
		require.NoError(t, err)
		_, err = f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: rotated.GlobalID()})
		require.NoError(t, err)
	})
}
