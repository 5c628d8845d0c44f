package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
)

// produceEverything produces every value that the story can.
func (w *world) produceEverything() {
	w.runEveryMutation()
	w.produceCatalogue()
	w.producePeople()
	w.produceCredentials()
	w.produceSubscriptions()
	w.produceVerdicts()
	w.produceUserErrors()
	w.produceErrors()
	for _, n := range allNouns() {
		if n.produce != nil {
			n.produce(w)
		}
	}
	w.askForAll()
	require.NoError(w.t, w.Database.Close())
	require.Contains(w.t, w.askAs("admin", "{ viewer { role } }", nil).raw, `"reason":"DATABASE"`)
}

// values returns those of an enum.
func (w *world) values(enum string) []string {
	var out []string
	for _, v := range w.observed.whole.Types[enum].EnumValues {
		out = append(out, v.Name)
	}
	return out
}

// runEveryMutation runs every mutation once.
func (w *world) runEveryMutation() {
	all := plays()
	for _, section := range slices.Sorted(maps.Keys(all)) {
		p := all[section]
		owner, name, _ := strings.Cut(section, ".")
		if owner != "Mutation" {
			continue
		}
		who := "admin"
		if name == "changePassword" || forDevelopers(w.observed.whole.Mutation.Fields.ForName(name)) {
			who = "developer"
		}
		if name == "actAs" {
			who = "users:act-as"
		}
		token := w.tokens[who]
		in := p.input(w, who)
		if p.enter != nil {
			token, _ = p.enter(w, who)
		}
		a := w.ask(w.t, token, mutation(name, "userErrors { code }"), map[string]any{"input": in})
		require.Empty(w.t, a.Errors, "%s: %s", name, a.raw)
	}
}

func (w *world) produceCatalogue() {
	for _, v := range w.values("PortalUnregister") {
		w.mustSucceed("admin", "updateOrganization", arguments{"portalUnregister": v}, "organization { portalUnregister }")
	}
	for _, v := range w.values("ProductionKeys") {
		w.mustSucceed("admin", "updateOrganization", arguments{"productionKeys": v}, "organization { productionKeys }")
	}
	w.make("admin", "updateOrganization", arguments{"portalUnregister": "WITHDRAW_ONLY", "productionKeys": "MEMBERS"}, "organization")
	product := w.freshProduct()
	w.mustSucceed("admin", "createProduct", arguments{"name": w.name("product"), "status": "DRAFT"}, "product { status }")
	for _, kind := range w.values("PlanKind") {
		in := arguments{"productId": product, "name": w.name("plan"), "kind": kind, "approval": "AUTO"}
		switch kind {
		case "METERED", "TIERED":
			in["price"] = arguments{"amount": "0.10", "unit": 100}
		case "SUBSCRIPTION":
			in["price"] = arguments{"amount": "9.90"}
		}
		w.mustSucceed("admin", "createPlan", in, "plan { kind approval }")
	}
	for _, per := range w.values("RatePeriod") {
		w.mustSucceed("admin", "createPlan", arguments{"productId": product, "name": w.name("plan"), "rateLimit": arguments{"limit": 1, "per": per}}, "plan { rateLimit { per } }")
	}
	for _, per := range w.values("QuotaPeriod") {
		w.mustSucceed("admin", "createPlan", arguments{"productId": product, "name": w.name("plan"), "quota": arguments{"limit": 1, "per": per}}, "plan { quota { per } }")
	}
	for _, per := range w.values("QuotaPer") {
		w.mustSucceed("admin", "createPlan", arguments{"productId": product, "name": w.name("plan"), "quota": arguments{"limit": 1, "per": "DAY"}, "quotaPer": per}, "plan { quotaPer }")
	}
	for _, o := range w.values("Overage") {
		w.mustSucceed("admin", "createPlan", arguments{"productId": product, "name": w.name("plan"), "quota": arguments{"limit": 1, "per": "DAY"}, "overage": o}, "plan { overage }")
	}
	for _, a := range w.values("Approval") {
		w.mustSucceed("admin", "updateProduct", arguments{"productId": product, "approval": a}, "product { approval }")
	}
	for _, a := range w.values("AuthType") {
		w.mustSucceed("admin", "updateProduct", arguments{"productId": product, "authTypes": []string{a}}, "product { authTypes }")
	}
	w.freshEnding()
	for _, s := range w.values("ProductStatus")[1:] { // a DRAFT is made, and never again
		w.mustSucceed("admin", "updateProduct", arguments{"productId": product, "status": s}, "product { status }")
	}
}

