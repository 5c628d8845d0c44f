package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// What people do with one object at the same moment: every request is answered by what it
// did, or by what came before it, and the log tells of each change once.
func TestRaces(t *testing.T) {
	eachTrack(t, func(t *testing.T, r *track) {
		for name, race := range map[string]func(t *testing.T, r *track){
			"a subscription is approved and withdrawn, and its app deleted":      decideAndDelete,
			"a request for a key is approved and withdrawn, and its app deleted": decideKeyRequest,
			"a key is collected":                             collectOnce,
			"a key is rotated and revoked":                   rotateAndRevoke,
			"a transfer is accepted, declined and cancelled": answerTransfer,
		} {
			t.Run(name, func(t *testing.T) { race(t, r) })
		}
	})
}

// decideAndDelete: whoever comes first, the subscription has ended with its app.
func decideAndDelete(t *testing.T, r *track) {
	c := newActors(t, r.nodes[0], "racing-decisions")
	product, _ := c.newProduct(t, "racing-decisions", "MANUAL")
	gateway := newGatewayClient(t, r.nodes[0], "demo", "racing-decisions")
	for range rounds {
		app, first := c.newApp(t, "Short-lived")
		second, key := c.newKey(t, app)
		id := c.register(t, app, product)
		all := r.run(t,
			rival{who: c.admin, mutation: "approveSubscription", input: vars{"subscriptionId": id}, selection: `productSubscription { status version }`},
			rival{who: c.dev, mutation: "withdraw", input: vars{"subscriptionId": id}, selection: `productSubscription { status version }`},
			rival{who: c.dev, mutation: "deleteApp", input: vars{"appId": app}, selection: `deletedAppId`},
		)
		const unknown = "NOT_FOUND/UNKNOWN_OBJECT"
		approved := requireOutcomes(t, all, "approveSubscription", "WRONG_STATUS", unknown)
		withdrawn := requireOutcomes(t, all, "withdraw", "WRONG_STATUS", unknown)
		require.Len(t, requireOutcomes(t, all, "deleteApp", unknown), 1, "deleted once")
		require.LessOrEqual(t, len(approved)+len(withdrawn), 1, "decided once")

		life := []string{"SUBSCRIPTION_REGISTERED"}
		switch {
		case len(approved) == 1:
			life = append(life, "SUBSCRIPTION_APPROVED", "SUBSCRIPTION_UNREGISTERED")
			require.Equal(t, "APPROVED", approved[0].answer.Text("approveSubscription", "productSubscription", "status"))
		case len(withdrawn) == 1:
			life = append(life, "SUBSCRIPTION_WITHDRAWN")
			require.Equal(t, "UNSUBSCRIBED", withdrawn[0].answer.Text("withdraw", "productSubscription", "status"))
		default:
			life = append(life, "SUBSCRIPTION_UNREGISTERED")
		}
		t.Log(life)
		require.Equal(t, life, c.events(t, id, "UNSUBSCRIBED"))
		require.Equal(t, []string{"APP_CREATED", "APP_DELETED"}, c.events(t, app, ""))
		for _, credential := range []string{first, second} {
			require.Equal(t, []string{"CREDENTIAL_CREATED", "CREDENTIAL_REVOKED"}, c.events(t, credential, "REVOKED"))
		}
		for _, node := range r.nodes {
			gateway.at(node).requireSoon(t, "REVOKED", key, "racing-decisions")
		}
		seen := c.dev.Must(t, `query($sub: ID!, $app: ID!) { app(id: $app) { id } node(id: $sub) { id } }`, vars{"sub": id, "app": app})
		require.Nil(t, seen.At("app"))
		require.Nil(t, seen.At("node"))
	}
}

// rotateAndRevoke: the key is revoked once and rotated at most once, and its successor lives
// if there is one.
func rotateAndRevoke(t *testing.T, r *track) {
	c := newActors(t, r.nodes[0], "racing-keys")
	product, _ := c.newProduct(t, "racing-keys", "AUTO")
	gateway := newGatewayClient(t, r.nodes[0], "demo", "racing-keys")
	app, _ := c.newApp(t, "Rotating")
	c.register(t, app, product)
	const revoked = `credential { status version revokedAt revokedReason }`
	for range rounds {
		old, key := c.newKey(t, app)
		refused := func(node *servertest.Server) {
			if v, err := gateway.at(node).try(vars{"key": key, "product": "racing-keys"}); err != nil || v.Code != "REVOKED" {
				t.Errorf("the node has answered that the key is revoked, and its gate says %q %v", v.Code, err)
			}
		}
		rotate := rival{who: c.dev, mutation: "rotateKey", input: vars{"credentialId": old, "overlapMinutes": 60}, selection: `credential { id } predecessor { id } secret { rawKey }`}
		all := r.run(t, rotate, rival{who: c.dev, mutation: "revokeKey", input: vars{"credentialId": old, "reason": "SUPERSEDED"}, selection: revoked, then: refused},
			rotate, rival{who: c.admin, mutation: "revokeKey", input: vars{"credentialId": old, "reason": "KEY_COMPROMISE"}, selection: revoked, then: refused})
		rotated := requireOutcomes(t, all, "rotateKey", "WRONG_STATUS", "KEY_REVOKED")
		require.LessOrEqual(t, len(rotated), 1, "rotated once at most")
		winners := requireOutcomes(t, all, "revokeKey")
		require.Len(t, winners, runners/2, "revoking what is revoked changes nothing, and is no error")
		for _, w := range winners {
			require.Equal(t, winners[0].answer.At("revokeKey"), w.answer.At("revokeKey"), "one has revoked it, for its reason")
		}

		life := []string{"CREDENTIAL_CREATED"}
		if len(rotated) == 1 {
			life = append(life, "CREDENTIAL_ROTATED")
			c.requireSuccessor(t, r, gateway, old, rotated[0].answer)
		}
		life = append(life, "CREDENTIAL_REVOKED")
		t.Log(life)
		require.Equal(t, life, c.events(t, old, "REVOKED"))
		require.Equal(t, len(life), winners[0].answer.Number("revokeKey", "credential", "version"))
		for _, node := range r.nodes {
			gateway.at(node).requireSoon(t, "REVOKED", key, "racing-keys")
		}
	}
}

