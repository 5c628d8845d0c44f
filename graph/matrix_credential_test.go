package graph_test

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/usage"
)

// Credential is what the matrix knows of credentials.
func (nouns) Credential() noun {
	n := noun{
		prefix: "cred", list: sorted{list: "credentials"}, fields: credentialFields(),
		values: map[string]any{"CredentialPermissions": apps.CredentialPermissions{}, "RotationEvidence": apps.RotationEvidence{}, "Enforcement": enforced{}},
		questions: map[string]question{
			"Credential":                 of("Credential", "key", ""),
			"Credential: revoked":        of("Credential", "revoked key", ""),
			"Credential: disabled":       of("Credential", "disabled key", ""),
			"Credential: of the account": of("Credential", "account's key", ""),
			"RateLimit: of a key":        of("Credential", "key", "rateLimit"),
			"Credential: rotated":        of("Credential", "rotated key", ""),
			"Credential: successor":      of("Credential", "successor", ""),
			"RotationEvidence":           of("Credential", "rotated key", "rotation"),
			"CredentialPermissions":      of("Credential", "key", "viewerCan"),
			"CredentialConnection":       of("App", "app", "credentials"),
			"CredentialEdge":             of("App", "app", "credentials.edges"),
			"Secret": {
				document: "mutation($id: ID!) { generateKey(input: {appId: $id}) { secret { %s } } }", specimen: "app", at: "generateKey.secret",
			},
			"RevokeKeysResult": {
				document: "mutation($id: ID!) { revokeKeys(input: {credentialIds: [$id]}) { results { %s } } }", specimen: "key to revoke", at: "revokeKeys.results",
			},
			"Query.credentials":           rootList("credentials(last: 100)", "key"),
			"CredentialFilter.accountIds": narrowed("credentials", "accountIds", "key"),
			"Query.credentialByKey":       {document: "query($id: String!) { credentialByKey(input: {key: $id}) { id } }", specimen: "username"},
		},
		plays: map[string]play{
			"Mutation.generateKey": on("appId", "CREDENTIAL_CREATED", (*world).freshApp),
			"Mutation.updateKey":   on("credentialId", "CREDENTIAL_UPDATED", (*world).freshKey).with(arguments{"name": "another name"}),
			"Mutation.rotateKey":   on("credentialId", "CREDENTIAL_ROTATED", (*world).freshKey),
			"Mutation.revokeKey":   on("credentialId", "CREDENTIAL_REVOKED", (*world).freshKey),
			"Mutation.revokeKeys": {target: "credentialIds", event: "CREDENTIAL_REVOKED", input: func(w *world, _ string) arguments {
				return arguments{"credentialIds": []string{w.freshKey()}}
			}},
			"Mutation.disableKey": on("credentialId", "CREDENTIAL_DISABLED", (*world).freshKey),
			"Mutation.enableKey":  on("credentialId", "CREDENTIAL_ENABLED", (*world).disabledKey),

			"Mutation: the whole account.generateKey": on("accountId", "CREDENTIAL_CREATED", developersAccount),
			"Mutation: the whole account.rotateKey":   on("credentialId", "CREDENTIAL_ROTATED", (*world).freshAccountKey),
			"Mutation: the whole account.revokeKey":   on("credentialId", "CREDENTIAL_REVOKED", (*world).freshAccountKey),
		},
		tables: credentialTables(),
		targets: map[string]string{
			"generateKey": "appId", "updateKey": "credentialId", "rotateKey": "credentialId", "revokeKey": "credentialId", "revokeKeys": "credentialIds", "disableKey": "credentialId", "enableKey": "credentialId",
		},
		samples: map[string]string{"credentialId": "key", "credentialIds": "key", "accessControlList": "product"},
		nothing: map[string]string{
			"none":                     "GenerateKeyInput.appId GenerateKeyInput.accountId GenerateKeyInput.idempotencyKey RotateKeyInput.idempotencyKey RevokeKeyInput.note RevokeKeysInput.note",
			"a day, or what is left":   "RotateKeyInput.overlapMinutes",
			"the longest life allowed": "FirstKeyInput.expiresAt GenerateKeyInput.expiresAt UpdateKeyInput.expiresAt",
			"none said":                "DisableKeyInput.reason EnableKeyInput.reason RotateKeyInput.reason",
			"the limit":                "RateLimitInput.burst",
			"cleared": `FirstKeyInput.labels GenerateKeyInput.labels UpdateKeyInput.labels FirstKeyInput.name FirstKeyInput.accessControlList FirstKeyInput.allowedAddresses FirstKeyInput.rateLimit
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
	return w.make("developer", "disableKey", arguments{"credentialId": key}, "credential")
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
		"Credential.status": decidedFor(func(q fieldRequest, c *db.Credential) any { return q.statusOf(c) }),
		"Credential.disabledBy": decidedFor(func(q fieldRequest, c *db.Credential) any {
			switch {
			case q.statusOf(c) != access.CredentialDisabled:
				return nil
			case c.DisabledByOwner:
				return domain.DisabledByOwner
			}
			return domain.DisabledByStaff
		}),
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
		"Query.credentials": credentialsOf(func(q fieldRequest, c *db.Credential) bool { return q.credentialMatches(c) }),
		"Credential.rotationDueAt": decidedFor(func(q fieldRequest, c *db.Credential) any {
			if due, ok := q.rotationDue(c); ok {
				return due
			}
			return nil
		}),
		"Credential.outOfPolicy":  decidedFor(func(q fieldRequest, c *db.Credential) any { return q.outOfPolicy(c) }),
		"Credential.callsLast24h": callsLast24h(usage.ByCredential),
		"Credential.enforcement": func(q fieldRequest) (any, error) {
			id := q.parent.(*db.Credential).ID
			found, err := q.w.calls.verifier.Enforcements(q.ctx, q.who.OrganizationID, []uuid.UUID{id})
			e := found[id]
			return &enforced{e.Revision, e.AppliedBy, e.Pending, e.Lag.Milliseconds()}, err
		},
		"Credential.app":         objectIn(nodeid.App, "AppID"),
		"Credential.account":     objectIn(nodeid.Account, "AccountID"),
		"Credential.predecessor": objectIn(nodeid.Credential, "PredecessorID"),
		"Credential.successor":   objectIn(nodeid.Credential, "SuccessorID"),
		"Credential.rotation": func(q fieldRequest) (any, error) {
			c := q.parent.(*db.Credential)
			successor, err := q.successorOf(c)
			if err != nil || successor == nil {
				return nil, err
			}
			all, err := q.w.Portal.Apps.Rotations(q.ctx, []uuid.UUID{c.ID})
			if err != nil || all[c.ID] == nil {
				return nil, err
			}
			zone, err := q.w.Portal.Activity.Zone(q.ctx)
			if err != nil {
				return nil, err
			}
			calls, err := q.w.calls.reports.CallsSince(q.ctx, q.who.OrganizationID, zone, []usage.Since{
				{Credential: c.ID, From: *c.RotatedAt}, {Credential: successor.ID, From: *c.RotatedAt},
			})
			if err != nil {
				return nil, err
			}
			out := all[c.ID]
			out.PredecessorCalls, out.SuccessorCalls = calls[0], calls[1]
			return out, nil
		},
		"Credential.timeline": ownTimeline(),
		"Credential.viewerCan": decidedFor(func(q fieldRequest, c *db.Credential) any {
			settled := *c
			settled.Status = q.statusOf(c)
			successor, err := q.successorOf(c)
			return q.w.Portal.Apps.CredentialPermissions(q.ctx, &settled, err == nil && successor != nil && q.statusOf(successor) != access.CredentialRevoked)
		}),
	}
}

// successorOf returns the successor of a credential; nil for none.
func (q fieldRequest) successorOf(c *db.Credential) (*db.Credential, error) {
	if c.SuccessorID == nil {
		return nil, nil
	}
	found, err := q.rows.byID(nodeid.Credential, *c.SuccessorID)
	successor, _ := found.(*db.Credential)
	return successor, err
}

// statusOf returns a credential's status now: that it has expired is not stored,
// and what is neither ACTIVE, DISABLED nor UNCOLLECTED is never usable.
func (r *reference) statusOf(c *db.Credential) access.CredentialStatus {
	switch {
	case c.Status == access.CredentialUncollected:
		return c.Status
	case c.Status != access.CredentialActive && c.Status != access.CredentialDisabled:
		return access.CredentialRevoked
	case c.ExpiresAt != nil && !r.w.Clock.Now().Before(*c.ExpiresAt):
		return access.CredentialExpired
	}
	return c.Status
}

// credentialsOf resolves a list of credentials, of which no conditions contradict one
// another.
func credentialsOf(matches func(fieldRequest, *db.Credential) bool) resolver {
	list := listOf(nodeid.Credential, matches)
	return func(q fieldRequest) (any, error) {
		where := q.object("where")
		for never, until := range map[string]string{"neverUsed": "lastUsedBefore", "neverExpires": "expiresBefore"} {
			if _, bounded := where.text(until); bounded && where[never] == true {
				return nil, invalidArgument()
			}
		}
		return list(q)
	}
}

func (q fieldRequest) credentialMatches(c *db.Credential) bool {
	where := q.object("where")
	return where.searched(domain.Fold(c.Name), c.Username.String()) && where.among("status", string(q.statusOf(c))) && where.among("environment", string(c.Environment)) && where.labelled(c.Labels) &&
		where.amongIDs("accountIds", nodeid.Account, c.AccountID) && where.amongIDs("appIds", nodeid.App, or(c.AppID)) &&
		where.before("createdBefore", &c.CreatedAt) && where.before("lastUsedBefore", c.LastUsedAt) && where.before("expiresBefore", c.ExpiresAt) &&
		where.is("neverUsed", c.LastUsedAt == nil) && where.is("neverExpires", c.ExpiresAt == nil) && where.is("outOfPolicy", q.outOfPolicy(c)) && where.is("imported", c.Imported) &&
		q.reachesAny(where, c)
}

func or[T any](v *T) (out T) {
	if v != nil {
		out = *v
	}
	return out
}

// before reports whether a time is before the one that a filter names, if it does.
func (g parameters) before(name string, t *time.Time) bool {
	text, ok := g.text(name)
	if !ok {
		return true
	}
	bound, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && t != nil && t.Before(bound)
}

// since reports whether a time is at or after the one that a filter names, if it does.
func (g parameters) since(name string, t time.Time) bool {
	text, ok := g.text(name)
	if !ok {
		return true
	}
	bound, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && !t.Before(bound)
}

// is reports whether a fact is as the filter wants it, if it does.
func (g parameters) is(name string, fact bool) bool {
	want, ok := g[name].(bool)
	return !ok || want == fact
}

// reachesAny reports whether a key reaches one of the products that a filter names.
func (q fieldRequest) reachesAny(where parameters, c *db.Credential) bool {
	if where["productIds"] == nil {
		return true
	}
	all, err := q.rows.all(nodeid.ProductSubscription)
	listed, err2 := q.rows.all(accessEntries)
	return err == nil && err2 == nil && slices.ContainsFunc(all, func(row any) bool {
		s := row.(*db.Subscription)
		mine := c.AppID != nil && s.AppID == *c.AppID || c.AppID == nil && s.AccountID == c.AccountID
		return mine && s.Status == access.SubscriptionApproved && s.DeletedAt == nil && where.amongIDs("productIds", nodeid.Product, s.ProductID) &&
			(c.Access == access.AllProducts || slices.ContainsFunc(listed, func(row any) bool {
				e := row.(*db.AccessEntry)
				return e.CredentialID == c.ID && e.ProductID == s.ProductID
			}))
	})
}

// rotationDue returns when a key is due for rotation, if it ever is.
func (q fieldRequest) rotationDue(c *db.Credential) (time.Time, bool) {
	days := q.organization().RotateKeysEvery.In(c.Environment)
	status := q.statusOf(c)
	if days == nil || c.RotatedAt != nil || status != access.CredentialActive && status != access.CredentialDisabled {
		return time.Time{}, false
	}
	return c.CreatedAt.AddDate(0, 0, *days), true
}

// organization returns the asker's.
func (q fieldRequest) organization() *db.Organization {
	all, err := q.rows.all(nodeid.Organization)
	if err != nil {
		panic(err)
	}
	for _, row := range all {
		if o := row.(*db.Organization); o.ID == q.who.OrganizationID {
			return o
		}
	}
	return &db.Organization{}
}

func (q fieldRequest) outOfPolicy(c *db.Credential) bool {
	if status := q.statusOf(c); status != access.CredentialActive && status != access.CredentialDisabled {
		return false
	}
	now := q.w.Clock.Now()
	if due, ok := q.rotationDue(c); ok && !now.Before(due) {
		return true
	}
	days := q.organization().LongestKeyLife.In(c.Environment)
	return days != nil && (c.ExpiresAt == nil || c.ExpiresAt.Sub(now) > time.Duration(*days)*24*time.Hour)
}

// enforced is how far a credential's last change has been applied.
type enforced struct {
	Revision           int64
	AppliedBy, Pending []string
	LagMs              int64
}
