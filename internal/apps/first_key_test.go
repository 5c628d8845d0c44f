package apps_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// An app's first key is as requested, or neither is created; its problems are those
// of generateKey, with the path into firstKey.
func TestCreateApp_FirstKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "weather")
		name, production, listed, no, yes := "Mine", access.Production, access.ListedProducts, false, true
		end := f.Clock.Now().Add(time.Hour)
		whole := apps.FirstKeyInput{
			Name: &name, Environment: &production, ExpiresAt: &end, Access: &listed, AccessControlList: []string{prod.GlobalID()},
			AllowedAddresses: []string{"192.0.2.1"}, RateLimit: &access.RateLimit{Limit: 5, Per: access.PerMinute},
		}
		t.Run("OK", func(t *testing.T) {
			created, err := f.Portal.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App", GenerateKey: &yes, FirstKey: &whole})
			require.NoError(t, err)
			c := created.Credential
			require.Equal(t, []any{name, production, listed, []string{"192.0.2.1/32"}, &access.RateLimit{Limit: 5, Per: access.PerMinute, Burst: 5}},
				[]any{c.Name, c.Environment, c.Access, c.AllowedAddresses, c.RateLimit})
			require.True(t, end.Equal(*c.ExpiresAt))
		})
		t.Run("OK, no key", func(t *testing.T) {
			bare, err := f.Portal.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "Bare", GenerateKey: &no})
			require.NoError(t, err)
			require.Nil(t, bare.Credential, "no key was requested")
		})
		before := f.Client.App.Query().CountX(portaltest.System(t))
		past, far := f.Clock.Now(), f.Clock.Now().Add(400*24*time.Hour)
		_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{LongestKeyLife: input.SetTo(domain.KeyLife{Development: new(30)})})
		require.NoError(t, err)
		for problem, in := range map[string]apps.CreateAppInput{
			"NOT_ALLOWED firstKey":                           {Name: "App", GenerateKey: &no, FirstKey: &whole},
			"MUST_BE_FUTURE firstKey.expiresAt":              {Name: "App", FirstKey: &apps.FirstKeyInput{ExpiresAt: &past}},
			"UNKNOWN_REFERENCE firstKey.accessControlList.0": {Name: "App", FirstKey: &apps.FirstKeyInput{AccessControlList: []string{"prod_x"}}},
			"INVALID firstKey.allowedAddresses.0":            {Name: "App", FirstKey: &apps.FirstKeyInput{AllowedAddresses: []string{"here"}}},
			"INVALID firstKey.rateLimit.limit":               {Name: "App", FirstKey: &apps.FirstKeyInput{RateLimit: &access.RateLimit{Per: access.PerHour}}},
		} {
			t.Run(portaltest.Subtest(problem), func(t *testing.T) {
				_, err := f.Portal.Apps.CreateApp(x.Developer, in)
				portaltest.RequireProblems(t, err, problem)
			})
		}
		t.Run("ErrFirstKeyExpiresAtTooFar", func(t *testing.T) {
			dev := f.MustDeveloper(t, x.Admin, x.Account) // the policies are read again
			_, err := f.Portal.Apps.CreateApp(dev, apps.CreateAppInput{Name: "App", FirstKey: &apps.FirstKeyInput{ExpiresAt: &far}})
			portaltest.RequireProblems(t, err, "TOO_FAR firstKey.expiresAt")
		})
		require.Equal(t, before, f.Client.App.Query().CountX(portaltest.System(t)), "no app is created without its first key")

		t.Run("ErrForbidden", func(t *testing.T) {
			_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{ProductionKeys: input.SetTo(domain.OwnersOnly)})
			require.NoError(t, err)
			member := f.Enter(t, f.MustUser(t, x.Admin, x.Account, domain.Member))
			_, err = f.Portal.Apps.CreateApp(member, apps.CreateAppInput{Name: "App", FirstKey: &apps.FirstKeyInput{Environment: &production}})
			portaltest.RequireCode(t, err, fault.CodeForbidden)
		})
	})
}
