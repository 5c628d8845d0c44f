package graph_test

import (
	"strings"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/domain"
)

// Organization is what the matrix knows of organizations.
func (nouns) Organization() noun {
	return noun{
		prefix: "org",
		fields: map[string]resolver{"Organization.usageRetention": valueOf(func(o *db.Organization) any {
			if o.UsageRetention != nil {
				return o.UsageRetention
			}
			return domain.DefaultUsageRetention()
		})},
		values: map[string]any{"UsageRetention": domain.UsageRetention{}},
		questions: map[string]question{
			"Organization":             of("Organization", "organization", ""),
			"Organization: at sign-in": atSignIn("viewer { organization { ", ".viewer.organization"),
			"UsageRetention":           of("Organization", "organization", "usageRetention"),
			"KeyLife":                  of("Organization", "organization", "longestKeyLife"),
			"KeyRotation":              of("Organization", "organization", "rotateKeysEvery"),
		},
		plays: map[string]play{"Mutation: one's own.updateOrganization": {event: "ORGANIZATION_UPDATED", input: named}},
		tables: map[string]table{"organizations": {
			client: func(c *db.Client) any { return c.Organization }, column: "id", value: organizationAtStake,
			adds: func(c *db.Client) adding {
				return added(c.Organization.Create, c.Organization.CreateBulk, func(x *db.OrganizationCreate, _ owner) {
					x.SetSlug(uuid.NewString()).SetName("New")
				})
			},
			policy: &organization.Policy, types: []string{"Organization", "KeyLife", "KeyRotation"},
		}},
		shown:   func(*world, string, object) bool { return true },
		targets: map[string]string{"updateOrganization": ""},
		nothing: map[string]string{
			"no limits":      "UpdateOrganizationInput.longestKeyLife UpdateOrganizationInput.rotateKeysEvery",
			"the usual ones": "UpdateOrganizationInput.usageRetention",
			"no limit":       "KeyLifeInput.development KeyLifeInput.staging KeyLifeInput.production KeyRotationInput.development KeyRotationInput.staging KeyRotationInput.production",
			"cleared":        "UpdateOrganizationInput.website UpdateOrganizationInput.supportEmail UpdateOrganizationInput.logoUrl",
		},
	}
}

// Common is what the matrix knows of types that all others use.
func (nouns) Common() noun {
	return noun{questions: map[string]question{
		"PageInfo":                   of("App", "app", "credentials.pageInfo"),
		"PageInfo: at sign-in":       atSignIn("viewer { accounts { pageInfo { ", ".viewer.accounts.pageInfo"),
		"Permission":                 of("App", "app", "viewerCan.update"),
		"Permission: not granted":    of("Account", "account", "viewerCan.resume"),
		"UserError":                  wrongApp("", "%s", ""),
		"UserError: at sign-in":      atSignIn("userErrors { ", ".userErrors"),
		"UserErrorParam":             wrongApp(strings.Repeat("x", 256), "params { %s }", ".params"),
		"UserErrorParam: at sign-in": atSignIn("userErrors { params { ", ".userErrors.params"),
		"ErrorKind":                  plain(`{ serverInfo { errors { %s } } }`, "serverInfo.errors"),
		"ServerInfo":                 plain(`{ serverInfo(organization: "one") { %s } }`, "serverInfo"),
		"IdentityProvider":           plain(`{ serverInfo(organization: "one") { identityProviders { %s } } }`, "serverInfo.identityProviders"),

		"Query.node": root("node", "app"), "Query.nodes": rootNodes("app"),
		"Query.serverInfo": {document: `{ serverInfo(organization: "one") { organizationName } }`},
	}}
}
