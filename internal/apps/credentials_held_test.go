package apps_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/db/event"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/keyimport"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// stranger is somebody who has not signed in.
func stranger(t *testing.T) context.Context {
	return portaltest.As(t, viewer.Viewer{Address: "198.51.100.7", RequestID: "found"})
}

// Whoever has the whole of a key revokes it, whatever state it, its app and its account are
// in; whoever has less learns nothing.
func TestRevokeHeldKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		account := x.Account.GlobalID()
		key := func(t *testing.T) apps.CreatedCredential {
			return f.MustKey(t, x.Developer, apps.GenerateKeyInput{AccountID: &account, ExpiresAt: new(f.Clock.Now().Add(time.Hour))})
		}
		revoke := func(t *testing.T, k apikey.Secret) error {
			return f.Portal.Apps.RevokeHeldKey(stranger(t), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: k}})
		}
		stored := func(t *testing.T, c *db.Credential) *db.Credential {
			return f.Client.Credential.GetX(portaltest.System(t), c.ID)
		}
		events := func(t *testing.T, c *db.Credential) []*db.Event {
			return f.Client.Event.Query().Where(event.SubjectID(c.ID), event.Type(string(eventlog.CredentialRevoked))).AllX(portaltest.System(t))
		}
		t.Run("OK", func(t *testing.T) {
			k := key(t)
			require.NoError(t, revoke(t, *k.Secret))
			require.NoError(t, revoke(t, *k.Secret), "again")
			c := stored(t, k.Credential)
			require.Equal(t, access.CredentialRevoked, c.Status)
			require.Equal(t, domain.KeyCompromise, *c.RevokedReason)
			require.Nil(t, c.RevokedBy)
			all := events(t, k.Credential)
			require.Len(t, all, 1)
			require.Equal(t, []string{"", "Whoever held the key", "198.51.100.7", "found"}, []string{all[0].ActorRole, all[0].ActorName, all[0].Address, all[0].RequestID})
			require.Nil(t, all[0].ActorID)
			require.Equal(t, x.Account.ID, *all[0].AccountID)
		})
		t.Run("OK, with a reason", func(t *testing.T) {
			k, note := key(t), "Not needed."
			require.NoError(t, f.Portal.Apps.RevokeHeldKey(stranger(t), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *k.Secret}, Reason: new(domain.Superseded), Note: &note}))
			c := stored(t, k.Credential)
			require.Equal(t, domain.Superseded, *c.RevokedReason)
			require.Equal(t, []string{note, note}, []string{c.RevokedNote, events(t, k.Credential)[0].Reason})
		})
		t.Run("OK, whatever state it is in", func(t *testing.T) {
			disabled, expired, gone, app := key(t), key(t), key(t), f.MustApp(t, x.Developer, "App")
			_, err := f.Portal.Apps.DisableKey(x.Admin, disabled.Credential.GlobalID(), nil)
			require.NoError(t, err)
			_, err = f.Portal.Apps.DeleteApp(x.Developer, app.App.GlobalID(), nil)
			require.NoError(t, err)
			require.NoError(t, revoke(t, *app.Secret), "of a deleted app")
			require.Len(t, events(t, app.Credential), 1)
			_, err = f.Portal.Identity.SuspendAccount(x.Admin, account, nil)
			require.NoError(t, err)
			require.NoError(t, revoke(t, *disabled.Secret))
			f.Clock.Advance(2 * time.Hour)
			require.NoError(t, revoke(t, *expired.Secret))
			for _, k := range []apps.CreatedCredential{disabled, expired} {
				require.Equal(t, access.CredentialRevoked, stored(t, k.Credential).Status)
			}
			_, err = f.Database.ExecContext(t.Context(), `DELETE FROM credentials WHERE id = $1`, gone.Credential.ID)
			require.NoError(t, err)
			portaltest.RequireCode(t, revoke(t, *gone.Secret), fault.CodeUnauthenticated)
			_, err = f.Portal.Identity.ResumeAccount(x.Admin, account, nil)
			require.NoError(t, err)
		})
		t.Run("ErrUnauthenticated", func(t *testing.T) {
			k := key(t)
			wrong := *k.Secret
			wrong.Password = uuid.New()
			unknown := revoke(t, apikey.Secret{Username: uuid.New(), Password: k.Secret.Password})
			portaltest.RequireCode(t, unknown, fault.CodeUnauthenticated)
			require.Equal(t, unknown, revoke(t, wrong), "nothing tells an unknown key from a wrong secret")
			_, err := f.Database.ExecContext(t.Context(), `UPDATE credentials SET pepper_id = 'gone' WHERE id = $1`, k.Credential.ID)
			require.NoError(t, err)
			require.Equal(t, unknown, revoke(t, *k.Secret), "nor from one whose pepper is gone")
			_, err = f.Database.ExecContext(t.Context(), `UPDATE credentials SET secret_hash = NULL, status = 'UNCOLLECTED' WHERE id = $1`, k.Credential.ID)
			require.NoError(t, err)
			require.Equal(t, unknown, revoke(t, *k.Secret), "nor from one that nobody has ever had")
			require.Empty(t, events(t, k.Credential))
		})
		t.Run("OK, imported", func(t *testing.T) {
			imported := importKey(t, f, x, f.MustApp(t, x.Developer, "Moved").App.ReferenceID, "a-token-of-the-old-portal")
			revoke := func(text string) error {
				key, ok := apikey.ParseHeld(text)
				require.True(t, ok)
				return f.Portal.Apps.RevokeHeldKey(stranger(t), apps.RevokeHeldKeyInput{Key: key})
			}
			portaltest.RequireCode(t, revoke("a-token-of-the-old-portal"), fault.CodeBadUserInput)
			_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{ImportedKeys: input.Patch[bool]{Set: true, Value: new(true)}})
			require.NoError(t, err)
			portaltest.RequireCode(t, revoke("a-token-of-the-old-portaI"), fault.CodeUnauthenticated)
			require.NoError(t, revoke("a-token-of-the-old-portal"))
			require.Equal(t, access.CredentialRevoked, stored(t, imported).Status)
			require.Len(t, events(t, imported), 1)
		})
		t.Run("ErrReasonInvalid, ErrNoteTooLong", func(t *testing.T) {
			k := key(t)
			for _, reserved := range []domain.RevocationReason{domain.AppDeleted, domain.AccountDeleted} {
				portaltest.RequireProblems(t, f.Portal.Apps.RevokeHeldKey(stranger(t), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *k.Secret}, Reason: &reserved}), "INVALID reason")
			}
			long := string(make([]byte, 1001))
			require.Error(t, f.Portal.Apps.RevokeHeldKey(stranger(t), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *k.Secret}, Note: &long}))
			require.Equal(t, access.CredentialActive, stored(t, k.Credential).Status)
		})
	})
}

// importKey imports a key that was made elsewhere, and returns its credential.
func importKey(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, app uuid.UUID, key string) *db.Credential {
	t.Helper()
	sum, err := f.Portal.Imports.Import(t.Context(), keyimport.Options{Organization: x.Organization.ID, Refused: func(r keyimport.Refusal) error { return errors.New(r.Message) }},
		keyimport.NewReader(strings.NewReader(`{"app":"`+app.String()+`","key":"`+key+`"}`), access.Production, f.Clock.Now()))
	require.NoError(t, err)
	require.Equal(t, 1, sum.Imported)
	return f.Client.Credential.Query().Where(credential.Imported(true)).OnlyX(portaltest.System(t))
}
