package portal_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
)

// What may exist once is made once.
func TestRaceTaken(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		t.Run("reference id", func(t *testing.T) {
			id := uuid.New()
			got, outcomes := race(a, func(_ int, p *portal.Portal) (apps.CreatedApp, error) {
				return p.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App", ReferenceID: ptr(id.String())})
			})
			requireOne(t, outcomes, "TAKEN")
			ids, err := a.Client.App.Query().IDs(portaltest.System(t))
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{winner(got, outcomes).App.ID}, ids)
		})
		t.Run("product", func(t *testing.T) {
			_, outcomes := race(a, func(_ int, p *portal.Portal) (*db.Product, error) {
				return p.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "weather"})
			})
			requireOne(t, outcomes, "TAKEN")
		})
		t.Run("e-mail address", func(t *testing.T) {
			_, outcomes := race(a, func(_ int, p *portal.Portal) (*db.User, error) {
				return p.Identity.CreateUser(x.Admin, identity.CreateUserInput{Name: "Twin", Email: address.ParseEmail("twin@example.com"),
					Password: portaltest.Password, AccountID: ptr(x.Account.GlobalID())})
			})
			requireOne(t, outcomes, "TAKEN")
			twins, err := a.Client.User.Query().Where(user.EmailFolded(address.ParseEmail("twin@example.com"))).Count(portaltest.System(t))
			require.NoError(t, err)
			require.Equal(t, 1, twins)
		})
	})
}

// Of many changes against the same version one happens.
func TestRaceVersions(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		one := ptr(1)
		_, plan := a.MustProduct(t, x.Admin, "weather")
		draft, err := a.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "draft"})
		require.NoError(t, err)
		made := a.MustApp(t, x.Developer, "App")
		for name, c := range map[string]struct {
			of     uuid.UUID
			change func(p *portal.Portal, name string) (any, error)
		}{
			"app": {made.App.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Apps.UpdateApp(x.Developer, apps.UpdateAppInput{AppID: made.App.GlobalID(), Version: one, Name: set(name)})
			}},
			"key": {made.Credential.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: made.Credential.GlobalID(), Version: one, Name: set(name)})
			}},
			"account": {x.Account.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Identity.UpdateAccount(x.Admin, identity.UpdateAccountInput{AccountID: x.Account.GlobalID(), Version: one, Name: set(name)})
			}},
			"product": {draft.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: draft.GlobalID(), Version: one, Title: set(name)})
			}},
			"plan": {plan.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), Version: one, Name: set(name)})
			}},
			"organization": {x.Organization.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{Version: one, Name: set(name)})
			}},
		} {
			t.Run(name, func(t *testing.T) {
				_, outcomes := race(a, func(_ int, p *portal.Portal) (any, error) { return c.change(p, uuid.NewString()) })
				requireOne(t, outcomes, "CONFLICT")
				require.Len(t, a.events(t, c.of), 2, "made and changed")
			})
		}
	})
}

// The policies change while everybody works: nobody is broken off, for a lock
// on the organization's row must not stand against the events of others.
func TestRacePolicies(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		_, outcomes := race(a, func(n int, p *portal.Portal) (any, error) {
			if n%2 == 0 {
				return p.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{Name: set(uuid.NewString())})
			}
			return p.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App"})
		})
		require.Equal(t, map[string]int{won: racers}, tally(outcomes))
		require.Len(t, a.events(t, x.Organization.ID, eventlog.OrganizationUpdated), racers/2)
	})
}

// An account is suspended by many while its developer makes apps: it happens
// once, and whoever comes afterwards is refused.
func TestRaceSuspend(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		dora := a.MustUser(t, x.Admin, x.Account, domain.Owner)
		developer := a.Enter(t, dora)
		_, outcomes := race(a, func(n int, p *portal.Portal) (any, error) {
			if n%2 == 0 {
				return p.Identity.SuspendAccount(x.Admin, x.Account.GlobalID(), nil)
			}
			return p.Apps.CreateApp(developer, apps.CreateAppInput{Name: "App"})
		})
		require.Equal(t, map[string]int{won: racers}, tally(outcomes))
		require.Len(t, a.events(t, x.Account.ID, eventlog.AccountSuspended), 1)
		_, err := a.Portal.Apps.CreateApp(a.Enter(t, dora), apps.CreateAppInput{Name: "Late"})
		require.Equal(t, "FORBIDDEN", outcome(err))
		late, err := a.Client.App.Query().Where(app.Name("Late")).Exist(portaltest.System(t))
		require.NoError(t, err)
		require.False(t, late)
	})
}
