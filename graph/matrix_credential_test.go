package graph_test

import (
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/usage"
)

// Credential is what the matrix knows of credentials.
func (nouns) Credential() noun {
	n := noun{
		prefix: "cred", list: sorted{list: "credentials"}, fields: credentialFields(),
		values: map[string]any{"CredentialPermissions": apps.CredentialPermissions{}, "Enforcement": enforced{}},
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

func (w *world) disabledKey() string { return w.disabled(w.freshKey()) }

func (w *world) disabled(key string) string {
	return w.make("admin", "disableKey", arguments{"credentialId": key}, "credential")
}

// credentialFields are how the reference resolves fields of credentials.
func credentialFields() map[string]resolver {
	return map[string]resolver{
		"Query.credentialByKey": func(q fieldRequest) (any, error) {
			username, err := uuid.Parse(q.object("input")["key"].(string)) // the documents have no secrets
			if err != nil {
				return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "")
			}
			return q.only(nodeid.Credential, func(row any) bool { return row.(*db.Credential).Username == username })
		},
		"Credential.status":            decidedFor(func(q fieldRequest, c *db.Credential) any { return q.statusOf(c) }),
		"Credential.enabled":           decidedFor(func(q fieldRequest, c *db.Credential) any { return q.statusOf(c) == access.CredentialActive }),
		"Credential.accountCredential": valueOf(func(c *db.Credential) any { return c.AppID == nil }),
		"Credential.organizationId":    valueOf(func(c *db.Credential) any { return nodeid.Encode(nodeid.Organization, c.OrganizationID) }),
		"Credential.rawKeyHint": valueOf(func(c *db.Credential) any {
			if c.RawKeyHint == "" {
				return nil
			}
			return c.RawKeyHint
		}),
		"Credential.accessControlList": func(q fieldRequest) (any, error) {
			entries, err := q.rows.all(accessEntries)
			var ids []uuid.UUID
			for _, e := range entries {
				if e := e.(*db.AccessEntry); e.CredentialID == q.parent.(*db.Credential).ID {
					ids = append(ids, e.ProductID)
				}
			}
			if err != nil {
				return nil, err
			}
			listed, err := q.listed(nodeid.Product, ids)
			if err != nil {
				return nil, err
			}
			return nonNil(q.page(listed, accessOrder(), q.parameters))
		},
		"Credential.callsLast24h": callsLast24h(usage.ByCredential),
		"Credential.enforcement": func(q fieldRequest) (any, error) {
			id := q.parent.(*db.Credential).ID
			found, err := q.w.calls.verifier.Enforcements(q.ctx, q.who.OrganizationID, []uuid.UUID{id})
			e := found[id]
			return &enforced{e.Revision, e.AppliedBy, e.Pending, e.Lag.Milliseconds()}, err
		},
		"Credential.app":      objectIn(nodeid.App, "AppID"),
		"Credential.account":  objectIn(nodeid.Account, "AccountID"),
		"Credential.timeline": ownTimeline(),
		"Credential.viewerCan": decidedFor(func(q fieldRequest, c *db.Credential) any {
			settled := *c
			settled.Status = q.statusOf(c)
			return q.w.Portal.Apps.CredentialPermissions(q.ctx, &settled)
		}),
	}
}

// statusOf returns a credential's status now: that it has expired is not stored,
// and what is neither ACTIVE nor DISABLED is never usable.
func (r *reference) statusOf(c *db.Credential) access.CredentialStatus {
	switch {
	case c.Status != access.CredentialActive && c.Status != access.CredentialDisabled:
		return access.CredentialRevoked
	case c.ExpiresAt != nil && !r.w.Clock.Now().Before(*c.ExpiresAt):
		return access.CredentialExpired
	}
	return c.Status
}

func (q fieldRequest) credentialMatches(c *db.Credential) bool {
	where := q.object("where")
	return where.among("status", string(q.statusOf(c))) && where.among("environment", string(c.Environment))
}

// enforced is how far a credential's last change has been applied.
type enforced struct {
	Revision           int64
	AppliedBy, Pending []string
	LagMs              int64
}