// requireSuccessor requires that the key of a rotation's answer is the one that has taken the
// old one's place, that it passes, and that nothing has happened to it.
func (c *actors) requireSuccessor(t *testing.T, r *track, gateway *gatewayClient, old string, rotation *servertest.Answer) {
	t.Helper()
	id := rotation.Text("rotateKey", "credential", "id")
	require.Equal(t, old, rotation.Text("rotateKey", "predecessor", "id"))
	require.Equal(t, []string{"CREDENTIAL_CREATED"}, c.events(t, id, ""))
	seen := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on Credential { successor { id status } } } }`, vars{"id": old})
	require.Equal(t, map[string]any{"id": id, "status": "ACTIVE"}, seen.At("node", "successor"))
	for _, node := range r.nodes {
		gateway.at(node).requireSoon(t, "VALID", rotation.Text("rotateKey", "secret", "rawKey"), "racing-keys")
	}
}

// answerTransfer: one answer counts, and the app is where it says.
func answerTransfer(t *testing.T, r *track) {
	c := newTransferScene(t, r.nodes[0], "racing-transfers")
	ends := map[string]string{"acceptAppTransfer": "ACCEPTED", "declineAppTransfer": "DECLINED", "cancelAppTransfer": "CANCELLED"}
	for round := range rounds {
		app, _ := c.newApp(t, fmt.Sprint("Handed over ", round))
		_, key := c.newKey(t, app)
		c.register(t, app, c.product)
		c.app = app
		id := c.offer(t)
		in := vars{"appTransferId": id}
		all := r.run(t,
			rival{who: c.receiver.dev, mutation: "acceptAppTransfer", input: in, selection: `appTransfer { status }`},
			rival{who: c.receiver.dev, mutation: "declineAppTransfer", input: in, selection: `appTransfer { status }`},
			rival{who: c.dev, mutation: "cancelAppTransfer", input: in, selection: `appTransfer { status }`},
		)
		var winners []finish
		for mutation := range ends {
			winners = append(winners, requireOutcomes(t, all, mutation, "WRONG_STATUS")...)
		}
		require.Len(t, winners, 1, "one answer counts")
		won := winners[0].mutation
		t.Log(won)
		require.Equal(t, ends[won], winners[0].answer.Text(won, "appTransfer", "status"))
		c.requireAnswered(t, id, ends[won], round+1)
		for _, node := range r.nodes {
			c.gateway.at(node).requireSoon(t, "VALID", key, "racing-transfers")
		}
	}
}

// requireAnswered requires that an offer of the scene's app, the nth, has ended in this way
// for both sides, once, and that the app belongs to whom it says.
func (c *transferScene) requireAnswered(t *testing.T, id, status string, nth int) {
	t.Helper()
	owner, stranger := c.actors, c.receiver
	if status == "ACCEPTED" {
		owner, stranger = stranger, owner
	}
	const seen = `query($id: ID!, $app: ID!) { node(id: $id) { ... on AppTransfer { status } } app(id: $app) { account { id } productSubscriptions { nodes { status } } } }`
	a := owner.dev.Must(t, seen, vars{"id": id, "app": c.app})
	require.Equal(t, status, a.Text("node", "status"))
	require.Equal(t, owner.account, a.Text("app", "account", "id"))
	require.Equal(t, []string{"APPROVED"}, texts(a, "status", "app", "productSubscriptions", "nodes"))
	a = stranger.dev.Must(t, seen, vars{"id": id, "app": c.app})
	require.Equal(t, status, a.Text("node", "status"))
	require.Nil(t, a.At("app"))
	for _, side := range []*actors{c.actors, c.receiver} {
		told := slices.DeleteFunc(timeline(t, side.dev, side.account), func(kind string) bool { return !strings.HasPrefix(kind, "APP_TRANSFER_") })
		require.Len(t, told, 2*nth, "one event for an offer and one for its end")
		require.Equal(t, []string{"APP_TRANSFER_" + status, "APP_TRANSFER_OFFERED"}, told[:2])
	}
}
