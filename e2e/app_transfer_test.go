package e2e

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

const transferred = `appTransfer { id status answer appName fromAccountName toAccountName productTitles keyCount callsLast24h reason fromAccount { id } toAccount { id } app { id } offeredBy { name } decidedBy { name } decidedAt }`

// transferScene is a developer's app with a key and an approved subscription, and the people
// of another account.
type transferScene struct {
	*actors
	receiver     *actors
	product      string
	app, key     string
	subscription string
	gateway      *gatewayClient
}

func newTransferScene(t *testing.T, s *servertest.Server, name string) *transferScene {
	c := &transferScene{actors: newActors(t, s, name), receiver: newActors(t, s, name+"-to"), gateway: newGatewayClient(t, s, "demo", name)}
	c.product, _ = c.newProduct(t, name, "AUTO")
	c.app, _ = c.newApp(t, "Handed over")
	_, c.key = c.newKey(t, c.app)
	c.subscription = c.register(t, c.app, c.product)
	return c
}

func (c *transferScene) offer(t *testing.T) string {
	t.Helper()
	return c.dev.Do(t, "transferApp", vars{"appId": c.app, "toAccountId": c.receiver.account, "reason": "You run it."}, transferred).Text("transferApp", "appTransfer", "id")
}

// An app goes to another account: its key passes before and after, its former people lose it
// at once, and the gate follows the state of the account that has it.
func transferredApps(t *testing.T, s *servertest.Server) {
	c := newTransferScene(t, s, "handing-over")
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "handing-over"))
	id := c.offer(t)
	seen := c.receiver.dev.Must(t, `{ appTransfers(where: {direction: INCOMING, status: [PENDING]}) { totalCount nodes { id appName fromAccountName productTitles keyCount reason app { id } fromAccount { id } offeredBy { name } viewerCan { accept { allowed } cancel { allowed } } } } }`, nil)
	one := seen.At("appTransfers", "nodes", 0).(map[string]any)
	require.Equal(t, map[string]any{
		"id": id, "appName": "Handed over", "fromAccountName": "handing-over account", "productTitles": []any{"Title of handing-over"}, "keyCount": float64(2), "reason": "You run it.",
		"app": nil, "fromAccount": nil, "offeredBy": nil, "viewerCan": map[string]any{"accept": map[string]any{"allowed": true}, "cancel": map[string]any{"allowed": false}},
	}, one)
	// The offer does not tell which app it is, so a list does not either.
	const byApp = `query($app: ID!) { appTransfers(where: {appIds: [$app]}) { totalCount } }`
	found := func(who *servertest.Client) int {
		return who.Must(t, byApp, vars{"app": c.app}).Number("appTransfers", "totalCount")
	}
	require.Equal(t, []int{1, 0, 1}, []int{found(c.dev), found(c.receiver.dev), found(c.admin)})
	requireReason(t, c.receiver.dev.Ask(t, "updateApp", vars{"appId": c.app, "name": "Mine"}, `app { id }`), "NOT_FOUND", "UNKNOWN_OBJECT")
	// Who sees the offer, but is of the wrong side, is told so; a third account is told nothing.
	requireReason(t, c.receiver.dev.Ask(t, "cancelAppTransfer", vars{"appTransferId": id}, `appTransfer { id }`), "FORBIDDEN", "ROLE")
	requireReason(t, c.dev.Ask(t, "acceptAppTransfer", vars{"appTransferId": id}, `appTransfer { id }`), "FORBIDDEN", "ROLE")
	requireReason(t, c.dev.Ask(t, "declineAppTransfer", vars{"appTransferId": id}, `appTransfer { id }`), "FORBIDDEN", "ROLE")
	why := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on AppTransfer { viewerCan { accept { allowed code message } } } } }`, vars{"id": id})
	require.Equal(t, map[string]any{"allowed": false, "code": "ROLE", "message": "Only the account to which the app is offered may do this."}, why.At("node", "viewerCan", "accept"))
	stranger := newActors(t, s, "handing-over-stranger")
	for _, mutation := range []string{"acceptAppTransfer", "declineAppTransfer", "cancelAppTransfer"} {
		requireReason(t, stranger.dev.Ask(t, mutation, vars{"appTransferId": id}, `appTransfer { id }`), "NOT_FOUND", "UNKNOWN_OBJECT")
	}

	a := c.receiver.dev.Do(t, "acceptAppTransfer", vars{"appTransferId": id}, `app { id name account { id } productSubscriptions { nodes { status requestedBy { name } } } } `+transferred)
	require.Equal(t, c.receiver.account, a.Text("acceptAppTransfer", "app", "account", "id"))
	require.Equal(t, "APPROVED", a.Text("acceptAppTransfer", "app", "productSubscriptions", "nodes", 0, "status"))
	require.Nil(t, a.At("acceptAppTransfer", "app", "productSubscriptions", "nodes", 0, "requestedBy"))
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "handing-over"))
	for mutation, in := range map[string]vars{"updateApp": {"appId": c.app, "name": "Mine"}, "deleteApp": {"appId": c.app}, "transferApp": {"appId": c.app, "toAccountId": c.receiver.account}} {
		requireReason(t, c.dev.Ask(t, mutation, in, `userErrors { code }`), "NOT_FOUND", "UNKNOWN_OBJECT")
	}
	require.Equal(t, []int{0, 1, 1}, []int{found(c.dev), found(c.receiver.dev), found(c.admin)})
	c.countsOfBoth(t)
	require.Equal(t, []string{"APP_TRANSFER_ACCEPTED"}, timeline(t, c.receiver.dev, c.app), "what was before stays with the former account")
	require.Equal(t, []string{"APP_TRANSFER_ACCEPTED", "APP_TRANSFER_OFFERED"}, timeline(t, c.dev, c.account)[:2])
	actor := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on Account { timeline(first: 1) { nodes { actor { name user { id } } changes { field after } } } } } }`, vars{"id": c.account})
	require.Equal(t, "handing-over-to account", actor.Text("node", "timeline", "nodes", 0, "actor", "name"), "of the other side the account alone is known")
	require.Nil(t, actor.At("node", "timeline", "nodes", 0, "actor", "user"))

	c.admin.Do(t, "suspendAccount", vars{"accountId": c.account}, `account { id }`)
	require.Equal(t, "VALID", c.gateway.code(t, c.key, "handing-over"), "the former account's state is nothing to it")
	c.admin.Do(t, "suspendAccount", vars{"accountId": c.receiver.account}, `account { id }`)
	require.Equal(t, "ACCOUNT_SUSPENDED", c.gateway.code(t, c.key, "handing-over"))
}