func (w *world) producePeople() {
	for _, role := range w.values("UserRole") {
		in := newUser(w, "")
		if in["role"] = role; role != "PORTAL" {
			delete(in, "accountId")
		}
		w.mustSucceed("admin", "createUser", in, "user { role status }")
	}
	w.mustAsk(approver, "{ viewer { role } }", "")
	for _, theme := range w.values("Theme") {
		w.mustSucceed("admin", "updateUser", arguments{"userId": w.freshUser(), "theme": theme}, "user { theme }")
	}
	account := w.freshAccount()
	for _, role := range w.values("MembershipRole") {
		in := newUser(w, "")
		in["accountId"], in["membershipRole"] = account, role
		w.make("admin", "createUser", in, "user")
	}
	w.mustAsk("admin", `query($id: ID!) { account(id: $id) { status members { nodes { role } } } }`, account)
	w.mustSucceed("admin", "disableUser", arguments{"userId": w.freshUser()}, "user { status }")
	w.mustSucceed("admin", "deleteUser", arguments{"userId": w.freshUser()}, "deletedUserId")
	w.mustSucceed("admin", "suspendAccount", arguments{"accountId": account}, "account { status }")

	token, person := w.freshPerson("developer")
	a := w.ask(w.t, token, mutation("changePassword", "userErrors { code }"), map[string]any{"input": arguments{"currentPassword": portaltest.Password, "newPassword": "another battery, and a staple"}})
	require.Contains(w.t, a.raw, `"userErrors":[]`)
	u, err := w.Client.User.Get(portaltest.System(w.t), person.UserID)
	require.NoError(w.t, err)
	_, err = w.Portal.Identity.ResetPassword(w.t.Context(), "one", u.EmailFolded, portaltest.Password)
	require.NoError(w.t, err)
	_, err = w.Portal.Identity.PrintPasswordReset(w.t.Context(), "one", u.EmailFolded)
	require.NoError(w.t, err)
	_, err = w.Portal.Identity.CreateGateway(w.t.Context(), identity.NewGateway{Organization: "one", Name: "edge-2", Hash: []byte("two")})
	require.NoError(w.t, err)
	_, err = w.Portal.Identity.RevokeGateway(w.t.Context(), "one", "edge-2")
	require.NoError(w.t, err)
}

