package activity_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/activity"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/usage"
	"portico/internal/viewer"
)

// ofDay returns a filter for the calls of a day.
func ofDay() activity.UsageFilter {
	return activity.UsageFilter{From: portaltest.Start(), To: portaltest.Start().Add(24 * time.Hour), TimeZone: "Europe/Istanbul"}
}

// Administrators count the calls of the organization, developers those of their
// account, whatever else the filter says.
func TestUsageQuery(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		_, err := v.Portal.Identity.UpdateOrganization(v.Admin, identity.UpdateOrganizationInput{TimeZone: input.SetTo("Asia/Kathmandu")})
		require.NoError(t, err)
		product, _ := v.MustProduct(t, v.Admin, "orders")
		admin := v.MustAdmin(t, v.Organization)
		for name, c := range map[string]struct {
			as      context.Context
			account *uuid.UUID
			app     string
			appID   uuid.UUID
		}{
			"OK, an administrator":            {admin, nil, v.rivalApp.App.GlobalID(), v.rivalApp.App.ID},
			"OK, a developer":                 {v.Enter(t, v.owner), &v.Account.ID, v.app.App.GlobalID(), v.app.App.ID},
			"OK, another account's developer": {v.Enter(t, v.rivalOwner), &v.rivalAccount.ID, v.rivalApp.App.GlobalID(), v.rivalApp.App.ID},
		} {
			t.Run(name, func(t *testing.T) {
				f := ofDay()
				q, err := v.Portal.Activity.UsageQuery(c.as, f, usage.Hour)
				require.NoError(t, err)
				require.Equal(t, []string{"Europe/Istanbul", "Asia/Kathmandu"}, []string{q.Location.String(), q.OrganizationLocation.String()})
				want := usage.Query{Organization: v.Organization.ID, Account: c.account, From: f.From, To: f.To, Interval: usage.Hour,
					Location: q.Location, OrganizationLocation: q.OrganizationLocation}
				require.Equal(t, want, q, "nil lists do not narrow it")

				f.AppIDs, f.ProductIDs = []string{c.app, c.app}, []string{product.GlobalID()}
				q, err = v.Portal.Activity.UsageQuery(c.as, f, usage.Hour)
				require.NoError(t, err)
				want.Apps, want.Products = []uuid.UUID{c.appID}, []uuid.UUID{product.ID}
				require.Equal(t, want, q, "each id once")
			})
		}
		t.Run("OK, a colleague's key", func(t *testing.T) {
			f := ofDay()
			f.CredentialIDs = []string{v.app.Credential.GlobalID()}
			q, err := v.Portal.Activity.UsageQuery(v.colleague, f, usage.Hour)
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{v.app.Credential.ID}, q.Credentials)
			require.Equal(t, v.Account.ID, *q.Account)
		})
	})
}

// What a viewer cannot see is unknown: what others own, what is deleted, and for
// developers products that the catalogue does not show.
func TestUsageQuery_ErrNotFound(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		draft, err := v.Portal.Catalog.CreateProduct(v.Admin, catalog.CreateProductInput{Name: "draft"})
		require.NoError(t, err)
		gone := v.MustApp(t, v.Developer, "Gone").App
		_, err = v.Portal.Apps.DeleteApp(v.Developer, gone.GlobalID(), nil)
		require.NoError(t, err)
		mine, rivals, foreign := v.app.App.GlobalID(), v.rivalApp.App.GlobalID(), v.foreignApp.App.GlobalID()
		all := []context.Context{v.Admin, v.Developer, v.colleague}
		developers := all[1:]
		for name, c := range map[string]struct {
			f       activity.UsageFilter
			viewers []context.Context
		}{
			"another account's app":       {activity.UsageFilter{AppIDs: []string{mine, rivals}}, developers},
			"another account's key":       {activity.UsageFilter{CredentialIDs: []string{v.rivalApp.Credential.GlobalID()}}, developers},
			"another organization's app":  {activity.UsageFilter{AppIDs: []string{mine, foreign}}, all},
			"another organization's key":  {activity.UsageFilter{CredentialIDs: []string{v.foreignApp.Credential.GlobalID()}}, all},
			"a deleted app":               {activity.UsageFilter{AppIDs: []string{gone.GlobalID()}}, all},
			"a product that is not shown": {activity.UsageFilter{ProductIDs: []string{draft.GlobalID()}}, developers},
			"an id that nothing has":      {activity.UsageFilter{AppIDs: []string{nodeid.Encode(nodeid.App, uuid.New())}}, all},
			"an id of another kind":       {activity.UsageFilter{CredentialIDs: []string{mine}}, all},
		} {
			t.Run(name, func(t *testing.T) {
				f := ofDay()
				f.AppIDs, f.ProductIDs, f.CredentialIDs = c.f.AppIDs, c.f.ProductIDs, c.f.CredentialIDs
				for _, as := range c.viewers {
					_, err := v.Portal.Activity.UsageQuery(as, f, usage.Hour)
					require.Equal(t, fault.NotFound(), err)
				}
			})
		}
		t.Run("OK, the product for an administrator", func(t *testing.T) {
			f := ofDay()
			f.ProductIDs = []string{draft.GlobalID()}
			q, err := v.Portal.Activity.UsageQuery(v.Admin, f, usage.Hour)
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{draft.ID}, q.Products)
		})
	})
}

