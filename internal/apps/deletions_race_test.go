package apps_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// busyApp is an app that is changed in many ways at once.
type busyApp struct {
	portaltest.Tenant
	made     apps.CreatedApp
	waiting  *db.Subscription
	products []*db.Product
	plans    []*db.Plan
}

// mustBusyApp creates a busyApp with a pending subscription to the first of the
// products.
func mustBusyApp(t *testing.T, h *racetest.Harness, x portaltest.Tenant, products []*db.Product, plans []*db.Plan) busyApp {
	t.Helper()
	b := busyApp{Tenant: x, made: h.MustApp(t, x.Developer, "Busy"), products: products, plans: plans}
	b.waiting = h.MustRegister(t, x.Developer, b.made.App, products[0], plans[0])
	return b
}

// use does one of the things that people do with an app.
func (b busyApp) use(n int, p *portal.Portal) (any, error) {
	id := b.made.App.GlobalID()
	i := 1 + n%(len(b.products)-1)
	switch n % 6 {
	case 0:
		return p.Apps.GenerateKey(b.Developer, apps.GenerateKeyInput{AppID: &id})
	case 1:
		return p.Apps.Register(b.Developer, apps.RegisterInput{AppID: id, ProductID: b.products[i].GlobalID(), PlanID: new(b.plans[i].GlobalID())})
	case 2:
		return p.Apps.UpdateApp(b.Developer, apps.UpdateAppInput{AppID: id, Name: input.SetTo("Busy " + strconv.Itoa(n))})
	case 3:
		return p.Apps.Approve(b.Admin, b.waiting.GlobalID(), nil)
	case 4:
		return p.Apps.UpdateKey(b.Developer, apps.UpdateKeyInput{CredentialID: b.made.Credential.GlobalID(), Name: input.SetTo(strconv.Itoa(n))})
	}
	return p.Apps.RevokeKey(b.Developer, b.made.Credential.GlobalID(), nil, nil)
}

// mustProducts creates n products with a plan each.
func mustProducts(t *testing.T, h *racetest.Harness, x portaltest.Tenant, n int) (products []*db.Product, plans []*db.Plan) {
	t.Helper()
	for i := range n {
		prod, plan := h.MustProduct(t, x.Admin, fmt.Sprintf("product-%d", i))
		products, plans = append(products, prod), append(plans, plan)
	}
	return products, plans
}

// An app is deleted while others change it: what was created before has ended with
// it, and later requests are refused.
func TestRace_DeleteApp(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		products, plans := mustProducts(t, h, x, 9)
		for _, deleters := range []int{1, 8} {
			for _, first := range []int{0, racetest.Requests / 2} {
				b := mustBusyApp(t, h, x, products, plans)
				deleting := func(n int) bool { return n >= first && n < first+deleters }
				_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
					if deleting(n) {
						return p.Apps.DeleteApp(x.Developer, b.made.App.GlobalID(), nil)
					}
					return b.use(n, p)
				})
				racetest.RequireOnly(t, outcomes, racetest.OK, "NOT_FOUND", "UNKNOWN_REFERENCE", "WRONG_STATUS", "ALREADY_REGISTERED", "CONFLICT", "KEY_REVOKED")
				require.Equal(t, 1, racetest.Tally(outcomes[first : first+deleters])[racetest.OK], "deleted once")
				require.Len(t, h.Events(t, b.made.App.ID, eventlog.AppDeleted), 1)
				requireNothingLeft(t, h)
			}
		}
	})
}

// An account is deleted while its developers work: nothing of it is left.
func TestRace_DeleteAccount(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		products, plans := mustProducts(t, h, x, 9)
		for _, first := range []int{0, racetest.Requests / 2} {
			acc := h.MustAccount(t, x.Admin, "Short-lived")
			y := portaltest.Tenant{Organization: x.Organization, Account: acc, Admin: x.Admin, Developer: h.MustDeveloper(t, x.Admin, acc)}
			appRows := []busyApp{mustBusyApp(t, h, y, products, plans), mustBusyApp(t, h, y, products, plans), mustBusyApp(t, h, y, products, plans)}
			_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
				switch {
				case n >= first && n < first+2:
					return p.Identity.DeleteAccount(y.Admin, acc.GlobalID(), nil)
				case n%8 == 5:
					return p.Apps.CreateApp(y.Developer, apps.CreateAppInput{Name: "New"})
				case n%8 == 6:
					return p.Apps.GenerateKey(y.Developer, apps.GenerateKeyInput{AccountID: new(acc.GlobalID())})
				case n%8 == 7:
					return p.Identity.SuspendAccount(y.Admin, acc.GlobalID(), nil)
				}
				return appRows[n%len(appRows)].use(n/len(appRows), p)
			})
			racetest.RequireOnly(t, outcomes, racetest.OK, "NOT_FOUND", "UNKNOWN_REFERENCE", "WRONG_STATUS", "ALREADY_REGISTERED", "CONFLICT", "KEY_REVOKED")
			require.Equal(t, 1, racetest.Tally(outcomes[first : first+2])[racetest.OK], "deleted once")
			require.Len(t, h.Events(t, acc.ID, eventlog.AccountDeleted), 1)
			requireNothingLeft(t, h)
			left, err := h.Client.App.Query().Where(app.AccountID(acc.ID), app.DeletedAtIsNil()).Count(portaltest.System(t))
			require.NoError(t, err)
			require.Zero(t, left)
		}
	})
}

// Deleted apps are restored while their account is deleted: no deleted account has
// an app.
func TestRace_RestoreAppAndDeleteAccount(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		for round := range 3 {
			acc := h.MustAccount(t, x.Admin, "Short-lived")
			deleted := make([]string, racetest.Requests)
			for i := range deleted {
				created := h.MustAppOf(t, x.Admin, acc, strconv.Itoa(i))
				deleted[i] = created.App.GlobalID()
				_, err := h.Portal.Apps.DeleteApp(x.Admin, deleted[i], nil)
				require.NoError(t, err)
			}
			_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
				if n == racetest.Requests/4*round {
					return p.Identity.DeleteAccount(x.Admin, acc.GlobalID(), nil)
				}
				return p.Apps.RestoreApp(x.Admin, deleted[n], nil)
			})
			racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS")
			require.Equal(t, racetest.OK, outcomes[racetest.Requests/4*round])
			requireNothingLeft(t, h)
			left, err := h.Client.App.Query().Where(app.AccountID(acc.ID), app.DeletedAtIsNil()).Count(portaltest.System(t))
			require.NoError(t, err)
			require.Zero(t, left)
		}
	})
}

// requireNothingLeft requires that deleted apps and accounts have no credential or
// subscription in use.
func requireNothingLeft(t *testing.T, h *racetest.Harness) {
	t.Helper()
	gone := app.DeletedAtNotNil()
	keys, err := h.Client.Credential.Query().Where(credential.StatusNEQ(access.CredentialRevoked),
		credential.Or(credential.HasAppWith(gone), credential.HasAccountWith(account.DeletedAtNotNil()))).Count(portaltest.System(t))
	require.NoError(t, err)
	require.Zero(t, keys, "keys")
	open, err := h.Client.Credential.Query().Where(credential.DeletedAtIsNil(), credential.HasAppWith(gone)).Count(portaltest.System(t))
	require.NoError(t, err)
	require.Zero(t, open, "keys that are still listed")
	require.Zero(t, liveSubscriptions(t, h), "subscriptions")
}
