package graph_test

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/auth"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
)

func (w *world) produceUserErrors() {
	no := func(code, who, name string, in arguments) {
		a := w.askAs(who, mutation(name, "userErrors { code }"), map[string]any{"input": in})
		require.Contains(w.t, a.raw, fmt.Sprintf(`"userErrors":[{"code":%q}`, code), name)
	}
	key := func(code string, more arguments) {
		more["appId"] = w.ids["app"]
		no(code, "developer", "generateKey", more)
	}
	key("TOO_LONG", arguments{"name": strings.Repeat("x", 256)})
	key("INVALID_CHARACTERS", arguments{"name": "a\u0000b"})
	key("MUST_BE_FUTURE", arguments{"expiresAt": "2020-01-01T00:00:00Z"})
	key("TOO_FAR", arguments{"expiresAt": "2090-01-01T00:00:00Z"})
	var labels []arguments
	for i := range 51 {
		labels = append(labels, arguments{"key": fmt.Sprint(i), "value": "x"})
	}
	no("TOO_MANY", "developer", "createApp", arguments{"name": "x", "labels": labels})
	no("INVALID", "admin", "createProduct", arguments{"name": "Not a slug"})
	no("REQUIRED", "admin", "createProduct", arguments{"name": "theirs", "authTypes": []string{}})
	no("NOT_ALLOWED", "admin", "disableUser", arguments{"userId": w.ids["staff"]})
	no("LAST_OWNER", "other", "removeMember", arguments{"membershipId": w.ids["other's membership"]})
	no("WRONG_PASSWORD", "developer", "changePassword", arguments{"currentPassword": "no, another one", "newPassword": "another battery, and a staple"})
	w.withApp("developer", true)
	no("WRONG_CODE", "developer", "completeSignIn", arguments{"challenge": w.begin().Token, "code": "wrong"})
	no("INVALID_LINK", "anonymous", "resetPassword", arguments{"token": "ppr_x", "newPassword": "another battery, and a staple"})
	no("INVALID_LINK", "anonymous", "acceptInvitation", arguments{"token": "pit_x"})
	no("WEAK_PASSWORD", "developer", "changePassword", arguments{"currentPassword": portaltest.Password, "newPassword": "password1234"})
	no("ALREADY_REGISTERED", "developer", "register", arguments{"appId": w.ids["app"], "productId": w.ids["product"]})
	no("UNKNOWN_REFERENCE", "developer", "register", arguments{"appId": w.ids["app"], "productId": w.ids["foreign product"]})
	no("KEY_REVOKED", "developer", "updateKey", arguments{"credentialId": w.ids["revoked key"], "name": "x"})
	no("KEY_EXPIRED", "developer", "updateKey", arguments{"credentialId": w.ids["expired key"], "name": "x"})
	no("WRONG_STATUS", "admin", "approveSubscription", arguments{"subscriptionId": w.approved()})
	taken := w.name("product")
	w.make("admin", "createProduct", arguments{"name": taken}, "product")
	no("TAKEN", "admin", "createProduct", arguments{"name": taken})
	no("NOT_AVAILABLE", "admin", "register", arguments{"appId": w.ids["app"], "productId": w.ids["draft product"]})
}