// An app that has gone to another account can be asked for in the former one, for what was
// counted there; nobody else gains by it, and nothing else of the app is seen.
func TestUsageQuery_OfATransferredApp(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		app := v.app.App.GlobalID()
		ask := func(as context.Context, f activity.UsageFilter) (usage.Query, error) {
			f.From, f.To, f.TimeZone = ofDay().From, ofDay().To, ofDay().TimeZone
			return v.Portal.Activity.UsageQuery(as, f, usage.Hour)
		}
		offered, err := v.Portal.Apps.TransferApp(v.Developer, apps.TransferAppInput{AppID: app, ToAccountID: v.rivalAccount.GlobalID()})
		require.NoError(t, err)
		_, err = ask(v.rival, activity.UsageFilter{AppIDs: []string{app}})
		require.Equal(t, fault.NotFound(), err, "an offer gives nothing")
		_, err = v.Portal.Apps.DeclineAppTransfer(v.rival, offered.Transfer.GlobalID(), nil)
		require.NoError(t, err)
		_, err = ask(v.rival, activity.UsageFilter{AppIDs: []string{app}})
		require.Equal(t, fault.NotFound(), err)
		offered, err = v.Portal.Apps.TransferApp(v.Developer, apps.TransferAppInput{AppID: app, ToAccountID: v.rivalAccount.GlobalID()})
		require.NoError(t, err)
		_, err = v.Portal.Apps.AcceptAppTransfer(v.rival, offered.Transfer.GlobalID())
		require.NoError(t, err)

		other := v.MustApp(t, v.Developer, "Other").App
		for as, account := range map[context.Context]uuid.UUID{v.Developer: v.Account.ID, v.colleague: v.Account.ID, v.rival: v.rivalAccount.ID} {
			q, err := ask(as, activity.UsageFilter{AppIDs: []string{app}})
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{v.app.App.ID}, q.Apps)
			require.Equal(t, account, *q.Account, "each its own")
		}
		q, err := ask(v.Developer, activity.UsageFilter{AppIDs: []string{other.GlobalID(), app}})
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{other.ID, v.app.App.ID}, q.Apps)
		_, err = ask(v.Developer, activity.UsageFilter{AppIDs: []string{app, v.rivalApp.App.GlobalID()}})
		require.Equal(t, fault.NotFound(), err)
		_, err = ask(v.Developer, activity.UsageFilter{CredentialIDs: []string{v.app.Credential.GlobalID()}})
		require.Equal(t, fault.NotFound(), err, "its keys are the other account's")
		_, err = ask(v.MustDeveloper(t, v.Admin, v.MustAccount(t, v.Admin, "Third")), activity.UsageFilter{AppIDs: []string{app}})
		require.Equal(t, fault.NotFound(), err)

		_, err = v.Portal.Apps.DeleteApp(v.rival, app, nil)
		require.NoError(t, err)
		_, err = ask(v.rival, activity.UsageFilter{AppIDs: []string{app}})
		require.Equal(t, fault.NotFound(), err)
		_, err = ask(v.Developer, activity.UsageFilter{AppIDs: []string{app}})
		require.NoError(t, err, "what the other account does with it changes nothing here")
	})
}

