package graph_test

import (
	"context"
	"testing"
	"time"

	"portico/internal/viewer"
)

// newCrowdedWorld is newWorld with objects in every state, lists of several pages,
// texts that are hard to encode and to compare, and more people who ask.
func newCrowdedWorld(t testing.TB, url string) *world {
	t.Helper()
	w := newWorld(t, url)
	w.runEveryMutation()
	w.produceCatalogue()
	w.producePeople()
	w.produceCredentials()
	w.produceSubscriptions()
	w.leaveBehind()
	w.crowd()
	w.welcome()
	return w
}

// crowd fills the lists of the developer: names that differ in case or accents
// alone, times that are equal and times that are not, and texts with escapes.
func (w *world) crowd() {
	for i, name := range []string{"Zebra", "zebra", "Ärger", "ärger", "Straße", `a "quoted" \ name`, "😀 and 漢字", "100 % _"} {
		if i%3 == 0 {
			w.Clock.Advance(time.Duration(i+1) * time.Millisecond)
		}
		app := w.make("developer", "createApp", arguments{
			"name": name, "description": "Two\nlines,\ta tab, \\ and <b>&amp;</b>",
			"labels": []arguments{{"key": "team", "value": `a "b"`}, {"key": "stage", "value": ""}},
		}, "app")
		for _, environment := range []string{"STAGING", "PRODUCTION"}[:1+i%2] {
			w.make("developer", "generateKey", arguments{"appId": app, "environment": environment, "name": name, "labels": []arguments{{"key": "team", "value": name}, {"key": "stage", "value": ""}}, "accessControlList": []string{w.ids["product"]}}, "credential")
		}
		w.make("developer", "register", arguments{"appId": app, "productId": w.ids["product"]}, "productSubscription")
	}
	for _, m := range []string{"POST", "PUT", "DELETE"} {
		w.endpointOf(w.ids["product"], m)
	}
	for _, per := range []string{"APP", "ACCOUNT"} {
		w.make("admin", "createPlan", arguments{"productId": w.ids["product"], "name": per, "quotaPer": per, "quota": arguments{"limit": 10, "per": "DAY"}}, "plan")
	}
	for _, name := range []string{"Äcme", "acme", "ACME"} {
		w.make("admin", "createAccount", arguments{"name": name, "profile": arguments{"customFields": []arguments{{"key": "n", "value": name}}}}, "account")
	}
	for range 2 { // so that there is history
		w.make("admin", "unregister", arguments{"subscriptionId": w.ids["waiting"]}, "productSubscription")
		w.ids["waiting"] = w.make("developer", "register", arguments{"appId": w.ids["app"], "productId": w.ids["product"], "planId": w.ids["plan of the product"]}, "productSubscription")
	}
	list := []string{w.ids["product"], w.ids["private product"], w.freshProduct(), w.freshProduct()}
	for i := range list {
		w.make("admin", "generateKey", arguments{"appId": w.ids["app"], "access": "LISTED", "accessControlList": list[i:]}, "credential")
	}
	w.mustSucceed("admin", "updateOrganization", arguments{"longestKeyLife": arguments{"development": 3650, "staging": 30, "production": 3650}}, "organization { version }")
	w.disabled(w.make("developer", "generateKey", arguments{"accountId": w.ids["account"], "expiresAt": w.Clock.Now().Add(time.Second).Format(time.RFC3339)}, "credential"))
	w.Clock.Advance(2 * time.Second) // nobody has recorded that it has expired
}

// leaveBehind deletes an app with a suspended subscription, which stays in force.
func (w *world) leaveBehind() {
	id := w.suspended()
	a := w.askAs("admin", `query($id: ID!) { node(id: $id) { ... on ProductSubscription { app { id } } } }`, map[string]any{"id": id})
	app, _ := dig(a.Data, "node.app.id")
	w.mustSucceed("admin", "deleteApp", arguments{"appId": app}, "deletedAppId")
}

// welcome adds people who ask: a developer whose account is suspended, and one
// without an account.
func (w *world) welcome() {
	enter := func(who string, ctx context.Context) {
		w.people[who], w.tokens[who] = viewer.Current(ctx), w.token(w.t, ctx)
	}
	for _, who := range []string{"suspended", "former"} {
		account := w.MustAccount(w.t, w.one.Admin, who)
		enter(who, w.MustDeveloper(w.t, w.one.Admin, account))
		w.make(who, "createApp", arguments{"name": "The app of " + who}, "app")
		if who == "suspended" {
			w.make("admin", "suspendAccount", arguments{"accountId": account.GlobalID()}, "account")
		} else {
			w.mustSucceed("admin", "deleteAccount", arguments{"accountId": account.GlobalID()}, "deletedAccountId")
		}
	}
}
