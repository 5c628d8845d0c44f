package graph_test

import (
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/credential"
)

// Credential is what the matrix knows of credentials.
func (nouns) Credential() noun {
	n := noun{
		questions: map[string]question{
			"Credential":                 of("Credential", "key", ""),
			"Credential: revoked":        of("Credential", "revoked key", ""),
			"Credential: of the account": of("Credential", "account's key", ""),
			"RateLimit: of a key":        of("Credential", "key", "rateLimit"),
			"CredentialPermissions":      of("Credential", "key", "viewerCan"),
			"CredentialConnection":       of("App", "app", "credentials"),
			"CredentialEdge":             of("App", "app", "credentials.edges"),
			"Secret": {
				document: "mutation($id: ID!) { generateKey(input: {appId: $id}) { secret { %s } } }", specimen: "app", at: "generateKey.secret",
			},
			"Query.credentialByKey": {document: "query($id: String!) { credentialByKey(input: {key: $id}) { id } }", specimen: "username"},
		},
		plays: map[string]play{
			"Mutation.generateKey": on("appId", "CREDENTIAL_CREATED", (*world).freshApp),
			"Mutation.updateKey":   on("credentialId", "CREDENTIAL_UPDATED", (*world).freshKey).with(arguments{"name": "another name"}),
			"Mutation.revokeKey":   on("credentialId", "CREDENTIAL_REVOKED", (*world).freshKey),
			"Mutation.disableKey":  on("credentialId", "CREDENTIAL_DISABLED", (*world).freshKey),
			"Mutation.enableKey":   on("credentialId", "CREDENTIAL_ENABLED", (*world).disabledKey),

			"Mutation: the whole account.generateKey": on("accountId", "CREDENTIAL_CREATED", developersAccount),
			"Mutation: the whole account.revokeKey":   on("credentialId", "CREDENTIAL_REVOKED", (*world).freshAccountKey),
		},
		tables: credentialTables(),
		targets: map[string]string{
			"generateKey": "appId", "updateKey": "credentialId", "revokeKey": "credentialId", "disableKey": "credentialId", "enableKey": "credentialId",
		},
		samples: map[string]string{"credentialId": "key", "accessControlList": "product"},
		nothing: map[string]string{
			"none":                     "GenerateKeyInput.appId GenerateKeyInput.accountId GenerateKeyInput.idempotencyKey RevokeKeyInput.note",
			"the longest life allowed": "FirstKeyInput.expiresAt GenerateKeyInput.expiresAt UpdateKeyInput.expiresAt",
			"none said":                "DisableKeyInput.reason EnableKeyInput.reason",
			"the limit":                "RateLimitInput.burst",
			"cleared": `FirstKeyInput.name FirstKeyInput.accessControlList FirstKeyInput.allowedAddresses FirstKeyInput.rateLimit
				GenerateKeyInput.name GenerateKeyInput.accessControlList GenerateKeyInput.allowedAddresses GenerateKeyInput.rateLimit
				UpdateKeyInput.name UpdateKeyInput.accessControlList UpdateKeyInput.allowedAddresses UpdateKeyInput.rateLimit`,
		},
	}
	for _, product := range []string{"private product", "draft product"} {
		n.plays["Mutation: a "+product+".generateKey"] = play{target: "accessControlList", event: "CREDENTIAL_CREATED", input: func(w *world, who string) arguments {
			return arguments{"appId": w.ownApp(who), "access": "LISTED", "accessControlList": []string{w.ids[product]}}
		}}
	}
	return n
}

func credentialTables() map[string]table {
	return map[string]table{
		"credentials": {
			client: func(c *db.Client) any { return c.Credential }, column: "id", value: specimen("key"),
			adds: func(c *db.Client) adding {
				return added(c.Credential.Create, c.Credential.CreateBulk, func(x *db.CredentialCreate, o owner) {
					x.SetOrganizationID(o.organization).SetAccountID(o.account).SetUsername(uuid.New()).SetSecretHash([]byte("hash"))
				})
			},
			policy: &credential.Policy, types: []string{"Credential", "CredentialPermissions"},
		},
		"access_entries": {
			client: func(c *db.Client) any { return c.AccessEntry }, column: "credential_id", value: specimen("key"),
			adds: func(c *db.Client) adding {
				return added(c.AccessEntry.Create, c.AccessEntry.CreateBulk, func(x *db.AccessEntryCreate, o owner) {
					x.SetOrganizationID(o.organization).SetAccountID(o.account).SetCredentialID(o.key).SetProductID(o.product)
				})
			},
			policy: &accessentry.Policy,
		},
	}
}

func (w *world) freshKey() string {
	return w.make("developer", "generateKey", arguments{"appId": w.ids["app"]}, "credential")
}

func (w *world) freshAccountKey() string {
	return w.make("developer", "generateKey", arguments{"accountId": w.ids["account"]}, "credential")
}

func (w *world) disabledKey() string {
	return w.make("admin", "disableKey", arguments{"credentialId": w.freshKey()}, "credential")
}
