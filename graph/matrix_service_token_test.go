package graph_test

import (
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/servicetoken"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// ServiceToken is what the matrix knows of service tokens.
func (nouns) ServiceToken() noun {
	return noun{
		prefix: "tok", list: sorted{list: "serviceTokens"}, fields: serviceTokenFields(), staffOnly: true,
		values: map[string]any{"ServiceTokenPermissions": identity.ServiceTokenPermissions{}},
		questions: map[string]question{
			"ServiceToken":               of("ServiceToken", "service token", ""),
			"ServiceToken: of a gateway": of("ServiceToken", "gateway's token", ""),
			"ServiceTokenPermissions":    of("ServiceToken", "service token", "viewerCan"),
			"ServiceTokenConnection":     plain("{ serviceTokens { %s } }", "serviceTokens"),
			"ServiceTokenEdge":           plain("{ serviceTokens { edges { %s } } }", "serviceTokens.edges"),
			"Actor: a service token":     of("Event", "event of a service token", "actor"),

			"Query.serviceTokens": rootList("serviceTokens(first: 100)", "service token"),
		},
		plays: map[string]play{
			"Mutation.createServiceToken": on("accountId", "SERVICE_TOKEN_CREATED", developersAccount).with(arguments{"scopes": []string{"PORTAL_READ"}}).withName(),
			"Mutation.actAs": {
				target: "userId", event: "USER_ACTED_FOR",
				input: func(w *world, _ string) arguments {
					return arguments{"userId": nodeid.Encode(nodeid.User, w.people["developer"].UserID), "accountId": w.ids["account"]}
				},
			},
			"Mutation.revokeServiceToken": on("serviceTokenId", "SERVICE_TOKEN_REVOKED", (*world).freshServiceToken),
		},
		tables: map[string]table{"service_tokens": {
			client: func(c *db.Client) any { return c.ServiceToken }, column: "id", value: specimen("service token"),
			adds: func(c *db.Client) adding {
				return added(c.ServiceToken.Create, c.ServiceToken.CreateBulk, func(x *db.ServiceTokenCreate, o owner) {
					name := uuid.NewString()
					x.SetOrganizationID(o.organization).SetName(name).SetScopes([]string{"gateway"}).SetTokenHash([]byte(name)).SetHint("last")
				})
			},
			policy: &servicetoken.Policy, types: []string{"ServiceToken"},
		}},
		targets: map[string]string{"actAs": "userId", "createServiceToken": "", "revokeServiceToken": "serviceTokenId"},
		samples: map[string]string{"serviceTokenId": "service token"},
		nothing: map[string]string{
			"none":      "CreateServiceTokenInput.accountId CreateServiceTokenInput.idempotencyKey",
			"never":     "CreateServiceTokenInput.expiresAt",
			"none said": "RevokeServiceTokenInput.reason",
		},
		produce: (*world).produceServiceTokens,
		furnish: (*world).furnishServiceTokens,
	}
}

// withName adds an unused name to a play's input.
func (p play) withName() play {
	first := p.input
	p.input = func(w *world, who string) arguments {
		in := first(w, who)
		in["name"] = w.name("made")
		return in
	}
	return p
}

// tokenViewers returns the scopes of service tokens that may use the API, each of which is a
// viewer with a token that has this one alone, and that of a token which acts for the
// developer.
func tokenViewers() []string {
	return append(domain.NewScopes(domain.PortalRead, domain.PortalWrite, domain.AdminRead, domain.AdminWrite, domain.SubscriptionsDecide, domain.UsersActAs).Names(), acting)
}

// acting is the viewer who is the service token with users:act-as when it acts for the
// developer.
const acting = "acting"

// furnishServiceTokens makes a token for each scope, those of accounts for the developer's,
// and lets one of them do something.
func (w *world) furnishServiceTokens() {
	w.make("admin", "updateOrganization", arguments{"actAs": true}, "organization")
	for _, name := range tokenViewers() {
		scope, ok := domain.ScopeOf(name)
		if !ok {
			w.furnishActing()
			continue
		}
		w.ids["token "+name], w.tokens[name] = w.serviceToken(scope)
		v, ok, err := w.Directory.Machine(w.t.Context(), w.hashOf(w.tokens[name]))
		require.NoError(w.t, err)
		require.True(w.t, ok)
		w.machines[name] = v
	}
	w.ids["service token"] = w.ids["token portal:read"]
	t, err := w.Portal.Identity.CreateGateway(w.t.Context(), identity.NewGateway{Organization: "one", Name: "edge-0", Hash: []byte("zero"), Environment: new(access.Production)})
	require.NoError(w.t, err)
	w.ids["gateway's token"] = t.GlobalID()
	w.make("admin", "revokeServiceToken", arguments{"serviceTokenId": w.ids["gateway's token"]}, "serviceToken")
	w.make("foreign", "createServiceToken", arguments{"name": "theirs", "scopes": []string{"ADMIN_READ"}}, "serviceToken")
	require.NoError(w.t, w.Directory.StoreUses(w.t.Context()))
	w.make("portal:write", "createApp", arguments{"name": "The token's app"}, "app")
	a := w.askAs("admin", `{ events(where: {type: [APP_CREATED]}, first: 1) { nodes { id actor { serviceToken { id } } } } }`, nil)
	id, _ := dig(a.Data, "events.nodes.id")
	by, _ := dig(a.Data, "events.nodes.actor.serviceToken.id")
	require.Equal(w.t, w.ids["token portal:write"], by, a.raw)
	w.ids["event of a service token"] = id.(string)
}

// furnishActing lets the token with users:act-as act for the developer.
func (w *world) furnishActing() {
	a := w.askAs("users:act-as", mutation("actAs", "accessToken"), map[string]any{"input": arguments{"userId": nodeid.Encode(nodeid.User, w.people["developer"].UserID), "accountId": w.ids["account"]}})
	token, _ := dig(a.Data, "actAs.accessToken")
	require.NotEmpty(w.t, token, a.raw)
	dev := w.people["developer"]
	v, ok, err := w.Directory.Acting(w.t.Context(), identity.Acting{
		Organization: dev.OrganizationID, User: dev.UserID, Token: w.machines["users:act-as"].TokenID, Account: dev.AccountID, Scopes: domain.NewScopes(domain.PortalRead, domain.PortalWrite),
	})
	require.NoError(w.t, err)
	require.True(w.t, ok)
	w.tokens[acting], w.machines[acting] = token.(string), v
}

// serviceToken creates a token with a scope, and returns its id and the token itself.
func (w *world) serviceToken(scope domain.ServiceTokenScope) (id, token string) {
	in := arguments{"name": w.name("token"), "scopes": []string{string(scope)}, "expiresAt": w.Clock.Now().AddDate(10, 0, 0)}
	if scope == domain.PortalRead || scope == domain.PortalWrite {
		in["accountId"] = w.ids["account"]
	}
	a := w.askAs("admin", mutation("createServiceToken", "secret serviceToken { id }"), map[string]any{"input": in})
	made, _ := dig(a.Data, "createServiceToken.serviceToken.id")
	secret, _ := dig(a.Data, "createServiceToken.secret")
	require.NotEmpty(w.t, secret, a.raw)
	return made.(string), secret.(string)
}

// hashOf returns the hash under which a token is stored.
func (w *world) hashOf(token string) []byte {
	hashes, ok := w.machineTokens.Hashes(token)
	require.True(w.t, ok)
	return hashes[0]
}

func (w *world) freshServiceToken() string {
	id, _ := w.serviceToken(domain.PortalRead)
	return id
}

// serviceTokenFields are how the reference resolves fields of service tokens.
func serviceTokenFields() map[string]resolver {
	status := func(q fieldRequest, t *db.ServiceToken) domain.ServiceTokenStatus {
		switch now := q.w.Clock.Now(); {
		case t.RevokedAt != nil:
			return domain.TokenRevoked
		case t.ExpiresAt != nil && !now.Before(*t.ExpiresAt):
			return domain.TokenExpired
		}
		return domain.TokenActive
	}
	return map[string]resolver{
		"Query.serviceTokens": listOf(nodeid.ServiceToken, func(q fieldRequest, t *db.ServiceToken) bool {
			where, account := q.object("where"), uuid.Nil
			if t.AccountID != nil {
				account = *t.AccountID
			}
			return where.among("status", string(status(q, t))) && where.amongIDs("accountIds", nodeid.Account, account)
		}),
		"ServiceToken.status": decidedFor(func(q fieldRequest, t *db.ServiceToken) any { return status(q, t) }),
		"ServiceToken.scopes": valueOf(func(t *db.ServiceToken) any {
			out := []any{}
			for _, s := range domain.ServiceTokenScopes() {
				for _, name := range t.Scopes {
					if name == s.Name() {
						out = append(out, s)
					}
				}
			}
			return out
		}),
		"ServiceToken.account": objectIn(nodeid.Account, "AccountID"),
		"ServiceToken.viewerCan": decidedFor(func(q fieldRequest, t *db.ServiceToken) any {
			return q.w.Portal.Identity.ServiceTokenPermissions(q.ctx, t)
		}),
	}
}

// produceServiceTokens makes a token with every scope, and asks what the scopes of one
// allow; tokens are in every status.
func (w *world) produceServiceTokens() {
	for _, scope := range w.values("ServiceTokenScope") {
		in := arguments{"name": w.name("token"), "scopes": []string{scope}}
		if scope == "PORTAL_READ" || scope == "PORTAL_WRITE" {
			in["accountId"] = w.ids["account"]
		}
		w.mustSucceed("admin", "createServiceToken", in, "serviceToken { scopes }")
	}
	_, err := w.Client.ServiceToken.UpdateOneID(uuidOf(w.freshServiceToken())).SetExpiresAt(w.Clock.Now()).Save(portaltest.System(w.t))
	require.NoError(w.t, err)
	_, err = w.Client.ServiceToken.UpdateOneID(uuidOf(w.freshServiceToken())).SetExpiresAt(w.Clock.Now().AddDate(0, 0, 2)).ClearExpiryNotice().Save(portaltest.System(w.t))
	require.NoError(w.t, err)
	_, err = w.Portal.Maintenance.RecordNotices(portaltest.System(w.t))
	require.NoError(w.t, err)
	for _, status := range w.values("ServiceTokenStatus") {
		a := w.askAs("admin", `query($of: [ServiceTokenStatus!]) { serviceTokens(where: {status: $of}, first: 1) { nodes { status } } }`, map[string]any{"of": []string{status}})
		require.Contains(w.t, a.raw, `"status":"`+status+`"`)
	}
	a := w.askAs("portal:read", `query($id: ID!) { app(id: $id) { viewerCan { update { allowed code } } } }`, map[string]any{"id": w.ids["app"]})
	require.Contains(w.t, a.raw, `"update":{"allowed":false,"code":"SCOPE"}`)
	a = w.askAs("portal:read", mutation("deleteApp", "deletedAppId"), map[string]any{"input": arguments{"appId": w.ids["app"]}})
	require.Contains(w.t, a.raw, `"reason":"SCOPE"`)
}

// viewerOf returns the viewer of a service token or of a person.
func (w *world) viewerOf(who string) viewer.Viewer {
	if v, ok := w.machines[who]; ok {
		return v
	}
	return w.people[who]
}