func (w *world) produceCredentials() {
	for _, v := range w.values("Environment") {
		w.mustSucceed("developer", "generateKey", arguments{"appId": w.ids["app"], "environment": v}, "credential { environment }")
	}
	for _, v := range w.values("Access") {
		w.mustSucceed("developer", "generateKey", arguments{"appId": w.ids["app"], "access": v}, "credential { access }")
	}
	for _, v := range w.values("RevocationReason") {
		if v != "APP_DELETED" {
			w.mustSucceed("developer", "revokeKey", arguments{"credentialId": w.freshKey(), "reason": v}, "credential { revokedReason }")
		}
	}
	app := w.deletedApp()
	w.mustSucceed("admin", "restoreApp", arguments{"appId": app}, "app { credentials { nodes { status revokedReason } } }")
	w.mustSucceed("admin", "disableKey", arguments{"credentialId": w.freshKey()}, "credential { status disabledBy }")
	w.mustSucceed("developer", "disableKey", arguments{"credentialId": w.freshKey()}, "credential { disabledBy }")
	key := w.make("developer", "generateKey", arguments{"appId": w.ids["app"], "environment": "PRODUCTION"}, "credential")
	w.disabled(key)
	w.mustSucceed("admin", "updateOrganization", arguments{"productionKeys": "OWNERS_ONLY"}, "organization { productionKeys }")
	w.mustAsk("portal:write", `query($id: ID!) { node(id: $id) { ... on Credential { viewerCan { enable { code } } } } }`, key)
	w.mustSucceed("admin", "updateOrganization", arguments{"productionKeys": "MEMBERS"}, "organization { productionKeys }")
	w.ids["expired key"] = w.make("developer", "generateKey", arguments{"appId": w.ids["app"], "expiresAt": w.Clock.Now().Add(time.Second).Format(time.RFC3339)}, "credential")
	w.make("developer", "generateKey", arguments{"appId": w.ids["app"], "expiresAt": w.Clock.Now().Add(24*time.Hour + 2*time.Second).Format(time.RFC3339)}, "credential")
	used := w.make("developer", "rotateKey", arguments{"credentialId": w.freshKey(), "overlapMinutes": 10}, "predecessor")
	w.Clock.Advance(2 * time.Second)
	w.use(used)
	_, err := w.Portal.Maintenance.RecordExpiries(portaltest.System(w.t))
	require.NoError(w.t, err)
	_, err = w.Portal.Maintenance.RecordNotices(portaltest.System(w.t))
	require.NoError(w.t, err)
	for _, who := range []string{"admin", "developer"} {
		w.mustAsk(who, `query($id: ID!) { node(id: $id) { ... on Credential { status viewerCan { enable { code } } } } }`, w.ids["expired key"])
	}
}

func (w *world) produceSubscriptions() {
	const about = `query($id: ID!) { node(id: $id) { ... on ProductSubscription { status badgeColor allowedTransitions pendingChange { status when } } } }`
	scheduled, product := w.changeable()
	w.make("developer", "changePlan", arguments{"subscriptionId": scheduled, "planId": w.planOf(product, "AUTO"), "when": "PERIOD_END"}, "productSubscription")
	for _, status := range w.values("PlanChangeStatus") {
		w.mustAsk("admin", `{ productSubscriptions(where: {planChange: [`+status+`]}) { totalCount } }`, "")
	}
	for _, id := range []string{w.waiting(), w.approved(), w.suspended(), w.planRequested(), scheduled,
		w.make("admin", "rejectSubscription", arguments{"subscriptionId": w.waiting(), "reason": "No."}, "productSubscription"),
		w.make("admin", "unregister", arguments{"subscriptionId": w.approved()}, "productSubscription"),
	} {
		w.mustAsk("admin", about, id)
		w.mustAsk("developer", about, id)
	}
}

