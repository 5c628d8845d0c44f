package portal_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// Of many requests that create what may exist once, one succeeds.
func TestRace_ErrTaken(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		t.Run("reference id", func(t *testing.T) {
			id := uuid.New()
			got, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (apps.CreatedApp, error) {
				return p.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App", ReferenceID: new(id.String())})
			})
			racetest.RequireOne(t, outcomes, "TAKEN")
			ids, err := h.Client.App.Query().IDs(portaltest.System(t))
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{racetest.First(got, outcomes).App.ID}, ids)
		})
		t.Run("product", func(t *testing.T) {
			_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (*db.Product, error) {
				return p.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "weather"})
			})
			racetest.RequireOne(t, outcomes, "TAKEN")
		})
		t.Run("e-mail address", func(t *testing.T) {
			_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (*db.User, error) {
				return p.Identity.CreateUser(x.Admin, identity.CreateUserInput{Name: "Twin", Email: address.ParseEmail("twin@example.com"),
					Password: portaltest.Password, AccountID: new(x.Account.GlobalID())})
			})
			racetest.RequireOne(t, outcomes, "TAKEN")
			twins, err := h.Client.User.Query().Where(user.EmailFolded(address.ParseEmail("twin@example.com"))).Count(portaltest.System(t))
			require.NoError(t, err)
			require.Equal(t, 1, twins)
		})
	})
}

// Of many updates of the same version one succeeds.
func TestRace_ErrConflict(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		one := new(1)
		_, plan := h.MustProduct(t, x.Admin, "weather")
		draft, err := h.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "draft"})
		require.NoError(t, err)
		created := h.MustApp(t, x.Developer, "App")
		for name, c := range map[string]struct {
			of     uuid.UUID
			change func(p *portal.Portal, name string) (any, error)
		}{
			"app": {created.App.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Apps.UpdateApp(x.Developer, apps.UpdateAppInput{AppID: created.App.GlobalID(), Version: one, Name: input.SetTo(name)})
			}},
			"key": {created.Credential.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: created.Credential.GlobalID(), Version: one, Name: input.SetTo(name)})
			}},
			"account": {x.Account.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Identity.UpdateAccount(x.Admin, identity.UpdateAccountInput{AccountID: x.Account.GlobalID(), Version: one, Name: input.SetTo(name)})
			}},
			"product": {draft.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: draft.GlobalID(), Version: one, Title: input.SetTo(name)})
			}},
			"plan": {plan.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), Version: one, Name: input.SetTo(name)})
			}},
			"organization": {x.Organization.ID, func(p *portal.Portal, name string) (any, error) {
				return p.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{Version: one, Name: input.SetTo(name)})
			}},
		} {
			t.Run(name, func(t *testing.T) {
				_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (any, error) { return c.change(p, uuid.NewString()) })
				racetest.RequireOne(t, outcomes, "CONFLICT")
				require.Len(t, h.Events(t, c.of), 2, "made and changed")
			})
		}
	})
}