// A list has 1 to 100 ids, and the time zone is one of IANA's.
func TestUsageQuery_ErrBadUserInput(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		same := func(n int) (ids []string) {
			ids = []string{}
			for range n {
				ids = append(ids, v.app.App.GlobalID())
			}
			return ids
		}
		for name, change := range map[string]func(*activity.UsageFilter){
			"no apps":        func(f *activity.UsageFilter) { f.AppIDs = same(0) },
			"no products":    func(f *activity.UsageFilter) { f.ProductIDs = same(0) },
			"no keys":        func(f *activity.UsageFilter) { f.CredentialIDs = same(0) },
			"101 apps":       func(f *activity.UsageFilter) { f.AppIDs = same(101) },
			"no time zone":   func(f *activity.UsageFilter) { f.TimeZone = "" },
			"the local time": func(f *activity.UsageFilter) { f.TimeZone = "Local" },
		} {
			t.Run(name, func(t *testing.T) {
				f := ofDay()
				change(&f)
				_, err := v.Portal.Activity.UsageQuery(v.Developer, f, usage.Hour)
				requireRefusal(t, err, fault.CodeBadUserInput, fault.ReasonInvalidArgument)
			})
		}
		t.Run("OK, 100 apps", func(t *testing.T) {
			f := ofDay()
			f.AppIDs = same(100)
			_, err := v.Portal.Activity.UsageQuery(v.Developer, f, usage.Hour)
			require.NoError(t, err)
		})
	})
}

// Who may not see counts learns that, and nothing about the filter.
func TestAuthorizeUsage(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		suspended := v.mustSuspend(t)
		organization := v.Organization.ID
		for name, c := range map[string]struct {
			as     context.Context
			code   fault.Code
			reason fault.Reason
		}{
			"ErrAccountSuspended":            {suspended, fault.CodeForbidden, fault.ReasonAccountSuspended},
			"ErrRole, without an account":    {v.mustDeleteAccount(t), fault.CodeForbidden, fault.ReasonRole},
			"ErrRole, a gateway":             {portaltest.As(t, viewer.Viewer{Role: viewer.Gateway, OrganizationID: organization, TokenID: uuid.New()}), fault.CodeForbidden, fault.ReasonRole},
			"ErrRole, a role without a rule": {portaltest.As(t, viewer.Viewer{Role: "AUDITOR", OrganizationID: organization, AccountID: v.Account.ID}), fault.CodeForbidden, fault.ReasonRole},
			"ErrRole, Portico itself":        {viewer.AsSystem(t.Context(), organization), fault.CodeForbidden, fault.ReasonRole},
			"ErrNotSignedIn":                 {portaltest.As(t, viewer.Viewer{Address: "192.0.2.1"}), fault.CodeUnauthenticated, fault.ReasonNotSignedIn},
			"ErrNotSignedIn, no viewer":      {t.Context(), fault.CodeUnauthenticated, fault.ReasonNotSignedIn},
		} {
			t.Run(name, func(t *testing.T) {
				requireRefusal(t, v.Portal.Activity.AuthorizeUsage(c.as), c.code, c.reason)
				f := activity.UsageFilter{TimeZone: "Mars/Olympus", AppIDs: []string{"none"}}
				_, err := v.Portal.Activity.UsageQuery(c.as, f, usage.Hour)
				requireRefusal(t, err, c.code, c.reason)
			})
		}
		for name, as := range map[string]context.Context{"OK, an administrator": v.Admin, "OK, a developer": v.rival} {
			t.Run(name, func(t *testing.T) { require.NoError(t, v.Portal.Activity.AuthorizeUsage(as)) })
		}
	})
}

// The time zone is that of the viewer's organization.
func TestZone(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		_, err := v.Portal.Identity.UpdateOrganization(v.foreign.Admin, identity.UpdateOrganizationInput{TimeZone: input.SetTo("Asia/Kathmandu")})
		require.NoError(t, err)
		for as, want := range map[context.Context]string{v.Developer: "UTC", v.MustAdmin(t, v.foreign.Organization): "Asia/Kathmandu"} {
			l, err := v.Portal.Activity.Zone(as)
			require.NoError(t, err)
			require.Equal(t, want, l.String())
		}
		_, err = v.Portal.Activity.Zone(t.Context())
		require.Error(t, err, "without an organization")
	})
}