func (w *world) produceErrors() {
	fails := func(reason, token, document string, in arguments) {
		w.t.Helper()
		a := w.ask(w.t, token, document, map[string]any{"input": in})
		require.Contains(w.t, a.raw, fmt.Sprintf(`"reason":%q`, reason))
	}
	admin, developer := w.tokens["admin"], w.tokens["developer"]
	created := mutation("createApp", "app { id }")
	fails("NOT_SIGNED_IN", "", created, arguments{"name": "x"})
	fails("SESSION_EXPIRED", developer[:len(developer)-4]+"AAAA", `{ viewer { role } }`, nil)
	fails("INVALID_TOKEN", "pgw_x", `{ viewer { role } }`, nil)
	fails("ROLE", w.tokens["gateway"], created, arguments{"name": "x"})
	fails("POLICY", developer, mutation("unregister", "userErrors { code }"), arguments{"subscriptionId": w.approved()})
	fails("STALE_VERSION", admin, mutation("updateProduct", "product { id }"), arguments{"productId": w.ids["product"], "version": 1, "title": "x"})
	fails("UNKNOWN_OBJECT", admin, mutation("updateProduct", "product { id }"), arguments{"productId": madeUp(w.ids["product"]), "title": "x"})
	w.make("developer", "createApp", arguments{"name": "x", "idempotencyKey": "one"}, "app")
	fails("IDEMPOTENCY_KEY_REUSED", developer, created, arguments{"name": "y", "idempotencyKey": "one"})
	fails("INVALID_VALUE", developer, created, arguments{"name": []int{7}})
	fails("MALFORMED_REQUEST", admin, "", nil)
	fails("INVALID_DOCUMENT", admin, "{ nothing", nil)
	fails("UNKNOWN_OPERATION", admin, "query A { __typename } query B { __typename }", nil)
	fails("INVALID_ARGUMENT", admin, "{ apps(first: 1000) { totalCount } }", nil)
	fails("INVALID_CURSOR", admin, `{ apps(after: "x") { totalCount } }`, nil)
	fails("DOCUMENT_SIZE", admin, "{ __typename } #"+strings.Repeat("x", 70_000), nil)
	fails("DEPTH", admin, strings.Repeat("{ a ", 25)+strings.Repeat("}", 25), nil)
	fails("COST", admin, `{ apps(first: 100) { nodes { credentials(first: 100) { nodes { id name status environment access } } } } }`, nil)
	fails("REQUEST_SIZE", admin, created, arguments{"name": strings.Repeat("x", 300_000)})

	signing := mutation("signUp", "userErrors { code }")
	for range 5 {
		require.Empty(w.t, w.ask(w.t, "", signing, map[string]any{"input": arguments{"organization": "one", "email": "signer@one.example", "name": "x"}}).Errors)
	}
	fails("SIGN_UPS", "", signing, arguments{"organization": "one", "email": "signer@one.example", "name": "x"})
	invited := arguments{"accountId": w.ids["account"], "email": "often@one.example"}
	for range identity.MaxInvitationsOfAddress {
		w.make("developer", "inviteMember", invited, "invitation")
	}
	fails("INVITATIONS", developer, mutation("inviteMember", "invitation { id }"), invited)

	other := w.freshAccount()
	in := newUser(w, "")
	in["accountId"] = other
	user := w.make("admin", "createUser", in, "user")
	u, err := w.Client.User.Get(portaltest.System(w.t), idOf(user))
	require.NoError(w.t, err)
	theirs := w.token(w.t, w.Enter(w.t, u))
	w.mustSucceed("admin", "deleteAccount", arguments{"accountId": other}, "deletedAccountId")
	fails("NOT_A_MEMBER", theirs, created, arguments{"name": "x"})
	wrong := arguments{"email": in["email"], "password": "no, another one"}
	for range 10 {
		fails("WRONG_CREDENTIALS", "", mutation("signIn", "accessToken"), wrong)
	}
	fails("SIGN_IN_FAILURES", "", mutation("signIn", "accessToken"), wrong)
	fails("CHALLENGE_EXPIRED", "", mutation("completeSignIn", "accessToken"), arguments{"challenge": "pch_x", "code": "1"})
	forgotten := mutation("requestPasswordReset", "userErrors { code }")
	for range 3 {
		require.Empty(w.t, w.ask(w.t, "", forgotten, map[string]any{"input": arguments{"email": in["email"]}}).Errors)
	}
	fails("RESET_REQUESTS", "", forgotten, arguments{"email": in["email"]})
	reporting, found := mutation("reportLeakedKey", "userErrors { code }"), arguments{"key": uuid.NewString()}
	for range auth.LeakClientReports {
		w.ask(w.t, "", reporting, map[string]any{"input": found})
	}
	fails("LEAK_REPORTS", "", reporting, found)
}
