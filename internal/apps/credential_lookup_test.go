package apps_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/rawkey"
	"portico/ent/db/credential"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/keyimport"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Only viewers who may see a credential find it by its API key; malformed keys do not
// reach the database.
func TestCredentialIDByKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var statements atomic.Int64
		f := portaltest.NewWith(t, url, database.Options{OnStatement: func(_ context.Context, text string) {
			if strings.Contains(text, `"credentials"`) || strings.Contains(text, "`credentials`") {
				statements.Add(1)
			}
		}})
		tenant, foreign := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		other := f.MustDeveloper(t, tenant.Admin, f.MustAccount(t, tenant.Admin, "Other"))
		account := tenant.Account.GlobalID()
		created := f.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AccountID: &account})
		s := created.Secret
		require.Equal(t, apikey.RawHint(s.RawKey), created.Credential.RawKeyHint)
		require.True(t, strings.HasPrefix(created.Credential.RawKeyHint, s.RawKey[:8]) && strings.HasSuffix(created.Credential.RawKeyHint, "…"+s.RawKey[len(s.RawKey)-4:]))
		find := func(ctx context.Context, key string) uuid.UUID {
			id, err := f.Portal.Apps.CredentialIDByKey(ctx, key)
			require.NoError(t, err)
			return id
		}
		forms := []string{s.RawKey, s.Username.String() + ":" + s.Password.String(), s.Username.String(), rawkey.Join("older", s.Username, s.Password)}
		everywhere := func(when string) {
			for _, form := range forms {
				require.Equal(t, created.Credential.ID, find(tenant.Developer, form), when)
				require.Equal(t, created.Credential.ID, find(tenant.Admin, form), when)
				for _, outsider := range []context.Context{other, foreign.Admin, foreign.Developer} {
					require.Equal(t, uuid.Nil, find(outsider, form), when)
				}
			}
		}
		everywhere("new")
		wrong := uuid.New()
		for _, form := range []string{rawkey.Join("ptk", s.Username, wrong), s.Username.String() + ":" + wrong.String(), uuid.NewString()} {
			require.Equal(t, uuid.Nil, find(tenant.Admin, form))
		}
		_, err := f.Portal.Apps.RevokeKey(tenant.Developer, created.Credential.GlobalID(), nil, nil)
		require.NoError(t, err)
		everywhere("revoked")

		// A key whose secret nobody has ever had is known by its name alone.
		bare := f.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AccountID: &account})
		_, err = f.Database.ExecContext(t.Context(), `UPDATE credentials SET secret_hash = NULL, status = 'UNCOLLECTED' WHERE id = $1`, bare.Credential.ID)
		require.NoError(t, err)
		require.Equal(t, uuid.Nil, find(tenant.Admin, bare.Secret.RawKey))
		require.Equal(t, bare.Credential.ID, find(tenant.Admin, bare.Secret.Username.String()))

		t.Run("ErrBadUserInput", func(t *testing.T) {
			before := statements.Load()
			for _, junk := range []string{"", "x", s.RawKey[1:], s.RawKey + "x", strings.ToUpper(s.RawKey), " " + s.RawKey, s.Username.String() + ":", ":" + s.Password.String(),
				"{" + s.Username.String() + "}", strings.Repeat("a", 1<<16), "Basic eDp5", "\x00"} {
				_, err := f.Portal.Apps.CredentialIDByKey(tenant.Admin, junk)
				require.True(t, fault.Is(err, fault.CodeBadUserInput), "%.50q", junk)
				require.NotContains(t, err.Error(), s.Password.String())
			}
			require.Equal(t, before, statements.Load())
			require.Positive(t, before)
		})

		t.Run("Imported", func(t *testing.T) {
			made := f.MustApp(t, tenant.Developer, "Rain")
			line := `{"app":"` + made.App.ReferenceID.String() + `","username":"alice","secret":"wonderland"}`
			_, err := f.Portal.Imports.Import(t.Context(), keyimport.Options{Organization: tenant.Organization.ID, Refused: func(r keyimport.Refusal) error { return errors.New(r.Message) }},
				keyimport.NewReader(strings.NewReader(line), access.Production, f.Clock.Now()))
			require.NoError(t, err)
			alice := f.Client.Credential.Query().Where(credential.Imported(true)).OnlyIDX(portaltest.System(t))
			_, err = f.Portal.Apps.CredentialIDByKey(tenant.Admin, "alice:wonderland")
			require.True(t, fault.Is(err, fault.CodeBadUserInput), "importedKeys is off")
			_, err = f.Portal.Identity.UpdateOrganization(tenant.Admin, identity.UpdateOrganizationInput{ImportedKeys: input.Patch[bool]{Set: true, Value: new(true)}})
			require.NoError(t, err)
			require.Equal(t, alice, find(tenant.Admin, "alice:wonderland"))
			require.Equal(t, alice, find(tenant.Developer, "alice:wonderland"))
			for _, outsider := range []context.Context{other, foreign.Developer} {
				id, err := f.Portal.Apps.CredentialIDByKey(outsider, "alice:wonderland")
				require.Equal(t, uuid.Nil, id, err)
			}
			require.Equal(t, uuid.Nil, find(tenant.Admin, "alice:wonderlanD"))
			require.Equal(t, uuid.Nil, find(tenant.Admin, "alice"))
			everywhere("beside an imported one")
		})
	})
}
