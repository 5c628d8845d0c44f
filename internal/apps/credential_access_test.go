package apps_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/internal/apps"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// A credential that lists products has LISTED access to those, and one of ALL access
// lists none, in whichever order both are set.
func TestCredential_AccessControlList(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		p, _ := f.MustProduct(t, x.Admin, "weather")
		app := f.MustApp(t, x.Developer, "App").App.GlobalID()
		list := []string{p.GlobalID()}
		reaches := func(t *testing.T, c *db.Credential, want access.ProductAccess, n int) {
			t.Helper()
			require.Equal(t, want, c.Access)
			require.Equal(t, n, f.Client.AccessEntry.Query().Where(accessentry.CredentialID(c.ID)).CountX(portaltest.System(t)))
		}
		all, listed := access.AllProducts, access.ListedProducts
		t.Run("GenerateKey/OK", func(t *testing.T) {
			reaches(t, f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: &app}).Credential, all, 0)
			reaches(t, f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: &app, Access: &all, AccessControlList: []string{}}).Credential, all, 0)
			reaches(t, f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: &app, Access: &listed}).Credential, listed, 0)
			reaches(t, f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: &app, AccessControlList: list}).Credential, listed, 1)
		})
		t.Run("GenerateKey/ErrAccessControlListInvalid", func(t *testing.T) {
			_, err := f.Portal.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: &app, Access: &all, AccessControlList: list})
			portaltest.RequireProblems(t, err, "INVALID accessControlList")
		})
		t.Run("CreateApp/OK", func(t *testing.T) {
			created, err := f.Portal.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "Listed", FirstKey: &apps.FirstKeyInput{AccessControlList: list}})
			require.NoError(t, err)
			reaches(t, created.Credential, listed, 1)
		})
		t.Run("CreateApp/ErrFirstKeyAccessControlListInvalid", func(t *testing.T) {
			_, err := f.Portal.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "All", FirstKey: &apps.FirstKeyInput{Access: &all, AccessControlList: list}})
			portaltest.RequireProblems(t, err, "INVALID firstKey.accessControlList")
		})
		c := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: &app}).Credential
		update := func(in apps.UpdateKeyInput) (*db.Credential, error) {
			in.CredentialID = c.GlobalID()
			return f.Portal.Apps.UpdateKey(x.Developer, in)
		}
		updated := func(t *testing.T, in apps.UpdateKeyInput, want access.ProductAccess, n int) {
			t.Helper()
			changed, err := update(in)
			require.NoError(t, err)
			reaches(t, changed, want, n)
		}
		refused := func(t *testing.T, in apps.UpdateKeyInput) {
			t.Helper()
			before := f.Client.Credential.GetX(portaltest.System(t), c.ID)
			_, err := update(in)
			portaltest.RequireProblems(t, err, "INVALID accessControlList")
			require.Equal(t, before.Version, f.Client.Credential.GetX(portaltest.System(t), c.ID).Version)
		}
		t.Run("UpdateKey/ErrAccessControlListInvalid", func(t *testing.T) {
			refused(t, apps.UpdateKeyInput{AccessControlList: input.SetTo(list)})
			refused(t, apps.UpdateKeyInput{Access: input.SetTo(all), AccessControlList: input.SetTo(list)})
		})
		t.Run("UpdateKey/OK, listed", func(t *testing.T) {
			updated(t, apps.UpdateKeyInput{AccessControlList: input.SetTo([]string{})}, all, 0)
			updated(t, apps.UpdateKeyInput{Access: input.SetTo(listed), AccessControlList: input.SetTo(list)}, listed, 1)
			updated(t, apps.UpdateKeyInput{Name: input.SetTo("Other")}, listed, 1)
		})
		t.Run("UpdateKey/ErrAccessControlListInvalid, listed before", func(t *testing.T) {
			refused(t, apps.UpdateKeyInput{Access: input.SetTo(all), AccessControlList: input.SetTo(list)})
		})
		t.Run("UpdateKey/OK, all", func(t *testing.T) {
			updated(t, apps.UpdateKeyInput{Access: input.SetTo(all)}, all, 0)
			updated(t, apps.UpdateKeyInput{Access: input.SetTo(listed)}, listed, 0)
		})
	})
}

// Under an idempotency key, an input that states what another one implies is the
// same input.
func TestGenerateKey_AgainWithImpliedAccess(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	p, _ := f.MustProduct(t, x.Admin, "weather")
	app := f.MustApp(t, x.Developer, "App").App.GlobalID()
	list, listed := []string{p.GlobalID()}, access.ListedProducts
	first, err := f.Portal.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: &app, AccessControlList: list, IdempotencyKey: new("once")})
	require.NoError(t, err)
	again, err := f.Portal.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: &app, Access: &listed, AccessControlList: list, IdempotencyKey: new("once")})
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.Credential.ID, again.Credential.ID)
	created, err := f.Portal.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App", FirstKey: &apps.FirstKeyInput{AccessControlList: list}, IdempotencyKey: new("once")})
	require.NoError(t, err)
	repeated, err := f.Portal.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App", FirstKey: &apps.FirstKeyInput{Access: &listed, AccessControlList: list}, IdempotencyKey: new("once")})
	require.NoError(t, err)
	require.True(t, repeated.Replayed)
	require.Equal(t, created.App.ID, repeated.App.ID)
}
