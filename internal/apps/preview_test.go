package apps_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// previewScene is a tenant with two apps that use a product, and keys of many kinds.
type previewScene struct {
	*portaltest.Fixture
	portaltest.Tenant
	product       *db.Product
	one, other    apps.CreatedApp
	ofOne, second *db.Subscription
	wide, listed  *db.Credential
	unlisted      *db.Credential
}

func newPreviewScene(t *testing.T, url string) *previewScene {
	f := portaltest.New(t, url)
	s := &previewScene{Fixture: f, Tenant: f.MustTenant(t, "one")}
	var plan *db.Plan
	s.product, plan = f.MustAutomaticProduct(t, s.Admin, "weather")
	another, free := f.MustAutomaticProduct(t, s.Admin, "maps")
	s.one, s.other = f.MustApp(t, s.Developer, "One"), f.MustApp(t, s.Developer, "Other")
	s.ofOne = f.MustRegister(t, s.Developer, s.one.App, s.product, plan)
	s.second = f.MustRegister(t, s.Developer, s.other.App, s.product, plan)
	f.MustRegister(t, s.Developer, s.one.App, another, free)
	account, app := s.Account.GlobalID(), s.one.App.GlobalID()
	s.wide = f.MustKey(t, s.Developer, apps.GenerateKeyInput{AccountID: &account}).Credential
	s.listed = f.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: &app, AccessControlList: []string{s.product.GlobalID()}}).Credential
	s.unlisted = f.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: &app, AccessControlList: []string{another.GlobalID()}}).Credential
	gone := f.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: &app}).Credential
	_, err := f.Portal.Apps.RevokeKey(s.Developer, gone.GlobalID(), nil, nil)
	require.NoError(t, err)
	return s
}

// rows is the content of everything that a change would leave a trace in.
func (s *previewScene) rows(t *testing.T) (out []int) {
	for _, table := range []string{"events", "credentials", "apps", "subscriptions", "products", "leak_reports"} {
		out = append(out, s.Rows(t, table))
	}
	var versions int
	for _, c := range s.Client.Credential.Query().AllX(portaltest.System(t)) {
		versions += c.Version
	}
	for _, a := range s.Client.App.Query().AllX(portaltest.System(t)) {
		versions += a.Version
	}
	for _, x := range s.Client.Subscription.Query().AllX(portaltest.System(t)) {
		versions += x.Version
	}
	for _, x := range s.Client.Product.Query().AllX(portaltest.System(t)) {
		versions += x.Version
	}
	return append(out, versions)
}

func ids(all ...uuid.UUID) []uuid.UUID { return all }

// A preview says what the action then hits, and changes nothing itself.
func TestPreviews(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newPreviewScene(t, url)
		before := s.rows(t)
		revoke, err := s.Portal.Apps.PreviewRevoke(s.Developer, s.listed.GlobalID())
		require.NoError(t, err)
		require.Equal(t, &apps.Impact{
			CredentialIDs: ids(s.listed.ID), AppIDs: ids(s.one.App.ID), SubscriptionIDs: ids(s.ofOne.ID), CredentialCount: 1, AppCount: 1, ProductSubscriptionCount: 1,
			Calls: &apps.ImpactCalls{Credentials: ids(s.listed.ID)},
		}, revoke)
		wide, err := s.Portal.Apps.PreviewRevoke(s.Developer, s.wide.GlobalID())
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 3}, []int{wide.CredentialCount, wide.AppCount, wide.ProductSubscriptionCount})
		app, err := s.Portal.Apps.PreviewDeleteApp(s.Admin, s.one.App.GlobalID())
		require.NoError(t, err)
		require.Equal(t, ids(s.one.Credential.ID, s.listed.ID, s.unlisted.ID), app.CredentialIDs)
		require.Equal(t, []int{3, 1, 2}, []int{app.CredentialCount, app.AppCount, app.ProductSubscriptionCount})
		retire, err := s.Portal.Apps.PreviewRetireProduct(s.Admin, s.product.GlobalID())
		require.NoError(t, err)
		require.Equal(t, ids(s.one.Credential.ID, s.other.Credential.ID, s.wide.ID, s.listed.ID), retire.CredentialIDs)
		require.Equal(t, ids(s.one.App.ID, s.other.App.ID), retire.AppIDs)
		require.Equal(t, ids(s.ofOne.ID, s.second.ID), retire.SubscriptionIDs)
		require.Equal(t, before, s.rows(t), "nothing was changed")

		_, err = s.Portal.Apps.DeleteApp(s.Admin, s.one.App.GlobalID(), nil)
		require.NoError(t, err)
		require.Equal(t, app.CredentialCount+app.ProductSubscriptionCount+app.AppCount, s.Rows(t, "events")-before[0], "an event for each that was foreseen")
		before = s.rows(t)
		retire, err = s.Portal.Apps.PreviewRetireProduct(s.Admin, s.product.GlobalID())
		require.NoError(t, err)
		_, err = s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), Status: input.SetTo(domain.Retired)})
		require.NoError(t, err)
		require.Equal(t, retire.ProductSubscriptionCount+1, s.Rows(t, "events")-before[0])
		none, err := s.Portal.Apps.PreviewRetireProduct(s.Admin, s.product.GlobalID())
		require.NoError(t, err)
		require.Equal(t, &apps.Impact{}, none)
		_, err = s.Portal.Apps.RevokeKey(s.Developer, s.wide.GlobalID(), nil, nil)
		require.NoError(t, err)
		none, err = s.Portal.Apps.PreviewRevoke(s.Developer, s.wide.GlobalID())
		require.NoError(t, err)
		require.Equal(t, &apps.Impact{}, none)
	})
}