// countsOfBoth requires that each account is given the calls of its own time, of which there
// was one; the former one cannot ask by the app's keys any more.
func (c *transferScene) countsOfBoth(t *testing.T) {
	t.Helper()
	const calls = `query($app: ID!, $from: Time!, $to: Time!) { usage(where: {appIds: [$app], from: $from, to: $to, timeZone: "UTC"}, interval: HOUR) { total topApps(first: 2) { app { id } calls } } }`
	at := vars{"app": c.app, "from": time.Now().Add(-time.Hour).Format(time.RFC3339), "to": time.Now().Add(time.Hour).Format(time.RFC3339)}
	for who, shown := range map[*servertest.Client]any{c.dev: nil, c.receiver.dev: map[string]any{"id": c.app}} {
		require.EventuallyWithT(t, func(ct *assert.CollectT) {
			a := who.Must(t, calls, at)
			assert.Equal(ct, 1, a.Number("usage", "total"))
			assert.Equal(ct, []any{map[string]any{"app": shown, "calls": 1.0}}, a.At("usage", "topApps"))
		}, 30*time.Second, 100*time.Millisecond)
	}
	stranger := newActors(t, c.server, "counting-stranger")
	requireReason(t, stranger.dev.Send(t, calls, at), "NOT_FOUND", "UNKNOWN_OBJECT")
}

