package activity_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// viewers are the people of two organizations, and what they own. The tenant's
// account has an app, and so has the account of the rival.
type viewers struct {
	*portaltest.Fixture
	portaltest.Tenant
	colleague, rival  context.Context
	rivalAccount      *db.Account
	app, rivalApp     apps.CreatedApp
	foreign           portaltest.Tenant
	foreignApp        apps.CreatedApp
	owner, rivalOwner *db.User
}

func mustViewers(t *testing.T, f *portaltest.Fixture) viewers {
	t.Helper()
	v := viewers{Fixture: f}
	v.Organization = f.MustOrganization(t, "one")
	v.Admin = f.MustAdmin(t, v.Organization)
	v.Account, v.rivalAccount = f.MustAccount(t, v.Admin, "Acme"), f.MustAccount(t, v.Admin, "Rival")
	v.owner, v.rivalOwner = f.MustUser(t, v.Admin, v.Account, domain.Owner), f.MustUser(t, v.Admin, v.rivalAccount, domain.Owner)
	v.Developer, v.rival = f.Enter(t, v.owner), f.Enter(t, v.rivalOwner)
	v.colleague = f.Enter(t, f.MustUser(t, v.Admin, v.Account, domain.Member))
	v.app, v.rivalApp = f.MustApp(t, v.Developer, "App"), f.MustApp(t, v.rival, "Rival app")
	v.foreign = f.MustTenant(t, "two")
	v.foreignApp = f.MustApp(t, v.foreign.Developer, "Foreign app")
	return v
}

// eachViewers runs a test with the viewers on both databases.
func eachViewers(t *testing.T, run func(t *testing.T, v viewers)) {
	testdb.Each(t, func(t *testing.T, url string) { run(t, mustViewers(t, portaltest.New(t, url))) })
}

// mustSuspend suspends the tenant's account, and returns its developer's context
// from then on.
func (v viewers) mustSuspend(t *testing.T) context.Context {
	t.Helper()
	_, err := v.Portal.Identity.SuspendAccount(v.Admin, v.Account.GlobalID(), nil)
	require.NoError(t, err)
	return v.Enter(t, v.owner)
}

// mustDeleteAccount deletes the tenant's account, and returns its developer's
// context from then on.
func (v viewers) mustDeleteAccount(t *testing.T) context.Context {
	t.Helper()
	_, err := v.Portal.Identity.DeleteAccount(v.Admin, v.Account.GlobalID(), nil)
	require.NoError(t, err)
	return v.Enter(t, v.owner)
}

// requireRefusal requires an error of a code for a reason.
func requireRefusal(t *testing.T, err error, code fault.Code, reason fault.Reason) {
	t.Helper()
	portaltest.RequireCode(t, err, code)
	require.Equal(t, reason, fault.From(err).Reason)
}