// What was called before an app was deleted is hit no more once it has come back.
func TestPreviews_CallsOfARestoredApp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newPreviewScene(t, url)
		retire, err := s.Portal.Apps.PreviewRetireProduct(s.Admin, s.product.GlobalID())
		require.NoError(t, err)
		require.Equal(t, ids(s.product.ID), retire.Calls.Products)
		require.ElementsMatch(t, ids(s.one.App.ID, s.other.App.ID), retire.Calls.Apps)
		of, err := s.Portal.Apps.PreviewDeleteApp(s.Developer, s.one.App.GlobalID())
		require.NoError(t, err)
		require.Equal(t, ids(s.one.App.ID), of.Calls.Apps)
		require.ElementsMatch(t, ids(s.one.Credential.ID, s.listed.ID, s.unlisted.ID, s.wide.ID), of.Calls.Credentials)

		for _, a := range []apps.CreatedApp{s.one, s.other} {
			_, err = s.Portal.Apps.DeleteApp(s.Admin, a.App.GlobalID(), nil)
			require.NoError(t, err)
		}
		back, err := s.Portal.Apps.RestoreApp(s.Admin, s.one.App.GlobalID(), nil)
		require.NoError(t, err)
		retire, err = s.Portal.Apps.PreviewRetireProduct(s.Admin, s.product.GlobalID())
		require.NoError(t, err)
		require.Equal(t, &apps.Impact{}, retire)
		of, err = s.Portal.Apps.PreviewDeleteApp(s.Developer, s.one.App.GlobalID())
		require.NoError(t, err)
		require.Equal(t, &apps.Impact{
			CredentialIDs: ids(back.Credential.ID), AppIDs: ids(s.one.App.ID), CredentialCount: 1, AppCount: 1,
			Calls: &apps.ImpactCalls{Apps: ids(s.one.App.ID), Credentials: ids(back.Credential.ID)},
		}, of)
		_, err = s.Portal.Apps.RevokeKey(s.Developer, back.Credential.GlobalID(), nil, nil)
		require.NoError(t, err)
		of, err = s.Portal.Apps.PreviewDeleteApp(s.Developer, s.one.App.GlobalID())
		require.NoError(t, err)
		require.Equal(t, &apps.Impact{AppIDs: ids(s.one.App.ID), AppCount: 1}, of)
	})
}

// Whoever may not do it may not ask either.
func TestPreviews_Errors(t *testing.T) {
	s := newPreviewScene(t, testdb.SQLite(t))
	foreign := s.MustTenant(t, "two")
	colleague := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Other"))
	previews := map[string]func(ctx context.Context, id string) (*apps.Impact, error){
		s.one.App.GlobalID(): s.Portal.Apps.PreviewDeleteApp, s.wide.GlobalID(): s.Portal.Apps.PreviewRevoke, s.product.GlobalID(): s.Portal.Apps.PreviewRetireProduct,
	}
	for id, preview := range previews {
		for _, who := range []context.Context{foreign.Admin, foreign.Developer} {
			_, err := preview(who, id)
			portaltest.RequireCode(t, err, fault.CodeNotFound)
		}
		for _, wrong := range []string{"", "x", "app_x", uuid.NewString()} {
			_, err := preview(s.Admin, wrong)
			portaltest.RequireCode(t, err, fault.CodeNotFound)
		}
	}
	_, err := s.Portal.Apps.PreviewDeleteApp(colleague, s.one.App.GlobalID())
	portaltest.RequireCode(t, err, fault.CodeNotFound)
	_, err = s.Portal.Apps.PreviewRetireProduct(s.Developer, s.product.GlobalID())
	portaltest.RequireCode(t, err, fault.CodeForbidden)
	_, err = s.Portal.Identity.SuspendAccount(s.Admin, s.Account.GlobalID(), nil)
	require.NoError(t, err)
}

// Of many, the first hundred are named and all are counted.
func TestPreviewDeleteApp_Many(t *testing.T) {
	s := newPreviewScene(t, testdb.SQLite(t))
	app := s.MustApp(t, s.Developer, "Many").App.GlobalID()
	for range apps.MaxImpact + 4 {
		s.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: &app})
	}
	got, err := s.Portal.Apps.PreviewDeleteApp(s.Developer, app)
	require.NoError(t, err)
	require.Len(t, got.CredentialIDs, apps.MaxImpact)
	require.Equal(t, apps.MaxImpact+5, got.CredentialCount)
}