// An account makes so many offers that nobody accepts, and taking them back gives no room.
func boundedTransfers(t *testing.T, s *servertest.Server) {
	c := newTransferScene(t, s, "offering")
	offer := func() *servertest.Answer {
		app, _ := c.newApp(t, "To whom it may concern")
		return c.dev.Ask(t, "transferApp", vars{"appId": app, "toAccountId": c.receiver.account}, `appTransfer { id } userErrors { code field params { name value } }`)
	}
	for n := range 20 {
		id := offer().Text("transferApp", "appTransfer", "id")
		if n%2 == 0 {
			c.dev.Do(t, "cancelAppTransfer", vars{"appTransferId": id}, transferred)
		}
	}
	refused := offer().At("transferApp", "userErrors", 0).(map[string]any)
	delete(refused, "message")
	require.Equal(t, map[string]any{"code": "TOO_MANY", "field": []any{"appId"}, "params": []any{map[string]any{"name": "max", "value": "20"}}}, refused)
	open := c.receiver.dev.Must(t, `{ appTransfers(where: {direction: INCOMING, status: [PENDING]}, first: 1) { totalCount nodes { id } } }`, nil)
	require.Equal(t, 10, open.Number("appTransfers", "totalCount"))
	c.receiver.dev.Do(t, "acceptAppTransfer", vars{"appTransferId": open.Text("appTransfers", "nodes", 0, "id")}, transferred)
	require.NotEmpty(t, offer().Text("transferApp", "appTransfer", "id"), "what is wanted makes room")
}

// What is refused changes nothing, a developer learns nothing about other accounts, and of
// many who accept at once one does.
func refusedTransfers(t *testing.T, s *servertest.Server) {
	c := newTransferScene(t, s, "keeping")
	refused := func(who *servertest.Client, code, field, to string) {
		t.Helper()
		requireProblem(t, who.Ask(t, "transferApp", vars{"appId": c.app, "toAccountId": to}, transferred), "transferApp", code, field)
	}
	gone, suspended := c.newAccount(t, "Gone"), c.newAccount(t, "Suspended")
	c.admin.Do(t, "deleteAccount", vars{"accountId": gone}, `deletedAccountId`)
	c.admin.Do(t, "suspendAccount", vars{"accountId": suspended}, `account { id }`)
	for _, id := range []string{"", "acct_x", c.app, gone, suspended} {
		refused(c.dev, "UNKNOWN_REFERENCE", "toAccountId", id)
	}
	refused(c.admin, "WRONG_STATUS", "toAccountId", gone)
	refused(c.admin, "WRONG_STATUS", "toAccountId", suspended)
	refused(c.dev, "NOT_ALLOWED", "toAccountId", c.account)
	c.admin.Do(t, "suspendSubscription", vars{"subscriptionId": c.subscription}, `productSubscription { id }`)
	refused(c.dev, "WRONG_STATUS", "appId", c.receiver.account)
	c.admin.Do(t, "resumeSubscription", vars{"subscriptionId": c.subscription}, `productSubscription { id }`)

	first := c.offer(t)
	refused(c.dev, "WRONG_STATUS", "appId", c.receiver.account)
	a := c.receiver.dev.Do(t, "declineAppTransfer", vars{"appTransferId": first, "reason": "Not for us."}, transferred)
	require.Equal(t, "DECLINED", a.Text("declineAppTransfer", "appTransfer", "status"))
	requireProblem(t, c.receiver.dev.Ask(t, "acceptAppTransfer", vars{"appTransferId": first}, transferred), "acceptAppTransfer", "WRONG_STATUS", "appTransferId")
	seen := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on AppTransfer { answer decidedBy { name } } } }`, vars{"id": first})
	require.Equal(t, "Not for us.", seen.Text("node", "answer"))
	require.Nil(t, seen.At("node", "decidedBy"))

	second := c.offer(t)
	var asking sync.WaitGroup
	answers := make([]*servertest.Answer, 64)
	for n := range answers {
		asking.Go(func() {
			answers[n] = c.receiver.dev.Ask(t, "acceptAppTransfer", vars{"appTransferId": second}, transferred+` userErrors { code }`)
		})
	}
	asking.Wait()
	accepted := 0
	for _, a := range answers {
		if a.At("acceptAppTransfer", "appTransfer") != nil {
			accepted++
		}
	}
	require.Equal(t, 1, accepted)
	require.Equal(t, []string{"APP_TRANSFER_ACCEPTED"}, timeline(t, c.receiver.dev, c.app))
}
