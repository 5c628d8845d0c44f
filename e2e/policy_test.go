package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

func policies(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "policies")
	app, _ := c.newApp(t, "Ruled")
	product, _ := c.newProduct(t, "ruled", "AUTO")
	subscription := c.register(t, app, product)
	member := "member@policies.example"
	c.newUser(t, "Member", member, c.account, "MEMBER")
	hand := s.SignInWith(t, member, servertest.UserPassword)

	requireError(t, c.dev.Ask(t, "unregister", vars{"subscriptionId": subscription}, subscriptionFields), "FORBIDDEN")
	requireUnknownField(t, c.dev.Ask(t, "updateOrganization", vars{"portalUnregister": "ALLOWED"}, `organization { id }`))
	a := c.admin.Do(t, "updateOrganization", vars{"version": 1, "portalUnregister": "ALLOWED", "productionKeys": "OWNERS_ONLY", "keyPrefix": "acme9", "name": "Ruled & Sons",
		"timeZone": "Europe/Istanbul", "currency": "TRY", "website": "https://ruled.example"},
		`organization { version portalUnregister productionKeys keyPrefix name timeZone currency website }`)
	require.Equal(t, map[string]any{"version": 2.0, "portalUnregister": "ALLOWED", "productionKeys": "OWNERS_ONLY", "keyPrefix": "acme9",
		"name": "Ruled & Sons", "timeZone": "Europe/Istanbul", "currency": "TRY", "website": "https://ruled.example"}, a.At("updateOrganization", "organization"))
	requireError(t, c.admin.Ask(t, "updateOrganization", vars{"version": 1, "name": "Late"}, `organization { id }`), "CONFLICT")
	require.Equal(t, "Ruled & Sons", s.Anonymous().Must(t, `{ serverInfo(organization: "policies") { organizationName } }`, nil).Text("serverInfo", "organizationName"))

	a = c.dev.Do(t, "unregister", vars{"subscriptionId": subscription}, subscriptionFields)
	require.Equal(t, "UNSUBSCRIBED", a.Text("unregister", "productSubscription", "status"))
	requireError(t, hand.Ask(t, "generateKey", vars{"appId": app, "environment": "PRODUCTION"}, `credential { id }`), "FORBIDDEN")
	hand.Do(t, "generateKey", vars{"appId": app, "environment": "STAGING"}, `credential { id }`)
	a = c.dev.Do(t, "generateKey", vars{"appId": app, "environment": "PRODUCTION"}, `credential { id } secret { rawKey }`)
	require.Regexp(t, `^acme9_`, a.Text("generateKey", "secret", "rawKey"))

	for field, wrong := range map[string]any{
		"keyPrefix": "1a", "timeZone": "Mars/Olympus", "currency": "euro", "website": "ftp://x", "supportEmail": "nobody",
		"deletedRetentionDays": 0, "eventRetentionDays": 4000, "name": "",
	} {
		code := "INVALID"
		if field == "name" {
			code = "REQUIRED"
		}
		requireProblem(t, c.admin.Ask(t, "updateOrganization", vars{field: wrong}, `organization { id }`), "updateOrganization", code, field)
	}
	for _, zone := range []string{"localtime", "Local", "right/Europe/Berlin", "posix/Europe/Berlin", "./Europe/Berlin", "europe/berlin", "posixrules"} {
		requireProblem(t, c.admin.Ask(t, "updateOrganization", vars{"timeZone": zone}, `organization { id }`), "updateOrganization", "INVALID", "timeZone")
	}
}

func keyLife(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "key-life")
	c.admin.Do(t, "updateOrganization", vars{"longestKeyLife": vars{"production": 30}}, `organization { longestKeyLife { production } }`)
	app, first := c.newApp(t, "Mortal")
	open := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on Credential { expiresAt } } }`, vars{"id": first})
	require.Nil(t, open.At("node", "expiresAt"), "development has no limit here")
	a := c.dev.Do(t, "generateKey", vars{"appId": app, "environment": "PRODUCTION"}, `credential { id createdAt expiresAt }`)
	created, err := time.Parse(time.RFC3339, a.Text("generateKey", "credential", "createdAt"))
	require.NoError(t, err)
	end, err := time.Parse(time.RFC3339, a.Text("generateKey", "credential", "expiresAt"))
	require.NoError(t, err)
	require.Equal(t, 30*24*time.Hour, end.Sub(created), "no end becomes the latest one allowed")
	a = c.dev.Ask(t, "generateKey", vars{"appId": app, "environment": "PRODUCTION", "expiresAt": created.AddDate(0, 0, 31).Format(time.RFC3339)}, `credential { id }`)
	requireProblem(t, a, "generateKey", "TOO_FAR", "expiresAt")
	require.Equal(t, map[string]any{"name": "max", "value": "30"}, a.At("generateKey", "userErrors", 0, "params", 0))
	c.admin.Do(t, "updateOrganization", vars{"longestKeyLife": nil}, `organization { id }`)
	c.dev.Do(t, "generateKey", vars{"appId": app, "environment": "PRODUCTION", "expiresAt": "2099-01-01T00:00:00Z"}, `credential { id }`)
}

func noPasswords(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "no-passwords")
	c.admin.Do(t, "updateOrganization", vars{"passwordSignIn": false}, `organization { passwordSignIn }`)
	info := s.Anonymous().Must(t, `{ serverInfo(organization: "no-passwords") { passwordSignIn } }`, nil)
	require.Equal(t, false, info.At("serverInfo", "passwordSignIn"))
	requireError(t, signIn(t, s, c.email, servertest.UserPassword, ""), "UNAUTHENTICATED")
	c.dev.Must(t, `{ apps { totalCount } }`, nil) // open sessions remain valid
	c.admin.Do(t, "updateOrganization", vars{"passwordSignIn": true}, `organization { passwordSignIn }`)
	require.NotEmpty(t, s.SignInWith(t, c.email, servertest.UserPassword).Token)
}
