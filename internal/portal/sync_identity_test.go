package portal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
)

func identityMutations() []mutationCase {
	account := func(f func(g *syncedPortal, id string) error, first func(t *testing.T, g *syncedPortal, id string)) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			id := g.MustAccount(t, g.Admin, "Other").GlobalID()
			if first != nil {
				first(t, g, id)
			}
			return func() error { return f(g, id) }
		}
	}
	user := func(f func(g *syncedPortal, id string) error) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			u := g.MustUser(t, g.Admin, g.Account, domain.Member)
			return func() error { return f(g, u.GlobalID()) }
		}
	}
	return []mutationCase{
		{"CreateAccount", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Identity.CreateAccount(g.Admin, identity.CreateAccountInput{Name: "New"}))
			}
		}, []eventlog.Type{eventlog.AccountCreated}, false},
		{"UpdateAccount", account(func(g *syncedPortal, id string) error {
			return errOf(g.p.Identity.UpdateAccount(g.Admin, identity.UpdateAccountInput{AccountID: id, Name: input.SetTo("Renamed")}))
		}, nil), []eventlog.Type{eventlog.AccountUpdated}, false},
		{"SuspendAccount", account(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.SuspendAccount(g.Admin, id, nil)) }, nil),
			[]eventlog.Type{eventlog.AccountSuspended}, true},
		{"ResumeAccount", account(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.ResumeAccount(g.Admin, id, nil)) },
			func(t *testing.T, g *syncedPortal, id string) {
				require.NoError(t, errOf(g.Portal.Identity.SuspendAccount(g.Admin, id, nil)))
			}),
			[]eventlog.Type{eventlog.AccountResumed}, true},
		{"DeleteAccount", account(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.DeleteAccount(g.Admin, id, nil)) }, nil),
			[]eventlog.Type{eventlog.AccountDeleted}, true},
		{"CreateUser", func(t *testing.T, g *syncedPortal) func() error {
			id := g.Account.GlobalID()
			return func() error {
				return errOf(g.p.Identity.CreateUser(g.Admin, identity.CreateUserInput{Name: "New", Email: address.ParseEmail("new@one.example"), Password: portaltest.Password, AccountID: &id}))
			}
		}, []eventlog.Type{eventlog.UserCreated, eventlog.MemberAdded}, false},
		{"DisableUser", user(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.DisableUser(g.Admin, id, nil)) }), []eventlog.Type{eventlog.UserDisabled}, false},
		{"UnlockUser", user(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.UnlockUser(g.Admin, id, nil)) }), []eventlog.Type{eventlog.UserUnlocked}, false},
		{"EnableUser", func(t *testing.T, g *syncedPortal) func() error {
			u := g.MustUser(t, g.Admin, g.Account, domain.Member)
			require.NoError(t, errOf(g.Portal.Identity.DisableUser(g.Admin, u.GlobalID(), nil)))
			return func() error { return errOf(g.p.Identity.EnableUser(g.Admin, u.GlobalID(), nil)) }
		}, []eventlog.Type{eventlog.UserEnabled}, false},
		{"UpdateOrganization", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Identity.UpdateOrganization(g.Admin, identity.UpdateOrganizationInput{TimeZone: input.SetTo("Europe/Istanbul")}))
			}
		}, []eventlog.Type{eventlog.OrganizationUpdated}, true},
		{"RevokeGateway", func(t *testing.T, g *syncedPortal) func() error {
			_, err := g.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "old", Hash: []byte("old")})
			require.NoError(t, err)
			return func() error { return errOf(g.p.Identity.RevokeGateway(t.Context(), "one", "old")) }
		}, []eventlog.Type{eventlog.ServiceTokenRevoked}, true},
		{"CreateGateway", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "new", Hash: []byte("new")}))
			}
		}, []eventlog.Type{eventlog.ServiceTokenCreated}, false},
	}
}