func (w *world) produceVerdicts() {
	is := func(code, key string, more arguments) {
		w.t.Helper()
		more["credentialId"] = key
		a := w.askAs("admin", `query($input: ExplainAccessInput!) { explainAccess(input: $input) { code } }`, map[string]any{"input": more})
		require.Contains(w.t, a.raw, fmt.Sprintf(`{"code":%q}`, code))
	}
	app, private := w.make("developer", "createApp", arguments{"name": "Caller"}, "app"), w.productName("private product")
	credentialID := w.make("developer", "generateKey", arguments{"appId": app}, "credential")
	is("VALID", credentialID, arguments{})
	is("DISABLED", w.disabledKey(), arguments{})
	is("EXPIRED", w.ids["expired key"], arguments{})
	is("REVOKED", w.ids["revoked key"], arguments{})
	is("WRONG_ENVIRONMENT", credentialID, arguments{"environment": "PRODUCTION"})
	is("IP_NOT_ALLOWED", w.ids["key"], arguments{"address": "198.51.100.1"})
	is("NOT_SUBSCRIBED", credentialID, arguments{"product": private})
	is("ENDPOINT_NOT_ALLOWED", w.make("developer", "generateKey", arguments{"appId": w.ids["app"]}, "credential"), arguments{"product": private, "method": "GET", "path": "/others"})

	other := w.productName("product")
	subscription := w.make("developer", "register", arguments{"appId": app, "productId": w.ids["product"]}, "productSubscription")
	is("WAITING", credentialID, arguments{"product": other})
	w.make("admin", "approveSubscription", arguments{"subscriptionId": subscription}, "productSubscription")
	listed := w.make("developer", "generateKey", arguments{"appId": app, "access": "LISTED"}, "credential")
	is("NOT_IN_ACCESS_LIST", listed, arguments{"product": other})
	w.approved() // of another app of the account
	is("AMBIGUOUS_APP", w.freshAccountKey(), arguments{"product": other})
	w.used(w.t, w.one.Organization.ID, limits.ByApp(idOf(app), idOf(w.ids["product"])), 1000)
	is("QUOTA_EXCEEDED", credentialID, arguments{"product": other})
	w.make("admin", "suspendSubscription", arguments{"subscriptionId": subscription}, "productSubscription")
	is("SUSPENDED", credentialID, arguments{"product": other})
	w.make("admin", "suspendAccount", arguments{"accountId": w.ids["account"]}, "account")
	is("ACCOUNT_SUSPENDED", credentialID, arguments{})
	require.Contains(w.t, w.askAs("developer", `{ viewer { account { viewerCan { createApp { code } update { code } } } } }`, nil).raw, `{"code":"ACCOUNT_SUSPENDED"}`)
	require.Contains(w.t, w.askAs("developer", `{ apps { totalCount } }`, nil).raw, `"reason":"ACCOUNT_SUSPENDED"`)
	w.make("admin", "resumeAccount", arguments{"accountId": w.ids["account"]}, "account")
	for _, interval := range w.values("UsageInterval") {
		a := w.askAs("developer", `query($i: UsageInterval!) { usage(where: {from: "2026-03-01T00:00:00Z", to: "2026-03-01T03:00:00Z", timeZone: "UTC"}, interval: $i) { total } }`, map[string]any{"i": interval})
		require.Empty(w.t, a.Errors, a.raw)
	}
}

// askForAll sends every value of the conditions and orders of lists.
func (w *world) askForAll() {
	whole := w.observed.whole
	for owner, around := range map[string]string{"Query": "{ %s }", "App": `{ app(id: "` + w.ids["app"] + `") { %s } }`} {
		for _, f := range whole.Types[owner].Fields {
			if f.Arguments.ForName("first") == nil { // it counts, and lists nothing
				continue
			}
			for _, a := range f.Arguments {
				if a.Name != "where" && a.Name != "orderBy" {
					continue
				}
				for _, path := range enumsIn(whole, a.Type, nil) {
					for _, v := range w.values(path.enum) {
						list := fmt.Sprintf("%s(%s: %s, first: 100) { nodes { __typename } }", f.Name, a.Name, literal(whole, a.Type, filled(w, whole, a.Type, path.fields, v)))
						if path.enum == "EventType" {
							list = strings.Replace(list, "__typename", "type actor { role }", 1)
						}
						a := w.askAs("admin", fmt.Sprintf(around, list), nil)
						require.Empty(w.t, a.Errors, "%s: %s", list, a.raw)
					}
				}
			}
		}
	}
}

// mustSucceed runs a mutation that must succeed.
func (w *world) mustSucceed(who, name string, in arguments, selection string) {
	w.t.Helper()
	a := w.askAs(who, mutation(name, selection+" userErrors { code }"), map[string]any{"input": in})
	require.Empty(w.t, a.Errors, "%s: %s", name, a.raw)
	require.Contains(w.t, a.raw, `"userErrors":[]`, name)
}

// mustAsk sends a document with $id, which must succeed.
func (w *world) mustAsk(who, document string, id any) {
	w.t.Helper()
	a := w.askAs(who, document, map[string]any{"id": id})
	require.Empty(w.t, a.Errors, a.raw)
}
