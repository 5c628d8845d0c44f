package graph_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/ent/db/servicetoken"
	"portico/graph/model"
	"portico/internal/domain"
	"portico/internal/gateway/presence"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
)

// Gateways is what the matrix knows of gateways, which are rows of service tokens.
func (nouns) Gateways() noun {
	const oldest, revoked = "(orderBy: {field: CREATED_AT, direction: ASC})", "(where: {status: [REVOKED]})"
	return noun{
		questions: map[string]question{
			"Gateway":              plain("{ gateways"+oldest+" { nodes { %s } } }", "gateways.nodes"),
			"Gateway: never asked": plain("{ gateways"+revoked+" { nodes { %s } } }", "gateways.nodes"),
			"GatewayConnection":    plain("{ gateways { %s } }", "gateways"),
			"GatewayEdge":          plain("{ gateways { edges { %s } } }", "gateways.edges"),
			"Query.gateways":       {document: "{ gateways { totalCount nodes { serviceToken { id } } edges { node { serviceToken { id } } } } }", among: "gateway's token"},
		},
		furnish: (*world).furnishGateways,
		fields: map[string]resolver{
			"Query.gateways": listOf(nodeid.ServiceToken, func(q fieldRequest, t *db.ServiceToken) bool {
				status := q.w.Portal.Identity.ServiceTokenStatus(t)
				return len(t.Scopes) == 1 && t.Scopes[0] == domain.GatewayScope.Name() && q.object("where").among("status", string(status))
			}),
			"Gateway.serviceToken": valueOf(func(t *db.ServiceToken) any { return t }),
			"Gateway.lastSeenAt":   seen(func(s presence.State) any { return s.SeenAt }),
			"Gateway.position":     seen(func(s presence.State) any { return s.Position }),
			"Gateway.lagMs":        seen(func(s presence.State) any { return s.LagMs() }),
			"Gateway.verdicts":     seen(func(s presence.State) any { return model.CodeCounts(s.Calls) }),
		},
		values: map[string]any{"CodeCount": model.CodeCount{}},
	}
}

// seen resolves a field by what was seen of the gateway.
func seen(value func(presence.State) any) resolver {
	return func(q fieldRequest) (any, error) {
		token := q.parent.(*db.ServiceToken).ID
		all, err := q.w.calls.verifier.Gateways(q.ctx, q.who.OrganizationID, []uuid.UUID{token})
		return value(all[token]), err
	}
}

// furnishGateways lets the organization's first gateway follow the feed, a step behind.
func (w *world) furnishGateways() {
	t, err := w.Client.ServiceToken.Query().Where(servicetoken.OrganizationID(w.one.Organization.ID), servicetoken.Name("edge-1")).Only(portaltest.System(w.t))
	require.NoError(w.t, err)
	w.saw(w.t, t, uuid.New(), func(g *presence.Gateway) {
		g.Follows("a", 1)
		g.Count(verdict.Valid)
	})
}

// saw stores that a node has seen a gateway now, and what it did.
func (s *server) saw(t testing.TB, token *db.ServiceToken, node uuid.UUID, does func(*presence.Gateway)) {
	t.Helper()
	tracker := presence.NewTracker(s.Clock)
	g := tracker.Gateway(token.OrganizationID, token.ID)
	g.Seen(s.Clock.Now())
	does(g)
	require.NoError(t, tracker.Store(t.Context(), s.Database, node, false))
}
